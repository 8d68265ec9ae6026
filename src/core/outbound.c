/* outbound.c - messages on their way to one client. */
#include "core/outbound.h"

#include "core/backlog.h"
#include "core/journal.h"
#include "core/output.h"
#include "core/record.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"
#include "wire/reason.h"

#include <assert.h>

enum { SLOTS_FIRST = 8, PACKET_IDS = 65535 };

void outbound_init(struct outbound *outbound)
{
    *outbound = (struct outbound){.window_max = 1};
    list_init(&outbound->queue);
    list_init(&outbound->window);
}

/* --- deliveries ---------------------------------------------------------- */

static size_t delivery_size(uint16_t identifier_count)
{
    return sizeof(struct delivery) + identifier_count * sizeof(uint32_t);
}

struct delivery *delivery_new(struct shard *shard, uint16_t identifier_count)
{
    struct delivery *d =
        pool_take(shard->pool, delivery_size(identifier_count));
    list_init(&d->link);
    d->identifier_count = identifier_count;
    return d;
}

void delivery_free(struct shard *shard, struct delivery *d)
{
    assert(d->link.next == &d->link);
    body_unref(d->body);
    body_unref(d->group);
    pool_give(shard->pool, d, delivery_size(d->identifier_count));
}

struct delivery *delivery_build(struct shard *shard,
                                const struct record_delivery *record)
{
    struct delivery *d = delivery_new(shard, record->identifier_count);
    d->packet_id = record->packet_id;
    d->qos = record->qos;
    d->state = record->state;
    d->retain = record->retain;
    if (d->packet_id != 0 && d->state == DELIVERY_QUEUED) {
        d->state = DELIVERY_SENT;
    }
    for (uint16_t i = 0; i < record->identifier_count; i++)
        d->identifiers[i] = record_identifier(record, i);
    return d;
}

struct delivery *delivery_stored(struct shard *shard, struct session *session,
                                 const struct record_delivery *record,
                                 struct message *m)
{
    struct body *body = message_share(m, shard->pool);
    message_done(m);
    if (body == NULL) return NULL;
    struct delivery *d = delivery_build(shard, record);
    struct membership *membership =
        record->group.size == 0 ? NULL : share_find(session, record->group);
    if (membership != NULL) d->group = body_ref(membership->group);
    d->body = body;
    d->order = record->order;
    d->bytes = record->bytes;
    d->stored = true;
    return d;
}

/* A delivery of `m` on `terms`; NULL when there is no memory for its body. */
static struct delivery *delivery_of(struct shard *shard, struct message *m,
                                    const struct terms *terms)
{
    struct body *body = message_share(m, shard->pool);
    if (body == NULL) return NULL;
    struct delivery *d = delivery_new(shard, terms->identifier_count);
    d->body = body;
    d->group = terms->group == NULL ? NULL : body_ref(terms->group);
    d->qos = terms->qos;
    d->retain = terms->retain;
    if (terms->identifier_count > 0) {
        memcpy(d->identifiers, terms->identifiers,
               terms->identifier_count * sizeof(uint32_t));
    }
    return d;
}

static uint64_t delivery_bytes(const struct delivery *d)
{
    return d->body->message.payload.size;
}

/* --- packet ids ---------------------------------------------------------- */

static struct delivery **slot_of(const struct outbound *o, uint16_t packet_id)
{
    assert(o->slot_count > 0);
    return &o->slots[packet_id & (o->slot_count - 1)];
}

static void slots_grow(struct outbound *o, struct pool *pool)
{
    uint32_t old = o->slot_count;
    struct delivery **before = o->slots;
    o->slot_count = old == 0 ? SLOTS_FIRST : old * 2;
    o->slots = pool_take(pool, o->slot_count * sizeof *o->slots);
    for (uint32_t i = 0; i < old; i++) {
        if (before[i] != NULL) *slot_of(o, before[i]->packet_id) = before[i];
    }
    pool_give(pool, before, old * sizeof *before);
}

/* Give `d` the next id whose place is free. [MQTT-2.2.1-4] */
static void id_take(struct outbound *o, struct pool *pool, struct delivery *d)
{
    assert(d->packet_id == 0);
    assert(o->ids_used < PACKET_IDS);
    bool half = o->ids_used * 2 >= o->slot_count;
    if (half && o->slot_count <= PACKET_IDS) slots_grow(o, pool);
    do {
        o->next_id = o->next_id == PACKET_IDS ? 1 : o->next_id + 1;
    } while (*slot_of(o, o->next_id) != NULL);
    d->packet_id = o->next_id;
    *slot_of(o, d->packet_id) = d;
    o->ids_used += 1;
}

