/* thread.c - see thread.h. */
#include "bench/thread.h"

#include "bench/conn.h"
#include "bench/memory.h"
#include "bench/receiver.h"
#include "bench/sender.h"

#include <stdlib.h>

enum {
    CONNECTING_MAX = 256, /* connections that wait for CONNACK at once */
    SLEEP_NS_MAX = 50000000,
};

bool bench_thread_init(struct bench_thread *thread)
{
    struct bench_run *run = thread->run;
    size_t packet = (size_t)run->options->size + 2048;
    thread->output_size = BENCH_OUTPUT_BYTES;
    if (thread->output_size < packet) thread->output_size = packet;
    thread->output = bench_array(1, thread->output_size);
    thread->input = bench_array(1, bench_input_size(run));
    thread->replies = bench_array(1, bench_input_size(run) + 4);
    thread->paced = bench_array(thread->conn_count, sizeof *thread->paced);
    thread->poll = bench_poll_new();
    for (uint32_t i = 0; i < thread->conn_count; i++) {
        struct bench_conn *conn = thread->conns[i];
        if (conn->sender != NULL) thread->paced[thread->paced_count++] = conn;
    }
    return thread->poll != NULL;
}

void bench_thread_fini(struct bench_thread *thread)
{
    bench_poll_free(thread->poll);
    free(thread->output);
    free(thread->input);
    free(thread->replies);
    free(thread->paced);
    free(thread->conns);
}

/* Begin connections: as many as the rate says, and not too many at once. */
static void connect_more(struct bench_thread *thread, uint64_t now_ns)
{
    const struct bench_run *run = thread->run;
    uint64_t settled = atomic_load(&thread->counters[BENCH_CONNECTED]) +
                       atomic_load(&thread->counters[BENCH_BROKEN]);
    uint64_t target = thread->conn_count;
    if (run->options->connect_rate > 0) {
        struct bench_schedule schedule = {
            run->phase_ns[BENCH_CONNECTING],
            UINT64_C(1000) * run->options->connect_rate / run->thread_count};
        uint64_t due = bench_schedule_due(&schedule, now_ns);
        if (target > due) target = due;
    }
    while (thread->begun < target && thread->begun < settled + CONNECTING_MAX) {
        bench_conn_begin(thread->conns[thread->begun]);
        thread->begun += 1;
    }
}

static void senders_ready(struct bench_thread *thread)
{
    for (uint32_t i = 0; i < thread->paced_count; i++) {
        bench_conn_ready(thread->paced[i]);
    }
}

/* The phase is a new one. */
static void phase_enter(struct bench_thread *thread, enum bench_phase phase)
{
    const struct bench_run *run = thread->run;
    thread->phase = phase;
    if (phase == BENCH_SUBSCRIBING) {
        for (uint32_t i = 0; i < thread->conn_count; i++) {
            if (thread->conns[i]->fd < 0) continue;
            bench_conn_subscribe(thread->conns[i]);
        }
    }
    if (phase == BENCH_SENDING && run->options->rate > 0 &&
        thread->paced_count > 0) {
        thread->schedule.start_ns = run->phase_ns[BENCH_SENDING];
        thread->schedule.rate_mhz = UINT64_C(1000) * run->options->rate *
                                    thread->paced_count / run->plan->sources;
    }
    senders_ready(thread);
}

/* Give the turns of the schedule that are due to the senders, one by one. */
static void pace(struct bench_thread *thread, uint64_t now_ns)
{
    if (thread->schedule.rate_mhz == 0 || thread->phase != BENCH_SENDING) {
        return;
    }
    uint64_t due = bench_schedule_due(&thread->schedule, now_ns);
    for (; thread->turns < due; thread->turns++) {
        struct bench_conn *conn =
            thread->paced[thread->turns % thread->paced_count];
        conn->sender->due += 1;
        bench_conn_ready(conn);
    }
}

/* Half of the keep alive has passed without it: say that we are there. */
static void ping(struct bench_thread *thread, uint64_t now_ns)
{
    uint64_t half_ns = (uint64_t)thread->run->options->keepalive_s * 500000000;
    if (half_ns == 0 || now_ns - thread->pinged_ns < half_ns) return;
    thread->pinged_ns = now_ns;
    for (uint32_t i = 0; i < thread->conn_count; i++) {
        struct bench_conn *conn = thread->conns[i];
        if (conn->connected && conn->fd >= 0) bench_conn_ping(conn);
    }
}

/* Pump those that are ready now; who becomes ready meanwhile comes next. */
static void pump(struct bench_thread *thread)
{
    struct bench_conn *conn = thread->ready_first;
    thread->ready_first = thread->ready_last = NULL;
    while (conn != NULL) {
        struct bench_conn *next = conn->next_ready;
        conn->ready = false;
        if (conn->sender != NULL) bench_sender_pump(conn);
        conn = next;
    }
}

/* Wake the threads whose senders wait for what arrived here. */
static void wake_others(struct bench_thread *thread)
{
    for (uint32_t i = 0; thread->wakes != 0; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if ((thread->wakes & bit) == 0) continue;
        thread->wakes &= ~bit;
        bench_poll_wake(thread->run->threads[i].poll);
    }
}

static uint64_t sleep_ns(const struct bench_thread *thread, uint64_t now_ns)
{
    if (thread->ready_first != NULL || thread->run->options->spin) return 0;
    if (thread->phase == BENCH_CONNECTING &&
        thread->run->options->connect_rate > 0) {
        return 1000000;
    }
    if (thread->schedule.rate_mhz == 0) return SLEEP_NS_MAX;
    uint64_t next_ns = bench_schedule_time(&thread->schedule, thread->turns);
    if (next_ns <= now_ns) return 0;
    uint64_t sleep = next_ns - now_ns;
    return sleep < SLEEP_NS_MAX ? sleep : SLEEP_NS_MAX;
}

static void turn(struct bench_thread *thread)
{
    struct bench_poll_event events[BENCH_POLL_EVENTS];
    uint64_t now_ns = bench_now_ns();
    bool woken;
    size_t count =
        bench_poll_wait(thread->poll, sleep_ns(thread, now_ns), events, &woken);
    for (size_t i = 0; i < count; i++) {
        struct bench_conn *conn = events[i].owner;
        if (events[i].writable) bench_conn_writable(conn);
        if (events[i].readable) bench_conn_readable(conn);
    }
    if (woken) senders_ready(thread);
    now_ns = bench_now_ns();
    if (thread->phase == BENCH_CONNECTING) connect_more(thread, now_ns);
    pace(thread, now_ns);
    ping(thread, now_ns);
    pump(thread);
    wake_others(thread);
}

void *bench_thread_main(void *context)
{
    struct bench_thread *thread = context;
    thread->pinged_ns = bench_now_ns();
    connect_more(thread, thread->pinged_ns);
    for (;;) {
        enum bench_phase phase =
            (enum bench_phase)atomic_load(&thread->run->phase);
        if (phase == BENCH_CLOSING) break;
        if (phase != thread->phase) phase_enter(thread, phase);
        turn(thread);
    }
    for (uint32_t i = 0; i < thread->conn_count; i++) {
        bench_conn_end(thread->conns[i]);
    }
    return NULL;
}
