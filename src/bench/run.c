/* run.c - see run.h. */
#include "bench/run.h"

#include "bench/conn.h"
#include "bench/memory.h"
#include "bench/receiver.h"
#include "bench/secure.h"
#include "bench/sender.h"
#include "bench/thread.h"

#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef void probe_fn(void *context, const struct bench_run *run,
                      enum bench_phase phase, bool within);

enum {
    TICK_NS = 4000000,    /* how often main looks */
    LINGER_NS = 30000000, /* for duplicates behind the last message */
};

uint64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_total(const struct bench_run *run, enum bench_counter counter)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < run->thread_count; i++) {
        sum += atomic_load_explicit(&run->threads[i].counters[counter],
                                    memory_order_relaxed);
    }
    return sum;
}

void bench_complain(struct bench_run *run, const char *what, const char *detail)
{
    if (atomic_exchange(&run->complained, true)) return;
    (void)fprintf(stderr, "mogi bench: %s%s%s\n", what,
                  detail != NULL ? ": " : "", detail != NULL ? detail : "");
}

uint64_t bench_run_arrived_ns(const struct bench_run *run)
{
    uint64_t last = run->phase_ns[BENCH_SENDING];
    for (uint32_t i = 0; i < run->thread_count; i++) {
        if (run->threads[i].arrived_ns > last) {
            last = run->threads[i].arrived_ns;
        }
    }
    return last;
}

static bool address_find(struct bench_run *run)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const struct bench_options *o = run->options;
    int error = getaddrinfo(o->host, o->port, &hints, &found);
    if (error != 0) {
        (void)fprintf(stderr, "mogi bench: %s:%s: %s\n", o->host, o->port,
                      gai_strerror(error));
        return false;
    }
    memcpy(&run->address, found->ai_addr, found->ai_addrlen);
    run->address_size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static void flows_init(struct bench_run *run)
{
    const struct bench_plan *plan = run->plan;
    size_t words =
        plan->messages_each > 0 ? plan->messages_each : BENCH_SEEN_MAX;
    words = words / 64 + 1;
    run->flows = bench_array(plan->sources, sizeof *run->flows);
    for (uint32_t i = 0; i < plan->sources; i++) {
        struct bench_flow *flow = &run->flows[i];
        flow->delivered = bench_array(run->thread_count, sizeof(uint64_t));
        if (plan->once) flow->seen = bench_array(words, sizeof(uint64_t));
        if (plan->past) atomic_store(&flow->sent, plan->messages_each);
    }
}

/* Receivers first, so that they are there when the first sender connects. */
static void conns_init(struct bench_run *run)
{
    const struct bench_plan *plan = run->plan;
    uint32_t senders = plan->past ? 0 : plan->sources;
    assert(run->thread_count > 0);
    run->conn_count = plan->receivers + senders;
    run->conns = bench_array(run->conn_count, sizeof *run->conns);
    for (uint32_t i = 0; i < run->thread_count; i++) {
        struct bench_thread *thread = &run->threads[i];
        thread->run = run;
        thread->index = i;
        thread->conns = bench_array(run->conn_count / run->thread_count + 2,
                                    sizeof *thread->conns);
    }
    for (uint32_t i = 0; i < run->conn_count; i++) {
        struct bench_conn *conn = &run->conns[i];
        bool sends = i >= plan->receivers;
        conn->fd = -1;
        conn->index = sends ? i - plan->receivers : i;
        conn->thread = &run->threads[conn->index % run->thread_count];
        conn->thread->conns[conn->thread->conn_count++] = conn;
        if (sends) conn->sender = bench_sender_new(run, conn);
        if (!sends) bench_receiver_init(run, conn);
    }
}

static bool threads_start(struct bench_run *run)
{
    run->phase_ns[BENCH_CONNECTING] = bench_now_ns();
    for (uint32_t i = 0; i < run->thread_count; i++) {
        if (!bench_thread_init(&run->threads[i])) {
            perror("mogi bench: epoll");
            return false;
        }
    }
    for (uint32_t i = 0; i < run->thread_count; i++) {
        struct bench_thread *thread = &run->threads[i];
        if (pthread_create(&thread->thread, NULL, bench_thread_main, thread)) {
            perror("mogi bench: thread");
            exit(1);
        }
    }
    return true;
}

static void threads_wake(const struct bench_run *run)
{
    for (uint32_t i = 0; i < run->thread_count; i++) {
        bench_poll_wake(run->threads[i].poll);
    }
}

static void phase_set(struct bench_run *run, enum bench_phase phase)
{
    run->phase_ns[phase] = bench_now_ns();
    atomic_store(&run->phase, phase);
    threads_wake(run);
}

static void doze(void)
{
    struct timespec tick = {0, TICK_NS};
    (void)nanosleep(&tick, NULL);
}

/* All that moves while things go well. */
static uint64_t progress_of(const struct bench_run *run)
{
    return bench_total(run, BENCH_CONNECTED) +
           bench_total(run, BENCH_FILTERED) + bench_total(run, BENCH_SENT) +
           bench_total(run, BENCH_ACKED) + bench_total(run, BENCH_DELIVERED) +
           bench_total(run, BENCH_FINISHED);
}

