/* outbound.c - messages on their way to one client. */
#include "core/outbound.h"

#include "core/backlog.h"
#include "core/journal.h"
#include "core/membership.h"
#include "core/output.h"
#include "core/session.h"
#include "core/state.h"
#include "core/waiting.h"
#include "wire/reason.h"

#include <assert.h>

const struct outbound outbound_none = {
    .queue = LIST_EMPTY(outbound_none.queue),
    .window = LIST_EMPTY(outbound_none.window),
};

struct outbound *outbound_own(struct shard *shard, struct session *session)
{
    struct outbound *o = session->outbound;
    if (o != &outbound_none) return o;
    o = pool_take(shard->pool, sizeof *o);
    list_init(&o->queue);
    list_init(&o->window);
    o->ids.next = session->packet_id;
    session->outbound = o;
    return o;
}

/* Back to none: it has nothing. */
static void outbound_disown(struct shard *shard, struct session *session)
{
    struct outbound *o = session->outbound;
    if (o == &outbound_none) return;
    assert(o->queue_count == 0 && o->window_count == 0);
    assert(o->backlog == NULL);
    session->packet_id = o->ids.next;
    inflight_fini(&o->ids, shard->pool);
    pool_give(shard->pool, o, sizeof *o);
    session->outbound = (struct outbound *)(uintptr_t)&outbound_none;
}

/* --- queue and window ---------------------------------------------------- */

void outbound_append(struct session *session, struct delivery *d)
{
    struct outbound *o = session->outbound;
    assert(!d->behind && !d->in_window);
    assert(o->head_count < o->queue_count);
    list_push(&o->queue, &d->link);
    o->head_count += 1;
    o->head_bytes += delivery_bytes(d);
}

/* `d`, which was sent before, is in the queue, to be sent again; or not any
 * more. */
static void sent_add(struct outbound *o, const struct delivery *d)
{
    if (d->packet_id == 0) return;
    o->sent_count += 1;
    o->sent_bytes += delivery_bytes(d);
    assert(o->sent_count <= o->queue_count);
}

static void sent_remove(struct outbound *o, const struct delivery *d)
{
    if (d->packet_id == 0) return;
    assert(o->sent_count > 0);
    o->sent_count -= 1;
    o->sent_bytes -= delivery_bytes(d);
}

/* Queue `d`, where it belongs. */
static void queue_push(struct shard *shard, struct session *session,
                       struct delivery *d)
{
    struct outbound *o = session->outbound;
    o->queue_count += 1;
    o->queue_qos0_count += d->qos == 0;
    o->queue_bytes += delivery_bytes(d);
    sent_add(o, d);
    stat_add(shard, STAT_QUEUED, 1);
    stat_add(shard, STAT_QUEUED_BYTES, delivery_bytes(d));
    if (backlog_wants(shard, session, d)) {
        backlog_push(shard, session, d);
    } else {
        outbound_append(session, d);
    }
}

static void queue_remove(struct session *session, struct delivery *d)
{
    struct outbound *o = session->outbound;
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
    sent_remove(o, d);
    o->queue_count -= 1;
    o->queue_qos0_count -= d->qos == 0;
    o->queue_bytes -= delivery_bytes(d);
    assert(o->queue_qos0_count <= o->queue_count);
    assert(o->head_count <= o->queue_count);
    if (o->queue_count == 0) session->overflow_noted = false;
}

static void window_push(struct session *session, struct delivery *d)
{
    struct outbound *o = session->outbound;
    assert(d->packet_id != 0);
    assert(o->window_count < session->window_max);
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
    inflight_give(&session->outbound->ids, d);
    if (d->stored) journal_delivery_gone(shard, session, d);
    delivery_free(shard, d);
}

static bool window_has_room(const struct shard *shard,
                            const struct session *session,
                            const struct delivery *d)
{
    const struct outbound *o = session->outbound;
    if (o->window_count >= session->window_max) return false;
    uint64_t max = shard->options->max_inflight_bytes;
    if (max == 0 || o->window_count == 0) return true;
    return o->window_bytes + delivery_bytes(d) <= max;
}

/* --- sending ------------------------------------------------------------- */

/* Drop the queue's `d`: it expired, or is too large. */
static void queue_drop(struct shard *shard, struct session *session,
                       struct delivery *d)
{
    queue_remove(session, d);
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
    queue_remove(session, d);
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
        window_remove(session->outbound, d);
        stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        delivery_end(shard, session, d);
    }
}

/* Give `d` its id. QoS 2 is sent under one id, ever, so the record comes
 * first; QoS 1 may be repeated, and does not wait. */
static void delivery_number(struct shard *shard, struct session *session,
                            struct delivery *d)
{
    inflight_take(&session->outbound->ids, shard->pool, d);
    if (!d->stored) return;
    size_t puts = shard->out->put_count;
    journal_delivery(shard, session, d);
    if (d->qos == 2) d->batch = gate_since(shard, puts);
}

