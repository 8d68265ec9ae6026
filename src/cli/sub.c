/* sub.c - `mogi sub`. */
#include "base/rng.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/debug.h"
#include "cli/interrupt.h"
#include "cli/meter.h"
#include "cli/output.h"
#include "cli/trouble.h"
#include "cli/visit.h"
#include "cli/watch.h"
#include "client/clock.h"
#include "wire/reason.h"
#include "wire/topic.h"

#include <stdlib.h>
#include <time.h>

enum { CLOSE_TIMEOUT_MS = 5000 };

struct sub {
    struct arguments arguments;
    struct debug debug;
    struct mogi_client *client;
    struct mogi_filter *filters;
    struct rng rng;
    struct watch watch; /* -w */
    struct meter meter; /* --message-rate */
    uint64_t end_ms;    /* of -W; 0: none */
    long printed;
    size_t removing; /* --remove-retained: not acknowledged yet */
    bool finishing;  /* nothing more is printed */
    bool done;
    bool welcome;     /* the broker has accepted us once */
    bool told;        /* ... or we have said why not */
    uint8_t farewell; /* the reason to disconnect with */
    int status;
};

static bool sub_init(struct sub *s)
{
    struct arguments *a = &s->arguments;
    if (a->debug) debug_follow(&s->debug, stdout, &a->client);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    rng_init(&s->rng, (uint64_t)now.tv_nsec);
    s->client = mogi_client_new(&a->client);
    s->filters = calloc(a->topics.count + 1, sizeof *s->filters);
    if (s->client == NULL || s->filters == NULL) {
        trouble_print(a, "Error: Out of memory.\n");
        return false;
    }
    for (size_t i = 0; i < a->topics.count; i++) {
        s->filters[i] =
            (struct mogi_filter){.filter = mogi_text(a->topics.items[i]),
                                 .qos = (uint8_t)a->qos,
                                 .retain_as_published = a->retain_as_published,
                                 .retain_handling = a->retain_handling};
    }
    return true;
}

static void sub_fini(struct sub *s)
{
    mogi_client_free(s->client);
    free(s->filters);
    watch_fini(&s->watch);
    arguments_fini(&s->arguments);
}

static void sub_end(struct sub *s, int status)
{
    s->done = true;
    s->status = status;
}

static void subscriptions_send(struct sub *s)
{
    struct arguments *a = &s->arguments;
    enum mogi_error e = MOGI_OK;
    if (a->topics.count > 0) {
        e = mogi_client_subscribe(s->client, s->filters, a->topics.count,
                                  arguments_region_bytes(a, REGION_SUBSCRIBE),
                                  NULL);
    }
    for (size_t i = 0; i < a->unsubscribes.count && e == MOGI_OK; i++) {
        struct mogi_bytes filter = mogi_text(a->unsubscribes.items[i]);
        e = mogi_client_unsubscribe(
            s->client, &filter, 1,
            arguments_region_bytes(a, REGION_UNSUBSCRIBE), NULL);
    }
    if (e == MOGI_OK) return;
    trouble_print(a, "Error: Cannot subscribe: %s.\n", mogi_error_text(e));
    sub_end(s, STATUS_ARGUMENT);
}

static void subscribed(struct sub *s, const struct mogi_event *event)
{
    const struct arguments *a = &s->arguments;
    bool print = a->debug && !a->quiet;
    bool allowed = false;
    if (print) (void)printf("Subscribed (mid: %u): ", event->packet_id);
    for (size_t i = 0; i < event->reasons.size; i++) {
        unsigned code = event->reasons.data[i];
        if (code < REASON_FAILURE) allowed = true;
        if (print) (void)printf(i == 0 ? "%u" : ", %u", code);
    }
    if (print) (void)putchar('\n');
    if (!allowed) {
        trouble_print(a, "All subscription requests were denied.\n");
        s->done = true;
    }
    if (a->exit_after_subscribe) s->done = true;
}

static bool filtered_out(const struct arguments *a,
                         const struct mogi_message *m)
{
    struct bytes topic = bytes_at(m->topic.data, m->topic.size);
    for (size_t i = 0; i < a->filters_out.count; i++) {
        if (topic_matches(bytes_of(a->filters_out.items[i]), topic)) {
            return true;
        }
    }
    return false;
}

/* --random-filter */
static bool chance_taken(struct sub *s)
{
    long parts = s->arguments.random_parts;
    return parts >= 1000 || rng_chance(&s->rng, (uint64_t)parts, 1000);
}

static void retained_remove(struct sub *s, const struct mogi_message *m)
{
    struct mogi_message empty = {.topic = m->topic, .qos = 1, .retain = true};
    enum mogi_error e = mogi_client_publish(s->client, &empty, NULL);
    if (e == MOGI_OK)
        s->removing += 1;
    else
        (void)trouble_publish(&s->arguments, e);
}