static void id_give(struct outbound *o, struct delivery *d)
{
    if (d->packet_id == 0) return;
    assert(*slot_of(o, d->packet_id) == d);
    *slot_of(o, d->packet_id) = NULL;
    o->ids_used -= 1;
}

static struct delivery *id_find(const struct outbound *o, uint16_t packet_id)
{
    if (o->slot_count == 0) return NULL;
    struct delivery *d = *slot_of(o, packet_id);
    return d != NULL && d->packet_id == packet_id ? d : NULL;
}

/* --- queue and window ---------------------------------------------------- */

void outbound_append(struct session *session, struct delivery *d)
{
    struct outbound *o = &session->outbound;
    assert(!d->behind && !d->in_window);
    assert(o->head_count < o->queue_count);
    list_push(&o->queue, &d->link);
    o->head_count += 1;
    o->head_bytes += delivery_bytes(d);
}

/* Queue `d`, where it belongs. */
static void queue_push(struct shard *shard, struct session *session,
                       struct delivery *d)
{
    struct outbound *o = &session->outbound;
    o->queue_count += 1;
    o->queue_qos0_count += d->qos == 0;
    o->queue_bytes += delivery_bytes(d);
    stat_add(shard, STAT_QUEUED, 1);
    stat_add(shard, STAT_QUEUED_BYTES, delivery_bytes(d));
    if (backlog_wants(shard, session, d)) {
        backlog_push(shard, session, d);
    } else {
        outbound_append(session, d);
    }
}

static void queue_remove(struct outbound *o, struct delivery *d)
{
    assert(o->queue_count > 0);
    assert(o->queue_bytes >= delivery_bytes(d));
    assert(!d->in_window);
    list_remove(&d->link);
    if (!d->behind) {
        assert(o->head_count > 0);
        o->head_count -= 1;
        o->head_bytes -= delivery_bytes(d);
    }
    d->behind = false;
    o->queue_count -= 1;
    o->queue_qos0_count -= d->qos == 0;
    o->queue_bytes -= delivery_bytes(d);
    assert(o->queue_qos0_count <= o->queue_count);
    assert(o->head_count <= o->queue_count);
    if (o->queue_count == 0) o->overflow_noted = false;
}

static void window_push(struct outbound *o, struct delivery *d)
{
    assert(d->packet_id != 0);
    assert(o->window_count < o->window_max);
    assert(!d->in_window);
    list_push(&o->window, &d->link);
    d->in_window = true;
    o->window_count += 1;
    o->window_bytes += delivery_bytes(d);
}

static void window_remove(struct outbound *o, struct delivery *d)
{
    assert(o->window_count > 0);
    assert(o->window_bytes >= delivery_bytes(d));
    assert(d->in_window);
    list_remove(&d->link);
    d->in_window = false;
    o->window_count -= 1;
    o->window_bytes -= delivery_bytes(d);
}

/* The end of a delivery that is out of both lists. */
static void delivery_end(struct shard *shard, struct session *session,
                         struct delivery *d)
{
    stat_sub(shard, STAT_QUEUED, 1);
    stat_sub(shard, STAT_QUEUED_BYTES, delivery_bytes(d));
    id_give(&session->outbound, d);
    if (d->stored) journal_delivery_gone(shard, session, d);
    delivery_free(shard, d);
}

static bool window_has_room(const struct shard *shard, const struct outbound *o,
                            const struct delivery *d)
{
    if (o->window_count >= o->window_max) return false;
    uint64_t max = shard->options->max_inflight_bytes;
    if (max == 0 || o->window_count == 0) return true;
    return o->window_bytes + delivery_bytes(d) <= max;
}

/* --- sending ------------------------------------------------------------- */

/* Send PUBLISH of `d`; false when the client does not take packets so large, or
 * may not read it any more: it is then as if it had been sent and acknowledged.
 * [MQTT-3.1.2-25] */
static bool delivery_send(struct shard *shard, struct session *session,
                          struct delivery *d)
{
    struct message m = body_message(d->body);
    if (!grant_shows(shard, session, &m)) return false;
    struct outgoing outgoing = {
        .message = &m,
        .qos = d->qos,
        .retain = d->retain,
        .dup = d->state != DELIVERY_QUEUED,
        .packet_id = d->packet_id,
        .identifiers = d->identifiers,
        .identifier_count = d->identifier_count,
    };
    return output_publish(shard, session->conn, &outgoing) == OK;
}

