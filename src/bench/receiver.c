/* receiver.c - see receiver.h. */
#include "bench/receiver.h"

#include "bench/conn.h"
#include "bench/memory.h"

#include <stdlib.h>

/* The answers to PUBLISH by its QoS. */
static const uint8_t answers[4] = {0, PACKET_PUBACK << 4, PACKET_PUBREC << 4,
                                   0};

static uint32_t track_count(const struct bench_run *run)
{
    return run->plan->paired ? 1 : run->plan->sources;
}

void bench_receiver_init(struct bench_run *run, struct bench_conn *conn)
{
    if (run->plan->sources == 0) return;
    conn->tracks = bench_array(track_count(run), sizeof *conn->tracks);
}

void bench_receiver_fini(struct bench_run *run, struct bench_conn *conn)
{
    for (uint32_t i = 0; conn->tracks != NULL && i < track_count(run); i++) {
        bench_track_fini(&conn->tracks[i]);
    }
    free(conn->tracks);
    conn->tracks = NULL;
}

static void reply(struct bench_thread *thread, uint8_t first, uint16_t id)
{
    uint8_t *at = thread->replies + thread->reply_size;
    at[0] = first;
    at[1] = 2;
    at[2] = (uint8_t)(id >> 8);
    at[3] = (uint8_t)id;
    thread->reply_size += 4;
}

/* Note a message that any receiver might have got; false when one has it. The
 * numbers that one receiver gets of one source have holes, but rise. */
static bool once_see(struct bench_run *run, struct bench_conn *conn,
                     const struct bench_proof *proof)
{
    struct bench_flow *flow = &run->flows[proof->sender];
    uint64_t bit = UINT64_C(1) << (proof->number % 64);
    uint64_t old = atomic_fetch_or_explicit(&flow->seen[proof->number / 64],
                                            bit, memory_order_relaxed);
    if ((old & bit) != 0) {
        bench_count(conn->thread, BENCH_DUPLICATED, 1);
        return false;
    }
    struct bench_track *track = &conn->tracks[proof->sender];
    if (proof->number >= track->next) {
        track->next = proof->number + 1;
    } else if (!run->plan->unordered) {
        bench_count(conn->thread, BENCH_MISORDERED, 1);
    }
    return true;
}

static bool see(struct bench_run *run, struct bench_conn *conn,
                const struct bench_proof *proof)
{
    if (run->plan->once) return once_see(run, conn, proof);
    struct bench_track *track =
        &conn->tracks[run->plan->paired ? 0 : proof->sender];
    uint32_t misordered = track->misordered;
    bool fresh = bench_track_see(track, proof->number);
    if (!fresh) bench_count(conn->thread, BENCH_DUPLICATED, 1);
    if (track->misordered != misordered) {
        bench_count(conn->thread, BENCH_MISORDERED, 1);
    }
    return fresh;
}

/* Is it a message that this run sent, to this receiver? */
static bool ours(const struct bench_run *run, const struct bench_conn *conn,
                 const struct bench_proof *proof)
{
    if (proof->tag != run->tag) return false;
    if (run->plan->paired && proof->sender != conn->index) return false;
    if (proof->sender >= run->plan->sources) return false;
    uint32_t sent = atomic_load_explicit(&run->flows[proof->sender].sent,
                                         memory_order_relaxed);
    return proof->number < sent;
}

/* What arrived lets its sender go on. */
static void credit(struct bench_thread *thread, struct bench_flow *flow)
{
    _Atomic uint64_t *at = &flow->delivered[thread->index];
    uint64_t old = atomic_load_explicit(at, memory_order_relaxed);
    atomic_store_explicit(at, old + 1, memory_order_relaxed);
    struct bench_conn *sender = flow->sender;
    if (sender == NULL) return;
    if (sender->thread != thread) {
        thread->wakes |= UINT64_C(1) << sender->thread->index;
        return;
    }
    if (sender->sender->blocked) bench_conn_ready(sender);
}

static void deliver(struct bench_conn *conn, struct bytes payload)
{
    struct bench_thread *thread = conn->thread;
    struct bench_run *run = thread->run;
    struct bench_proof proof;
    if (run->plan->blind) {
        bench_count(thread, BENCH_DELIVERED, 1);
        return;
    }
    if (!bench_proof_read(payload, &proof) || !ours(run, conn, &proof)) {
        bench_count(thread, BENCH_FOREIGN, 1);
        return;
    }
    if (!see(run, conn, &proof)) return;
    bench_count(thread, BENCH_DELIVERED, 1);
    if (!run->plan->past && thread->now_ns > proof.time_ns) {
        bench_histogram_add(&thread->latency, thread->now_ns - proof.time_ns,
                            1);
    }
    credit(thread, &run->flows[proof.sender]);
}

void bench_receiver_take(struct bench_conn *conn, const struct bench_frame *f)
{
    if (f->type == PACKET_PUBREL) {
        reply(conn->thread, PACKET_PUBCOMP << 4, f->id);
        return;
    }
    if (f->qos > 0) reply(conn->thread, answers[f->qos], f->id);
    deliver(conn, f->payload);
}

static uint64_t unseen(const struct bench_run *run,
                       const struct bench_flow *flow)
{
    uint32_t sent = atomic_load(&flow->sent);
    uint64_t delivered = 0;
    for (uint32_t i = 0; i < run->thread_count; i++) {
        delivered += atomic_load(&flow->delivered[i]);
    }
    return sent > delivered ? sent - delivered : 0;
}

uint64_t bench_receivers_lost(const struct bench_run *run)
{
    const struct bench_plan *plan = run->plan;
    uint64_t lost = 0;
    if (plan->blind || plan->receivers == 0) return 0;
    for (uint32_t s = 0; plan->once && s < plan->sources; s++) {
        lost += unseen(run, &run->flows[s]);
    }
    for (uint32_t r = 0; !plan->once && r < plan->receivers; r++) {
        const struct bench_track *tracks = run->conns[r].tracks;
        for (uint32_t i = 0; tracks != NULL && i < track_count(run); i++) {
            uint32_t source = plan->paired ? r : i;
            lost += bench_track_lost(&tracks[i],
                                     atomic_load(&run->flows[source].sent));
        }
    }
    return lost;
}
