/* sender.c - see sender.h. */
#include "bench/sender.h"

#include "bench/conn.h"
#include "bench/memory.h"

#include <stdlib.h>

enum { ID_WORDS = 65536 / 64, TOPIC_TEXT_SIZE = 1024 };

struct bench_sender *bench_sender_new(struct bench_run *run,
                                      struct bench_conn *conn)
{
    const struct bench_plan *plan = run->plan;
    struct bench_sender *sender = bench_array(1, sizeof *sender);
    char topic[TOPIC_TEXT_SIZE];
    size_t number_at =
        bench_pattern(plan->topic, conn->index, 0, topic, sizeof topic);
    bench_template_init(&sender->template, plan->options->protocol, topic,
                        number_at, plan->qos, plan->retain,
                        plan->empty ? 0 : plan->options->size);
    sender->flow = &run->flows[conn->index];
    sender->flow->sender = conn;
    sender->window = BENCH_INFLIGHT_MAX;
    if (plan->options->inflight > 0) sender->window = plan->options->inflight;
    if (plan->qos > 0) {
        sender->outstanding = bench_array(ID_WORDS, sizeof(uint64_t));
    }
    return sender;
}

void bench_sender_free(struct bench_sender *sender)
{
    if (sender == NULL) return;
    bench_template_fini(&sender->template);
    free(sender->outstanding);
    free(sender);
}

static uint64_t delivered_of(const struct bench_run *run,
                             const struct bench_flow *flow)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < run->thread_count; i++) {
        sum += atomic_load_explicit(&flow->delivered[i], memory_order_relaxed);
    }
    return sum;
}

/* How many more may be sent until those under way number options->inflight at
 * the receivers too. A schedule waits for nobody: then there is no such end. */
static uint64_t arrival_room(const struct bench_run *run,
                             struct bench_sender *sender, uint32_t sent)
{
    uint64_t window = run->options->inflight;
    if (run->fan == 0 || window == 0 || run->options->rate > 0) {
        return UINT64_MAX;
    }
    uint64_t arrived = delivered_of(run, sender->flow) + sender->forgiven;
    uint64_t wanted = (uint64_t)sent * run->fan;
    uint32_t amnesty =
        atomic_load_explicit(&run->amnesty, memory_order_relaxed);
    if (amnesty != sender->amnesty) {
        sender->amnesty = amnesty;
        if (wanted > arrived) sender->forgiven += wanted - arrived;
        arrived = wanted;
    }
    uint64_t under_way = wanted > arrived ? wanted - arrived : 0;
    uint64_t room = window * run->fan;
    return room > under_way ? (room - under_way) / run->fan : 0;
}

/* How many messages are left to send at all. */
static uint64_t left_of(const struct bench_run *run,
                        const struct bench_thread *thread, uint32_t sent)
{
    if (thread->phase != BENCH_SENDING) return 0;
    uint32_t each = run->plan->messages_each;
    if (each > 0) return each - sent;
    return (run->plan->once ? BENCH_SEEN_MAX : UINT32_MAX) - sent;
}

static uint64_t allowed(struct bench_conn *conn, uint32_t sent)
{
    struct bench_run *run = conn->thread->run;
    struct bench_sender *sender = conn->sender;
    uint64_t count = left_of(run, conn->thread, sent);
    uint64_t arrivals = arrival_room(run, sender, sent);
    if (count > arrivals) count = arrivals;
    if (run->options->rate > 0 && count > sender->due) count = sender->due;
    if (run->plan->qos > 0 && count > sender->window - sender->unacked) {
        count = sender->window - sender->unacked;
    }
    uint64_t batch = conn->thread->output_size / sender->template.size;
    return count < batch ? count : batch;
}

/* The time that a message is measured from: when it was due, or now. */
static uint64_t time_of(const struct bench_thread *thread,
                        const struct bench_conn *conn, uint32_t number,
                        uint64_t now_ns)
{
    if (thread->schedule.rate_mhz == 0) return now_ns;
    uint64_t first = conn->index / thread->run->thread_count;
    uint64_t turn = (uint64_t)number * thread->paced_count + first;
    return bench_schedule_time(&thread->schedule, turn);
}