/* Drop the queue's `d`: it expired, or is too large. */
static void queue_drop(struct shard *shard, struct session *session,
                       struct delivery *d)
{
    queue_remove(&session->outbound, d);
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    delivery_end(shard, session, d);
}

/* A delivery of QoS 0 that was queued while the client was away. */
static void queue_send_qos0(struct shard *shard, struct session *session,
                            struct delivery *d)
{
    if (!delivery_send(shard, session, d)) {
        queue_drop(shard, session, d);
        return;
    }
    queue_remove(&session->outbound, d);
    delivery_end(shard, session, d);
}

/* Send what is due for `d`, in the window: PUBLISH, or PUBREL once the client
 * has received it. What must be on disk first is sent when it is there. */
static void window_send(struct shard *shard, struct session *session,
                        struct delivery *d)
{
    assert(d->in_window);
    assert(session->conn != NULL);
    d->held = !gate_open(shard, d->batch);
    if (d->held) {
        gate_delivery(shard, d->batch, session->ref, d->packet_id);
        return;
    }
    if (d->state == DELIVERY_RECEIVED) {
        output_ack(shard, session->conn, PACKET_PUBREL, d->packet_id, 0);
    } else if (delivery_send(shard, session, d)) {
        d->state = DELIVERY_SENT;
    } else {
        window_remove(&session->outbound, d);
        stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        delivery_end(shard, session, d);
    }
}

/* Give `d` its id. QoS 2 is sent under one id, ever, so the record comes
 * first; QoS 1 may be repeated, and does not wait. */
static void delivery_number(struct shard *shard, struct session *session,
                            struct delivery *d)
{
    id_take(&session->outbound, shard->pool, d);
    if (!d->stored) return;
    size_t puts = shard->out->put_count;
    journal_delivery(shard, session, d);
    if (d->qos == 2) d->batch = gate_since(shard, puts);
}

/* Send the head of the queue. False: not now. */
static bool queue_send(struct shard *shard, struct session *session,
                       struct delivery *d)
{
    struct outbound *o = &session->outbound;
    if (d->packet_id == 0 &&
        message_expired(&d->body->message, shard->now_ms)) {
        queue_drop(shard, session, d);
        return true;
    }
    if (d->qos == 0) {
        queue_send_qos0(shard, session, d);
        return true;
    }
    if (!window_has_room(shard, o, d)) return false;
    if (d->packet_id == 0) delivery_number(shard, session, d);
    queue_remove(o, d);
    window_push(o, d);
    window_send(shard, session, d);
    return true;
}

void outbound_release(struct shard *shard, struct session *session,
                      uint16_t packet_id)
{
    struct delivery *d = id_find(&session->outbound, packet_id);
    if (d == NULL || !d->in_window || session->conn == NULL) return;
    if (!d->held) return;
    window_send(shard, session, d);
    outbound_pump(shard, session);
}

/* What a waiting message with `payload` takes, about. */
static uint64_t waiting_cost(struct bytes payload)
{
    return sizeof(struct delivery) + sizeof(struct body) + payload.size;
}

/* Send QoS 0 that waited for room in the output. */
static void waiting_send(struct shard *shard, struct session *session)
{
    struct conn *conn = session->conn;
    while (!list_empty(&conn->waiting) && output_room(conn)) {
        struct delivery *d = OWNER(conn->waiting.next, struct delivery, link);
        list_remove(&d->link);
        conn->waiting_bytes -= waiting_cost(d->body->message.payload);
        bool expired = message_expired(&d->body->message, shard->now_ms);
        if (expired || !delivery_send(shard, session, d)) {
            stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        }
        delivery_free(shard, d);
    }
}

void outbound_pump(struct shard *shard, struct session *session)
{
    struct conn *conn = session->conn;
    if (conn == NULL) return;
    waiting_send(shard, session);
    struct outbound *o = &session->outbound;
    bool goes = true;
    while (goes && output_room(conn)) {
        if (list_empty(&o->queue)) {
            goes = backlog_refill(shard, session);
            continue;
        }
        struct delivery *d = OWNER(o->queue.next, struct delivery, link);
        goes = queue_send(shard, session, d);
    }
    (void)backlog_refill(shard, session);
    if (session->busy && outbound_idle(session)) share_free(shard, session);
}

