/* waiting.c - QoS 0 that waits for room in the output of its connection. */
#include "core/waiting.h"

#include "core/conn.h"
#include "core/output.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

/* What a waiting message with `payload` takes, about. */
static uint64_t waiting_cost(struct bytes payload)
{
    return sizeof(struct delivery) + sizeof(struct body) + payload.size;
}

static bool waiting_has_room(const struct options *options,
                             const struct waiting *waiting,
                             const struct message *m)
{
    if (waiting == NULL) return true;
    uint64_t max = WAITING_BYTES_MAX;
    uint64_t queued_max = options->max_queued_bytes;
    if (queued_max > 0 && queued_max < max) max = queued_max;
    return waiting->bytes + waiting_cost(m->payload) <= max;
}

/* That of `conn`, which may have had none. */
static struct waiting *waiting_own(struct shard *shard, struct conn *conn)
{
    struct conn_rare *rare = conn_rare(shard->pool, conn);
    if (rare->waiting != NULL) return rare->waiting;
    rare->waiting = pool_take(shard->pool, sizeof *rare->waiting);
    list_init(&rare->waiting->list);
    return rare->waiting;
}

/* Forget it, once nothing waits. */
static void waiting_tidy(struct shard *shard, struct conn *conn)
{
    struct waiting *waiting = conn_waiting(conn);
    if (waiting == NULL || !list_empty(&waiting->list)) return;
    assert(waiting->bytes == 0);
    pool_give(shard->pool, waiting, sizeof *waiting);
    conn->rare->waiting = NULL;
    conn_tidy(shard->pool, conn);
}

enum err waiting_push(struct shard *shard, struct conn *conn, struct message *m,
                      const struct terms *terms)
{
    assert(terms->qos == 0);
    if (!waiting_has_room(shard->options, conn_waiting(conn), m)) {
        return ERR_FULL;
    }
    struct delivery *d = delivery_of(shard, m, terms);
    struct waiting *waiting = waiting_own(shard, conn);
    list_push(&waiting->list, &d->link);
    waiting->bytes += waiting_cost(d->body->message.payload);
    return OK;
}

/* The first one, taken out. */
static struct delivery *waiting_take(struct waiting *waiting)
{
    assert(!list_empty(&waiting->list));
    struct delivery *d = OWNER(waiting->list.next, struct delivery, link);
    uint64_t cost = waiting_cost(d->body->message.payload);
    assert(waiting->bytes >= cost);
    list_remove(&d->link);
    waiting->bytes -= cost;
    return d;
}

void waiting_send(struct shard *shard, struct session *session)
{
    struct conn *conn = session->conn;
    struct waiting *waiting = conn_waiting(conn);
    if (waiting == NULL) return;
    while (!list_empty(&waiting->list) && output_room(conn)) {
        struct delivery *d = waiting_take(waiting);
        bool expired = message_expired(&d->body->message, shard->now_ms);
        if (expired || !delivery_send(shard, session, d)) {
            stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        }
        delivery_free(shard, d);
    }
    waiting_tidy(shard, conn);
}

void waiting_drop(struct shard *shard, struct conn *conn)
{
    struct waiting *waiting = conn_waiting(conn);
    if (waiting == NULL) return;
    while (!list_empty(&waiting->list)) {
        delivery_free(shard, waiting_take(waiting));
        stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    }
    waiting_tidy(shard, conn);
}