/* Send the head of the queue. False: not now. */
static bool queue_send(struct shard *shard, struct session *session,
                       struct delivery *d)
{
    if (d->packet_id == 0 &&
        message_expired(&d->body->message, shard->now_ms)) {
        queue_drop(shard, session, d);
        return true;
    }
    if (d->qos == 0) {
        queue_send_qos0(shard, session, d);
        return true;
    }
    if (!window_has_room(shard, session, d)) return false;
    queue_remove(session, d);
    if (d->packet_id == 0) delivery_number(shard, session, d);
    window_push(session, d);
    window_send(shard, session, d);
    return true;
}

void outbound_release(struct shard *shard, struct session *session,
                      uint16_t packet_id)
{
    struct delivery *d = inflight_find(&session->outbound->ids, packet_id);
    if (d == NULL || !d->in_window || session->conn == NULL) return;
    if (!d->held) return;
    window_send(shard, session, d);
    outbound_pump(shard, session);
}

void outbound_pump(struct shard *shard, struct session *session)
{
    struct conn *conn = session->conn;
    if (conn == NULL) return;
    waiting_send(shard, session);
    struct outbound *o = session->outbound;
    bool goes = true;
    while (goes && output_room(conn)) {
        if (list_empty(&o->queue)) {
            goes = o->backlog != NULL && backlog_refill(shard, session);
            continue;
        }
        struct delivery *d = OWNER(o->queue.next, struct delivery, link);
        goes = queue_send(shard, session, d);
    }
    if (o->backlog != NULL) (void)backlog_refill(shard, session);
    if (session->busy && outbound_idle(session))
        memberships_resume(shard, session);
}

/* --- offering ------------------------------------------------------------ */

bool outbound_idle(const struct session *session)
{
    const struct outbound *o = session->outbound;
    return session->conn != NULL && list_empty(&o->queue) &&
           o->backlog == NULL && o->window_count < session->window_max &&
           output_room(session->conn);
}

/* Say once, until the queue is empty again, that messages are lost. */
static void overflow_note(struct shard *shard, struct session *session)
{
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    if (session->overflow_noted) return;
    session->overflow_noted = true;
    actions_note(shard->out, NOTE_WARNING, NOTE_DROPPED,
                 session->conn == NULL ? NULL : &session->conn->id,
                 "The queue of client %s is full (max_queued_messages %u, "
                 "max_queued_bytes %llu): messages for it are being dropped",
                 session_name(session), shard->options->max_queued_messages,
                 (unsigned long long)shard->options->max_queued_bytes);
}

/* Is there room in the queue for `m`? */
static bool queue_has_room(const struct options *options,
                           const struct outbound *o, const struct message *m)
{
    if (options->max_queued_messages > 0 &&
        outbound_unsent(o) >= options->max_queued_messages) {
        return false;
    }
    uint64_t bytes = outbound_unsent_bytes(o) + m->payload.size;
    return options->max_queued_bytes == 0 || bytes <= options->max_queued_bytes;
}

/* A large payload is in memory once, however many get it with a packet of their
 * own. */
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
    if (conn_waiting(conn) == NULL && output_room(conn)) {
        offer_share(shard, m);
        struct outgoing outgoing = {
            .message = m,
            .body = m->body,
            .retain = terms->retain,
            .identifiers = terms->identifiers,
            .identifier_count = terms->identifier_count,
        };
        enum err e = output_publish(shard, conn, &outgoing);
        if (e != OK) stat_add(shard, STAT_PUBLISH_DROPPED, 1);
        return OK;
    }
    enum err e = waiting_push(shard, conn, m, terms);
    if (e != OK) overflow_note(shard, session);
    return e;
}

void outbound_drop(struct shard *shard, struct session *session,
                   struct delivery *d, bool dropped)
{
    queue_remove(session, d);
    if (dropped) stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    delivery_end(shard, session, d);
}