/* --- offering ------------------------------------------------------------ */

bool outbound_idle(const struct session *session)
{
    const struct outbound *o = &session->outbound;
    return session->conn != NULL && list_empty(&o->queue) &&
           o->backlog == NULL && o->window_count < o->window_max &&
           output_room(session->conn);
}

/* Say once, until the queue is empty again, that messages are lost. */
static void overflow_note(struct shard *shard, struct session *session)
{
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    if (session->outbound.overflow_noted) return;
    session->outbound.overflow_noted = true;
    actions_note(shard->out, NOTE_WARNING, NOTE_DROPPED,
                 session->conn == NULL ? NULL : &session->conn->id,
                 "The queue of client %s is full (max_queued_messages %u, "
                 "max_queued_bytes %llu): messages for it are being dropped",
                 session_name(session), shard->options->max_queued_messages,
                 (unsigned long long)shard->options->max_queued_bytes);
}

/* Is there room in a queue of `count` messages and `bytes` for `more` bytes? */
static bool queue_has_room(const struct options *options, uint32_t count,
                           uint64_t bytes, uint64_t more)
{
    if (options->max_queued_messages > 0 &&
        count >= options->max_queued_messages) {
        return false;
    }
    return options->max_queued_bytes == 0 ||
           bytes + more <= options->max_queued_bytes;
}

/* Is there room for `m` to wait for `conn`'s output? What is promised to nobody
 * is bounded by the memory it takes, not by a number of messages, so that a
 * burst passes; one message may always wait. */
static bool waiting_has_room(const struct options *options,
                             const struct conn *conn, const struct message *m)
{
    if (list_empty(&conn->waiting)) return true;
    uint64_t max = WAITING_BYTES_MAX;
    uint64_t queued_max = options->max_queued_bytes;
    if (queued_max > 0 && queued_max < max) max = queued_max;
    return conn->waiting_bytes + waiting_cost(m->payload) <= max;
}

/* A large payload is in memory once, however many get it with a packet of their
 * own. Without memory for that it is copied. */
static void offer_share(struct shard *shard, struct message *m)
{
    if (m->body != NULL || m->payload.size < PAYLOAD_SHARED_BYTES) return;
    body_unref(message_share(m, shard->pool));
}

/* QoS 0 to a client that is here: now, or when the output has room. */
static enum err offer_qos0(struct shard *shard, struct session *session,
                           struct message *m, const struct terms *terms)
{
    struct conn *conn = session->conn;
    if (list_empty(&conn->waiting) && output_room(conn)) {
        offer_share(shard, m);
        struct outgoing outgoing = {
            .message = m,
            .retain = terms->retain,
            .identifiers = terms->identifiers,
            .identifier_count = terms->identifier_count,
        };
        enum err e = output_publish(shard, conn, &outgoing);
        if (e != OK) stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        return OK;
    }
    struct delivery *d = NULL;
    if (waiting_has_room(shard->options, conn, m)) {
        d = delivery_of(shard, m, terms);
    }
    if (d == NULL) {
        overflow_note(shard, session);
        return ERR_FULL;
    }
    list_push(&conn->waiting, &d->link);
    conn->waiting_bytes += waiting_cost(d->body->message.payload);
    return OK;
}

void outbound_drop(struct shard *shard, struct session *session,
                   struct delivery *d, bool dropped)
{
    queue_remove(&session->outbound, d);
    if (dropped) stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    delivery_end(shard, session, d);
}

/* Make room by dropping the oldest message that was never sent. */
static bool queue_drop_oldest(struct shard *shard, struct session *session)
{
    LIST_EACH(at, after, &session->outbound.queue) {
        struct delivery *d = OWNER(at, struct delivery, link);
        if (d->packet_id != 0) continue;
        outbound_drop(shard, session, d, false);
        overflow_note(shard, session);
        return true;
    }
    if (!backlog_drop_oldest(shard, session)) return false;
    overflow_note(shard, session);
    return true;
}

/* Drop what expired at the head of the queue, unsent. */
static void queue_drop_expired(struct shard *shard, struct session *session)
{
    struct outbound *o = &session->outbound;
    while (!list_empty(&o->queue)) {
        struct delivery *d = OWNER(o->queue.next, struct delivery, link);
        if (d->packet_id != 0) return;
        if (!message_expired(&d->body->message, shard->now_ms)) return;
        queue_drop(shard, session, d);
    }
    while (backlog_drop_expired(shard, session)) {
    }
}