static bool connected(const struct bench_run *run)
{
    return bench_total(run, BENCH_CONNECTED) + bench_total(run, BENCH_BROKEN) >=
           run->conn_count;
}

static bool subscribed(const struct bench_run *run)
{
    return bench_total(run, BENCH_SUBSCRIBED) +
               bench_total(run, BENCH_BROKEN) >=
           run->conn_count;
}

/* Everything sent and acknowledged, everything arrived. */
static bool settled(const struct bench_run *run)
{
    const struct bench_plan *plan = run->plan;
    if (plan->sources == 0) return true;
    uint64_t broken = bench_total(run, BENCH_BROKEN);
    uint64_t senders = plan->past ? 0 : plan->sources;
    if (bench_total(run, BENCH_FINISHED) + broken < senders) return false;
    uint64_t sent = plan->past ? (uint64_t)plan->sources * plan->messages_each
                               : bench_total(run, BENCH_SENT);
    return bench_total(run, BENCH_DELIVERED) >= sent * run->fan;
}

/* Wait until done(run) or, for `timeout_ns`, nothing has moved. Half-way the
 * senders are told to forget what has not arrived. False after a timeout. */
static bool wait_for(struct bench_run *run,
                     bool (*done)(const struct bench_run *run), probe_fn *probe,
                     void *context)
{
    uint64_t timeout_ns = (uint64_t)run->options->timeout_s * 1000000000;
    uint64_t moved_ns = bench_now_ns();
    uint64_t before = progress_of(run);
    bool forgave = false;
    while (!done(run)) {
        doze();
        uint64_t now_ns = bench_now_ns();
        uint64_t after = progress_of(run);
        if (after != before) {
            moved_ns = now_ns;
            forgave = false;
        }
        before = after;
        if (now_ns - moved_ns > timeout_ns) return false;
        if (!forgave && now_ns - moved_ns > timeout_ns / 4) {
            forgave = true;
            atomic_fetch_add(&run->amnesty, 1);
            threads_wake(run);
        }
        probe(context, run, (enum bench_phase)atomic_load(&run->phase), true);
    }
    return true;
}

/* Let time pass. */
static void wait_until(struct bench_run *run, uint64_t until_ns,
                       probe_fn *probe, void *context)
{
    while (bench_now_ns() < until_ns) {
        doze();
        probe(context, run, (enum bench_phase)atomic_load(&run->phase), true);
    }
}

static void send_all(struct bench_run *run, probe_fn *probe, void *context)
{
    const struct bench_plan *plan = run->plan;
    phase_set(run, BENCH_SENDING);
    uint32_t time_s = plan->hold ? run->options->hold_s : plan->duration_s;
    if (time_s > 0) {
        uint64_t end_ns =
            run->phase_ns[BENCH_SENDING] + (uint64_t)time_s * 1000000000;
        wait_until(run, end_ns, probe, context);
        phase_set(run, BENCH_DRAINING);
    }
    (void)wait_for(run, settled, probe, context);
}

static void threads_end(struct bench_run *run)
{
    struct timespec linger = {0, LINGER_NS};
    if (run->plan->receivers > 0) (void)nanosleep(&linger, NULL);
    phase_set(run, BENCH_CLOSING);
    for (uint32_t i = 0; i < run->thread_count; i++) {
        (void)pthread_join(run->threads[i].thread, NULL);
    }
}

bool bench_run_play(struct bench_run *run, probe_fn *probe, void *context)
{
    run->thread_count = run->options->threads;
    run->fan = bench_plan_fan(run->plan);
    run->threads = bench_array(run->thread_count, sizeof *run->threads);
    if (!address_find(run) || !bench_secure_init(run)) return false;
    flows_init(run);
    conns_init(run);
    probe(context, run, BENCH_CONNECTING, false);
    if (!threads_start(run)) return false;
    bool good = wait_for(run, connected, probe, context) &&
                bench_total(run, BENCH_CONNECTED) > 0;
    probe(context, run, BENCH_SUBSCRIBING, false);
    if (good) {
        phase_set(run, BENCH_SUBSCRIBING);
        good = wait_for(run, subscribed, probe, context);
    }
    probe(context, run, BENCH_SENDING, false);
    if (good) send_all(run, probe, context);
    if (!good) bench_complain(run, "the broker does not answer", NULL);
    probe(context, run, BENCH_DRAINING, false);
    threads_end(run);
    probe(context, run, BENCH_CLOSING, false);
    return true;
}

void bench_run_fini(struct bench_run *run)
{
    for (uint32_t i = 0; i < run->conn_count; i++) {
        bench_receiver_fini(run, &run->conns[i]);
        bench_sender_free(run->conns[i].sender);
    }
    for (uint32_t i = 0; run->flows != NULL && i < run->plan->sources; i++) {
        free(run->flows[i].delivered);
        free(run->flows[i].seen);
    }
    for (uint32_t i = 0; i < run->thread_count; i++) {
        bench_thread_fini(&run->threads[i]);
    }
    bench_secure_fini(run);
    free(run->threads);
    free(run->conns);
    free(run->flows);
}