/* Make room by dropping the oldest message that was never sent. */
static bool queue_drop_oldest(struct shard *shard, struct session *session)
{
    LIST_EACH(at, after, &session->outbound->queue) {
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

/* Drop what expired at the front of what was never sent. */
static void queue_drop_expired(struct shard *shard, struct session *session)
{
    LIST_EACH(at, after, &session->outbound->queue) {
        struct delivery *d = OWNER(at, struct delivery, link);
        if (d->packet_id != 0) continue;
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
    if (queue_has_room(options, session->outbound, m)) return true;
    queue_drop_expired(shard, session);
    while (!queue_has_room(options, session->outbound, m)) {
        if (options->queue_overflow != OVERFLOW_OLDEST) return false;
        if (!queue_drop_oldest(shard, session)) return false;
    }
    return true;
}

enum err outbound_offer(struct shard *shard, struct session *session,
                        struct message *m, const struct terms *terms)
{
    assert(terms->qos <= 2);
    struct outbound *o = session->outbound;
    bool here = session->conn != NULL;
    if (terms->qos == 0 && here && o->queue_qos0_count == 0) {
        return offer_qos0(shard, session, m, terms);
    }
    bool queue_qos0 = here || shard->options->queue_qos0_messages;
    if (terms->qos == 0 && !queue_qos0) return OK;
    if (!terms->forced && !outbound_idle(session) &&
        !queue_make_room(shard, session, m)) {
        overflow_note(shard, session);
        return ERR_FULL;
    }
    struct delivery *d = delivery_of(shard, m, terms);
    (void)outbound_own(shard, session);
    d->stored = journal_delivery(shard, session, d);
    d->kept = shard->out->batch;
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

enum err outbound_acknowledge(struct shard *shard, struct session *session,
                              enum packet_type type, uint16_t packet_id,
                              uint8_t reason)
{
    struct outbound *o = session->outbound;
    struct delivery *d = inflight_find(&o->ids, packet_id);
    if (d == NULL || d->state == DELIVERY_QUEUED) return ERR_ID_UNKNOWN;
    if (!delivery_due(d, type)) return ERR_PROTOCOL;
    if (type == PACKET_PUBREC && reason < REASON_FAILURE) {
        delivery_received(shard, session, d);
        return OK;
    }
    if (d->in_window) {
        window_remove(o, d);
    } else {
        queue_remove(session, d);
    }
    delivery_end(shard, session, d);
    session_pump(shard, session);
    return OK;
}

/* --- coming and going ---------------------------------------------------- */

/* Take what others may have out of `list`, which is a part of the queue: of a
 * group that was left only when the session is `gone`. */
static void returnable_take(struct session *session, struct link *list,
                            bool gone, struct link *given)
{
    LIST_EACH(at, after, list) {
        struct delivery *d = OWNER(at, struct delivery, link);
        if (!delivery_returnable(d)) continue;
        if (d->resigned && !gone) continue;
        queue_remove(session, d);
        list_push(given, &d->link);
    }
}

/* Give back what others may have, but for what is on disk alone. What finds no
 * other member comes back to this very queue, so it is taken out whole before.
 */
static void outbound_return(struct shard *shard, struct session *session,
                            bool gone)
{
    struct link given;
    list_init(&given);
    struct outbound *o = session->outbound;
    returnable_take(session, &o->queue, gone, &given);
    if (o->backlog != NULL)
        returnable_take(session, &o->backlog->recent, gone, &given);
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
        sent_add(o, d);
    }
    assert(o->window_count == 0);
    assert(o->window_bytes == 0);
}

void outbound_detach(struct shard *shard, struct session *session)
{
    assert(session->conn == NULL);
    struct outbound *o = session->outbound;
    if (o == &outbound_none) return;
    outbound_rewind(o);
    outbound_return(shard, session, false);
    backlog_detach(shard, session);
    bool empty = o->queue_count == 0 && o->backlog == NULL;
    if (empty && gate_open(shard, o->holed)) outbound_disown(shard, session);
}

void outbound_fini(struct shard *shard, struct session *session, bool gone)
{
    struct outbound *o = session->outbound;
    if (o == &outbound_none) return;
    outbound_rewind(o);
    if (gone) outbound_return(shard, session, true);
    backlog_end(shard, session, gone);
    LIST_EACH(at, after, &o->queue) {
        struct delivery *d = OWNER(at, struct delivery, link);
        queue_remove(session, d);
        if (!gone) d->stored = false;
        delivery_end(shard, session, d);
    }
    outbound_disown(shard, session);
}

void outbound_resign(struct session *session, struct bytes group)
{
    struct outbound *o = session->outbound;
    struct link *const lists[] = {
        &o->queue, &o->window, o->backlog == NULL ? NULL : &o->backlog->recent};
    for (size_t i = 0; i < 3 && lists[i] != NULL; i++) {
        LIST_EACH(at, after, lists[i]) {
            struct delivery *d = OWNER(at, struct delivery, link);
            if (d->group == NULL) continue;
            if (bytes_equal(d->group->message.topic, group)) d->resigned = true;
        }
    }
}

bool outbound_restore(struct shard *shard, struct session *session,
                      struct delivery *d)
{
    assert(session->conn == NULL);
    if (d->order <= session->order || d->order == UINT64_MAX) return false;
    struct outbound *o = outbound_own(shard, session);
    if (d->packet_id != 0 && !inflight_put(&o->ids, shard->pool, d)) {
        return false;
    }
    session->order = d->order;
    queue_push(shard, session, d);
    return true;
}