/* Is there room to queue `m`, maybe after dropping what is older? */
static bool queue_make_room(struct shard *shard, struct session *session,
                            const struct message *m)
{
    const struct options *options = shard->options;
    struct outbound *o = &session->outbound;
    if (!queue_has_room(options, o->queue_count, o->queue_bytes,
                        m->payload.size)) {
        queue_drop_expired(shard, session);
    }
    while (!queue_has_room(options, o->queue_count, o->queue_bytes,
                           m->payload.size)) {
        if (options->queue_overflow != OVERFLOW_OLDEST) return false;
        if (!queue_drop_oldest(shard, session)) return false;
    }
    return true;
}

enum err outbound_offer(struct shard *shard, struct session *session,
                        struct message *m, const struct terms *terms)
{
    assert(terms->qos <= 2);
    struct outbound *o = &session->outbound;
    bool here = session->conn != NULL;
    if (terms->qos == 0 && here && o->queue_qos0_count == 0) {
        return offer_qos0(shard, session, m, terms);
    }
    bool queue_qos0 = here || shard->options->queue_qos0_messages;
    if (terms->qos == 0 && !queue_qos0) return OK;
    struct delivery *d = NULL;
    if (terms->forced || outbound_idle(session) ||
        queue_make_room(shard, session, m)) {
        d = delivery_of(shard, m, terms);
    }
    if (d == NULL) {
        overflow_note(shard, session);
        return ERR_FULL;
    }
    d->stored = journal_delivery(shard, session, d);
    d->kept = shard->out->batch;
    if (d->stored && d->group != NULL) {
        journal_came_back(shard, session, d->body->message.stamp);
    }
    queue_push(shard, session, d);
    outbound_pump(shard, session);
    return OK;
}

/* --- acknowledgements ---------------------------------------------------- */

/* PUBREC: from now on the message is the client's, and only PUBREL is sent. It
 * waits until that is on disk: PUBLISH must not come again after it. */
static void delivery_received(struct shard *shard, struct session *session,
                              struct delivery *d)
{
    if (d->state != DELIVERY_RECEIVED) {
        size_t puts = shard->out->put_count;
        d->state = DELIVERY_RECEIVED;
        if (d->stored) journal_delivery(shard, session, d);
        d->batch = gate_since(shard, puts);
    }
    if (d->in_window) window_send(shard, session, d);
}

/* Is `type` what is due next for `d`? */
static bool delivery_due(const struct delivery *d, enum packet_type type)
{
    if (type == PACKET_PUBACK) return d->qos == 1;
    if (type == PACKET_PUBREC) return d->qos == 2;
    assert(type == PACKET_PUBCOMP);
    return d->state == DELIVERY_RECEIVED;
}

enum err outbound_acknowledge(struct shard *shard, struct session *session,
                              enum packet_type type, uint16_t packet_id,
                              uint8_t reason)
{
    struct outbound *o = &session->outbound;
    struct delivery *d = id_find(o, packet_id);
    if (d == NULL || d->state == DELIVERY_QUEUED) return ERR_ID_UNKNOWN;
    if (!delivery_due(d, type)) return ERR_PROTOCOL;
    if (type == PACKET_PUBREC && reason < REASON_FAILURE) {
        delivery_received(shard, session, d);
        return OK;
    }
    if (d->in_window) {
        window_remove(o, d);
    } else {
        queue_remove(o, d);
    }
    delivery_end(shard, session, d);
    session_pump(shard, session);
    return OK;
}

/* --- coming and going ---------------------------------------------------- */

void outbound_attach(struct outbound *o, uint16_t window_max)
{
    assert(window_max > 0);
    assert(o->window_count == 0);
    o->window_max = window_max;
}

/* May `d` go to another member of its shared subscription? Not what is under
 * way with QoS 2. [MQTT-4.8.2-4] [MQTT-4.8.2-5] */
bool delivery_returnable(const struct delivery *d)
{
    if (d->group == NULL) return false;
    return d->qos < 2 || d->state == DELIVERY_QUEUED;
}