static uint16_t id_take(struct bench_sender *sender)
{
    if (sender->outstanding == NULL) return 0;
    do {
        sender->last_id = (uint16_t)(sender->last_id + 1);
    } while (
        sender->last_id == 0 ||
        (sender->outstanding[sender->last_id / 64] >> (sender->last_id % 64) &
         1) != 0);
    sender->outstanding[sender->last_id / 64] |= UINT64_C(1)
                                                 << (sender->last_id % 64);
    sender->unacked += 1;
    return sender->last_id;
}

/* Is that id outstanding? Only then it is taken back. */
static bool id_give_back(struct bench_sender *sender, uint16_t id)
{
    if (sender->outstanding == NULL) return false;
    uint64_t bit = UINT64_C(1) << (id % 64);
    if ((sender->outstanding[id / 64] & bit) == 0) return false;
    sender->outstanding[id / 64] &= ~bit;
    sender->unacked -= 1;
    return true;
}

static void send_batch(struct bench_conn *conn, uint32_t sent, uint32_t count)
{
    struct bench_thread *thread = conn->thread;
    struct bench_sender *sender = conn->sender;
    uint64_t now_ns = bench_now_ns();
    struct bench_proof proof = {thread->run->tag, conn->index, 0, 0};
    uint8_t *at = thread->output;
    for (uint32_t i = 0; i < count; i++) {
        proof.number = sent + i;
        proof.time_ns = time_of(thread, conn, proof.number, now_ns);
        bench_template_write(&sender->template, at, id_take(sender), &proof);
        at += sender->template.size;
    }
    if (thread->run->options->rate > 0) sender->due -= count;
    atomic_store_explicit(&sender->flow->sent, sent + count,
                          memory_order_relaxed);
    bench_count(thread, BENCH_SENT, count);
    bench_conn_write(conn,
                     bytes_at(thread->output, (size_t)(at - thread->output)));
}

/* Everything is sent: finished when all is acknowledged, or, with QoS 0 and
 * nobody to receive it, when the broker has read up to a PINGREQ. */
static void finish(struct bench_conn *conn)
{
    struct bench_sender *sender = conn->sender;
    if (sender->finished || sender->unacked > 0) return;
    if (conn->thread->run->plan->qos == 0) {
        if (!sender->asked) bench_conn_ping(conn);
        sender->asked = true;
        return;
    }
    sender->finished = true;
    bench_count(conn->thread, BENCH_FINISHED, 1);
}

void bench_sender_pump(struct bench_conn *conn)
{
    struct bench_sender *sender = conn->sender;
    if (conn->fd < 0 || bench_conn_is_full(conn)) return;
    if (conn->thread->phase < BENCH_SENDING) return;
    uint32_t sent =
        atomic_load_explicit(&sender->flow->sent, memory_order_relaxed);
    uint32_t count = (uint32_t)allowed(conn, sent);
    if (count > 0) {
        send_batch(conn, sent, count);
        sent += count;
    }
    bool over = left_of(conn->thread->run, conn->thread, sent) == 0;
    if (over) finish(conn);
    sender->blocked = true;
    bool more = !over && !bench_conn_is_full(conn) && allowed(conn, sent) > 0;
    if (more) bench_conn_ready(conn);
}

void bench_sender_answered(struct bench_conn *conn, const struct bench_frame *f)
{
    struct bench_thread *thread = conn->thread;
    struct bench_sender *sender = conn->sender;
    bool failed = f->reason >= 0x80;
    if (f->type == PACKET_PUBREC && !failed) {
        uint8_t *at = thread->replies + thread->reply_size;
        at[0] = PACKET_PUBREL << 4 | 2;
        at[1] = 2;
        at[2] = (uint8_t)(f->id >> 8);
        at[3] = (uint8_t)f->id;
        thread->reply_size += 4;
        return;
    }
    if (failed || !id_give_back(sender, f->id)) {
        bench_complain(thread->run,
                       failed ? "a publish is refused"
                              : "an unknown id is acknowledged",
                       NULL);
        bench_count(thread, BENCH_REFUSED, 1);
        if (!failed || !id_give_back(sender, f->id)) return;
    }
    bench_count(thread, BENCH_ACKED, 1);
    bench_conn_ready(conn);
}

void bench_sender_ponged(struct bench_conn *conn)
{
    struct bench_sender *sender = conn->sender;
    if (!sender->asked || sender->finished) return;
    sender->finished = true;
    bench_count(conn->thread, BENCH_FINISHED, 1);
}
