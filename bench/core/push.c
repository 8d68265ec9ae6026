/* push.c - see push.h. */
#include "push.h"

#include "lane.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BOXES = 64 };

/* One who pushes, and takes away again what is in every second box. */
struct pusher {
    uint16_t index, threads;
    uint64_t targets;
    struct mails out[BOXES];
    uint64_t pushes, push_ns;
};

static struct mailbox boxes[BOXES];
static atomic_bool over;

static void on_wake(uv_async_t *async)
{
    (void)async;
}

static void pusher_push(struct pusher *pusher)
{
    static const struct post post = {.kind = POST_DONE};
    for (unsigned i = 0; i < BOXES; i++) {
        if ((pusher->targets >> i & 1) == 0) continue;
        mails_add_post(&pusher->out[i], &post, bytes_at(NULL, 0));
    }
    uint64_t before_ns = lane_clock_ns();
    (void)mailbox_push(boxes, pusher->out, pusher->targets, pusher->index);
    pusher->push_ns += lane_clock_ns() - before_ns;
    pusher->pushes++;
}

static void pusher_take(const struct pusher *pusher)
{
    for (unsigned i = pusher->index; i < BOXES; i += pusher->threads) {
        if (mailbox_is_empty(&boxes[i])) continue;
        struct mails in = {0};
        mailbox_take(&boxes[i], &in);
        mails_fini(&in);
        (void)mailbox_settle(&boxes[i]);
    }
}

static void *pusher_run(void *argument)
{
    struct pusher *pusher = argument;
    while (!atomic_load(&over)) {
        pusher_push(pusher);
        pusher_take(pusher);
    }
    return NULL;
}

static void push_row(uint16_t threads, unsigned count, unsigned seconds)
{
    pthread_t ids[2];
    struct pusher pushers[2] = {{0}};
    atomic_store(&over, false);
    for (uint16_t i = 0; i < threads; i++) {
        pushers[i].index = i;
        pushers[i].threads = threads;
        pushers[i].targets = ((uint64_t)1 << count) - 1;
        if (pthread_create(&ids[i], NULL, pusher_run, &pushers[i]) != 0)
            abort();
    }
    struct timespec wait = {.tv_sec = seconds};
    (void)nanosleep(&wait, NULL);
    atomic_store(&over, true);
    uint64_t pushes = 0, push_ns = 0;
    for (uint16_t i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
        pushes += pushers[i].pushes;
        push_ns += pushers[i].push_ns;
    }
    for (unsigned i = 0; i < BOXES; i++) {
        struct mails in = {0};
        mailbox_take(&boxes[i], &in);
        mails_fini(&in);
        (void)mailbox_settle(&boxes[i]);
    }
    (void)printf("| %u | %u | %.0f | %.1f |\n", threads, count,
                 (double)push_ns / (double)pushes,
                 (double)push_ns / (double)pushes / count);
    (void)fflush(stdout);
}

void push_bench(unsigned seconds)
{
    static const unsigned counts[] = {1, 3, 15, 63};
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0) abort();
    for (unsigned i = 0; i < BOXES; i++) {
        mailbox_init(&boxes[i], &loop, on_wake, NULL);
        mailbox_rouse(&boxes[i]);
    }
    (void)printf("| threads | mailboxes | ns a push | ns a mailbox |\n"
                 "| --: | --: | --: | --: |\n");
    for (uint16_t threads = 1; threads <= 2; threads++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            push_row(threads, counts[i], seconds);
    }
    for (unsigned i = 0; i < BOXES; i++)
        uv_close((uv_handle_t *)&boxes[i].wake, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < BOXES; i++)
        mailbox_fini(&boxes[i]);
    (void)uv_loop_close(&loop);
}