void delivery_give(struct shard *shard, struct session_ref session,
                   struct bytes client_id, struct delivery *d)
{
    struct join_ref ref = {0};
    if (d->stored) ref = journal_hand_over(shard, client_id, d);
    share_return(shard, session, d->group, d->body, ref);
    struct join *join = join_find(shard, ref);
    if (join != NULL && join->waiting == 0) journal_handed(shard, join->owner);
    assert(!d->stored);
}

/* Take what others may have out of `list`, which is a part of the queue. */
static void returnable_take(struct outbound *o, struct link *list,
                            struct link *given)
{
    LIST_EACH(at, after, list) {
        struct delivery *d = OWNER(at, struct delivery, link);
        if (!delivery_returnable(d)) continue;
        queue_remove(o, d);
        list_push(given, &d->link);
    }
}

/* Give back what others may have, but for what is on disk alone. What finds no
 * other member comes back to this very queue, so it is taken out whole before.
 */
static void outbound_return(struct shard *shard, struct session *session)
{
    struct link given;
    list_init(&given);
    struct outbound *o = &session->outbound;
    returnable_take(o, &o->queue, &given);
    if (o->backlog != NULL) returnable_take(o, &o->backlog->recent, &given);
    LIST_EACH(at, after, &given) {
        struct delivery *d = OWNER(at, struct delivery, link);
        list_remove(at);
        if (d->stored) o->holed = shard->out->batch;
        delivery_give(shard, session->ref, session_id(session), d);
        delivery_end(shard, session, d);
    }
}

/* The window in front of the queue, both in their order. */
static void outbound_rewind(struct outbound *o)
{
    while (!list_empty(&o->window)) {
        struct delivery *d = OWNER(o->window.prev, struct delivery, link);
        window_remove(o, d);
        list_unshift(&o->queue, &d->link);
        o->head_count += 1;
        o->head_bytes += delivery_bytes(d);
        o->queue_count += 1;
        o->queue_bytes += delivery_bytes(d);
    }
    assert(o->window_count == 0);
    assert(o->window_bytes == 0);
}

void outbound_detach(struct shard *shard, struct session *session)
{
    assert(session->conn == NULL);
    outbound_rewind(&session->outbound);
    outbound_return(shard, session);
    backlog_detach(shard, session);
}

void outbound_fini(struct shard *shard, struct session *session, bool gone)
{
    struct outbound *o = &session->outbound;
    outbound_rewind(o);
    if (gone) outbound_return(shard, session);
    backlog_end(shard, session, gone);
    LIST_EACH(at, after, &o->queue) {
        struct delivery *d = OWNER(at, struct delivery, link);
        queue_remove(o, d);
        if (!gone) d->stored = false;
        delivery_end(shard, session, d);
    }
    assert(o->ids_used == 0);
    assert(o->backlog == NULL && o->queue_count == 0);
    pool_give(shard->pool, o->slots, o->slot_count * sizeof(*o->slots));
    outbound_init(o);
}

void outbound_forget_group(struct session *session, struct bytes group)
{
    struct outbound *o = &session->outbound;
    struct link *const lists[] = {
        &o->queue, &o->window, o->backlog == NULL ? NULL : &o->backlog->recent};
    for (size_t i = 0; i < 3 && lists[i] != NULL; i++) {
        LIST_EACH(at, after, lists[i]) {
            struct delivery *d = OWNER(at, struct delivery, link);
            if (d->group == NULL) continue;
            if (!bytes_equal(d->group->message.topic, group)) continue;
            body_unref(d->group);
            d->group = NULL;
        }
    }
}

bool outbound_restore(struct shard *shard, struct session *session,
                      struct delivery *d)
{
    struct outbound *o = &session->outbound;
    assert(session->conn == NULL);
    if (d->order <= o->order || d->order == UINT64_MAX) return false;
    if (d->packet_id != 0) {
        if (id_find(o, d->packet_id) != NULL) return false;
        /* Ids that had room beside each other have it again, in time. */
        while (o->slot_count == 0 || *slot_of(o, d->packet_id) != NULL)
            slots_grow(o, shard->pool);
        *slot_of(o, d->packet_id) = d;
        o->ids_used += 1;
        o->next_id = d->packet_id;
    }
    o->order = d->order;
    queue_push(shard, session, d);
    return true;
}

void outbound_drop_waiting(struct shard *shard, struct conn *conn)
{
    LIST_EACH(at, after, &conn->waiting) {
        struct delivery *d = OWNER(at, struct delivery, link);
        list_remove(at);
        stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        delivery_free(shard, d);
    }
    conn->waiting_bytes = 0;
}