static void message_show(struct sub *s, const struct mogi_message *m)
{
    const struct arguments *a = &s->arguments;
    if (a->message_rate) {
        s->meter.count += 1;
        return;
    }
    if (a->watch) watch_go(&s->watch, stdout, m->topic);
    output_message(a, m);
    if (a->watch) watch_leave(&s->watch, stdout);
}

static void message_take(struct sub *s, const struct mogi_message *m)
{
    const struct arguments *a = &s->arguments;
    if (s->finishing) return;
    if (a->only_retained && !m->retain) {
        s->finishing = true;
        return;
    }
    if (a->no_retained && m->retain) return;
    if (filtered_out(a, m)) return;
    if (a->remove_retained && m->retain) retained_remove(s, m);
    if (chance_taken(s)) message_show(s, m);
    if (ferror(stdout) != 0) s->done = true;
    s->printed += 1;
    if (s->printed == a->message_count) s->finishing = true;
}

/* Later losses are mended without a word; whoever was never let in is told why,
 * once. A broker that refuses us for our certificate says so, in TLS 1.3, only
 * when we believe to be connected: then trying again changes nothing. */
static void lost(struct sub *s, const struct mogi_event *event)
{
    if (s->welcome || s->told) return;
    s->told = true;
    int status = trouble_lost(&s->arguments, s->client, event, false);
    if (event->error == MOGI_ERROR_TLS) sub_end(s, status);
}

static void event_take(struct sub *s, const struct mogi_event *event)
{
    switch (event->kind) {
    case MOGI_CONNECTED:
        s->welcome = true;
        subscriptions_send(s);
        break;
    case MOGI_REFUSED: sub_end(s, trouble_refused(&s->arguments, event)); break;
    case MOGI_SUBSCRIBED: subscribed(s, event); break;
    case MOGI_MESSAGE: message_take(s, &event->message); break;
    case MOGI_PUBLISHED:
        if (s->removing > 0) s->removing -= 1;
        break;
    case MOGI_LOST: lost(s, event); break;
    case MOGI_DISCONNECTED:
        (void)trouble_lost(&s->arguments, s->client, event, s->welcome);
        if (event->wait_ms == UINT32_MAX) sub_end(s, STATUS_LOST);
        break;
    default: break;
    }
    if (s->finishing && s->removing == 0) s->done = true;
}

static void end_check(struct sub *s)
{
    int status;
    if (s->done || !visit_is_over(&s->arguments, s->end_ms, &status)) return;
    s->farewell = REASON_DISCONNECT_WITH_WILL;
    sub_end(s, status == STATUS_OK ? s->status : status);
}

static void output_begin(struct sub *s)
{
    const struct arguments *a = &s->arguments;
    const struct mogi_client_options *o = &a->client;
    if (a->message_rate) {
        s->meter.begin_ms = clock_now_ms();
        return;
    }
    const char *named = o->unix_path != NULL ? o->unix_path : o->host;
    if (a->watch) watch_begin(stdout, named != NULL ? named : "localhost");
}

static void rate_tick(struct sub *s)
{
    if (!s->arguments.message_rate) return;
    meter_tick(&s->meter, clock_now_ms(), stdout);
}

/* Until -W ends it, or the next line of --message-rate is due. */
static int wait_ms(const struct sub *s)
{
    int end_ms = visit_wait_ms(s->end_ms);
    if (!s->arguments.message_rate) return end_ms;
    int rate_ms = meter_wait_ms(&s->meter, clock_now_ms());
    return end_ms < 0 || rate_ms < end_ms ? rate_ms : end_ms;
}

static void sub_run(struct sub *s)
{
    struct mogi_event event;
    s->end_ms = visit_end_ms(&s->arguments);
    output_begin(s);
    while (!s->done) {
        do {
            if (mogi_client_next(s->client, 0, &event) != MOGI_OK) {
                sub_end(s, s->status == 0 ? STATUS_LOST : s->status);
                return;
            }
            event_take(s, &event);
            rate_tick(s);
            end_check(s);
        } while (event.kind != MOGI_NOTHING && !s->done);
        if (fflush(stdout) != 0) s->done = true;
        if (!s->done) (void)interrupt_wait(s->client, false, wait_ms(s));
    }
}

int sub_main(int argc, char **argv)
{
    struct sub s = {.status = STATUS_OK};
    const struct arguments *a = &s.arguments;
    int status;
    if (visit_begin(&s.arguments, ARGUMENTS_SUB, argc, argv, &status) &&
        sub_init(&s) && visit_open(a, s.client, &status)) {
        sub_run(&s);
        status = visit_end(a, s.client, s.farewell, CLOSE_TIMEOUT_MS, s.status);
    }
    sub_fini(&s);
    return status;
}
