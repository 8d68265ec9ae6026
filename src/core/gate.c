/* gate.c - what must not leave before the records behind it are on disk. */
#include "core/gate.h"

#include "core/session.h"
#include "core/state.h"
#include "core/subscribe.h"

#include <assert.h>

struct gate_entry {
    struct link link;
    uint64_t batch;
    enum gate_kind kind;
    struct join_ref join;
    uint32_t count;
    struct session_ref session;
    uint16_t packet_id;
};

void gate_init(struct gate *gate)
{
    list_init(&gate->waiting);
    gate->committed = 0;
}

void gate_fini(struct shard *shard)
{
    LIST_EACH(at, after, &shard->gate.waiting) {
        list_remove(at);
        pool_give(shard->pool, OWNER(at, struct gate_entry, link),
                  sizeof(struct gate_entry));
    }
    assert(list_empty(&shard->gate.waiting));
}

uint64_t gate_since(const struct shard *shard, size_t puts)
{
    assert(shard->out->put_count >= puts);
    return shard->out->put_count > puts ? shard->out->batch : 0;
}

bool gate_open(const struct shard *shard, uint64_t batch)
{
    return batch <= shard->gate.committed;
}

/* Add an entry behind all others; batches never go back. */
static struct gate_entry *gate_add(struct shard *shard, uint64_t batch)
{
    assert(!gate_open(shard, batch));
    struct gate_entry *entry = pool_take(shard->pool, sizeof *entry);
    entry->batch = batch;
    list_push(&shard->gate.waiting, &entry->link);
    return entry;
}

void gate_answer(struct shard *shard, uint64_t batch, struct join_ref join,
                 uint32_t count)
{
    if (join.generation == 0) return;
    if (gate_open(shard, batch)) {
        join_answer(shard, join, count, OK);
        return;
    }
    struct gate_entry *entry = gate_add(shard, batch);
    entry->kind = GATE_ANSWER;
    entry->join = join;
    entry->count = count;
}

void gate_delivery(struct shard *shard, uint64_t batch,
                   struct session_ref session, uint16_t packet_id)
{
    assert(packet_id != 0);
    struct gate_entry *entry = gate_add(shard, batch);
    entry->kind = GATE_DELIVERY;
    entry->session = session;
    entry->packet_id = packet_id;
}

void gate_session(struct shard *shard, uint64_t batch,
                  struct session_ref session)
{
    assert(session.generation != 0);
    if (gate_open(shard, batch)) return;
    struct gate_entry *entry = gate_add(shard, batch);
    entry->kind = GATE_SESSION;
    entry->session = session;
}

/* Let one thing go. */
static void gate_release(struct shard *shard, const struct gate_entry *entry)
{
    if (entry->kind == GATE_ANSWER) {
        join_answer(shard, entry->join, entry->count, OK);
        return;
    }
    struct session *session = session_by_ref(shard, entry->session);
    if (session == NULL) return;
    if (entry->kind == GATE_DELIVERY) {
        outbound_release(shard, session, entry->packet_id);
        return;
    }
    inbound_flush(shard, session);
    subscribing_flush(shard, session);
    /* That may have let in a DISCONNECT, and with it ended the session. */
    session = session_by_ref(shard, entry->session);
    if (session == NULL || session->conn == NULL) return;
    conn_resume(shard, session->conn);
}

void gate_committed(struct shard *shard, uint64_t batch)
{
    assert(batch >= shard->gate.committed);
    shard->gate.committed = batch;
    while (!list_empty(&shard->gate.waiting)) {
        struct gate_entry *entry =
            OWNER(shard->gate.waiting.next, struct gate_entry, link);
        if (entry->batch > batch) return;
        list_remove(&entry->link);
        gate_release(shard, entry);
        pool_give(shard->pool, entry, sizeof *entry);
    }
}
