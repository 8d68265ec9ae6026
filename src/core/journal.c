/* journal.c - what of a session must survive, as records. */
#include "core/journal.h"

#include "core/absence.h"
#include "core/backlog.h"
#include "core/entry.h"
#include "core/membership.h"
#include "core/publish.h"
#include "core/record.h"
#include "core/session.h"
#include "core/state.h"
#include "core/will.h"

#include <assert.h>

/* The key of `session`'s record of `kind`. */
static struct record_key key_of(const struct session *session,
                                enum record_kind kind)
{
    return (struct record_key){.kind = kind, .client = session_id(session)};
}

/* --- message bodies ------------------------------------------------------ */

void journal_init(struct shard *shard, bool on)
{
    shard->journal.on = on;
}

static struct record_key key_of_message(uint64_t stamp)
{
    return (struct record_key){.kind = RECORD_MESSAGE, .number = stamp};
}

void journal_refer(struct shard *shard, struct body *body)
{
    struct journal *journal = &shard->journal;
    uint64_t stamp = body->message.stamp;
    struct record_key key = key_of_message(stamp);
    bool held = journal->held == stamp && journal->held_step == shard->step;
    if (held) {
        entry_key(shard, &key, ACTION_HOLD);
        return;
    }
    struct entry entry = entry_begin(shard, &key, 0);
    record_message_write(&entry.w, &body->message);
    struct action *action = entry_end(shard, &entry, ACTION_HOLD);
    action->body = body_ref(body);
    journal->held = stamp;
    journal->held_step = shard->step;
}

void journal_release(struct shard *shard, uint64_t stamp)
{
    struct record_key key = key_of_message(stamp);
    entry_key(shard, &key, ACTION_DROP);
    if (shard->journal.held == stamp) shard->journal.held = 0;
}

void journal_carried(struct shard *shard, uint64_t stamp)
{
    shard->journal.held = stamp;
    shard->journal.held_step = shard->step;
}

/* --- sessions ------------------------------------------------------------ */

/* Call for each delivery that is stored or must be. */
static void each_delivery(struct shard *shard, struct session *session,
                          void (*visit)(struct shard *, struct session *,
                                        struct delivery *))
{
    struct backlog *backlog = session->outbound->backlog;
    struct link *const lists[] = {&session->outbound->window,
                                  &session->outbound->queue,
                                  backlog == NULL ? NULL : &backlog->recent};
    for (size_t i = 0; i < 3 && lists[i] != NULL; i++) {
        LIST_EACH(at, after, lists[i]) {
            visit(shard, session, OWNER(at, struct delivery, link));
        }
    }
}

static void delivery_write(struct shard *shard, struct session *session,
                           struct delivery *d)
{
    d->stored = false;
    d->stored = journal_delivery(shard, session, d);
    d->kept = shard->out->batch;
}

static void delivery_erase(struct shard *shard, struct session *session,
                           struct delivery *d)
{
    if (!d->stored) return;
    journal_delivery_gone(shard, session, d);
    d->stored = false;
}

struct each_id {
    struct shard *shard;
    const struct session *session;
};

static void id_write(uint16_t id, void *context)
{
    const struct each_id *each = context;
    const struct doubt *doubt = inbound_doubt(each->session->inbound, id);
    if (doubt == NULL) {
        journal_received(each->shard, each->session, id, 0,
                         (struct bytes){NULL, 0});
    } else {
        journal_doubt(each->shard, each->session, doubt);
    }
}

static void id_erase(uint16_t id, void *context)
{
    const struct each_id *each = context;
    journal_released(each->shard, each->session, id);
}

static void session_put(struct shard *shard, const struct session *session)
{
    struct bytes id = session_id(session);
    struct record_session record = {
        .protocol = session->protocol,
        .home = shard->place.index,
        .expiry_s = session->expiry_s,
        .ends_ms = absence_ends_ms(session),
        .floor = session->floor,
        .id = id,
    };
    struct record_key key = key_of(session, RECORD_SESSION);
    struct entry entry = entry_begin(shard, &key, id.size);
    record_session_write(&entry.w, &record);
    entry_put(shard, &entry, NULL);
}

void journal_session_whole(struct shard *shard, struct session *session)
{
    assert(session_durable(shard, session));
    session->stored = true;
    session_put(shard, session);
    LIST_EACH(at, after, &session->subscriptions) {
        journal_subscription(shard, session,
                             OWNER(at, struct subscription, of_owner));
    }
    LIST_EACH(at, after, &session->ties->memberships) {
        journal_membership(shard, session,
                           OWNER(at, struct membership, of_session));
    }
    each_delivery(shard, session, delivery_write);
    struct each_id each = {shard, session};
    idset_each(&session->inbound->received, id_write, &each);
    journal_will(shard, session);
}

/* Delete all of it: it will end with its connection. */
static void session_erase(struct shard *shard, struct session *session)
{
    LIST_EACH(at, after, &session->subscriptions) {
        journal_subscription_gone(shard, session,
                                  OWNER(at, struct subscription, of_owner));
    }
    LIST_EACH(at, after, &session->ties->memberships) {
        journal_membership_gone(shard, session,
                                OWNER(at, struct membership, of_session));
    }
    each_delivery(shard, session, delivery_erase);
    journal_session_gone(shard, session);
}

void journal_session(struct shard *shard, struct session *session)
{
    if (!session_durable(shard, session)) {
        if (session->stored) session_erase(shard, session);
        return;
    }
    if (!session->stored) {
        journal_session_whole(shard, session);
        return;
    }
    session_put(shard, session);
}

void journal_session_gone(struct shard *shard, struct session *session)
{
    if (!session->stored) return;
    struct each_id each = {shard, session};
    idset_each(&session->inbound->received, id_erase, &each);
    struct record_key key = key_of(session, RECORD_WILL);
    if (session->will_stored) entry_del(shard, &key);
    key = key_of(session, RECORD_SESSION);
    entry_del(shard, &key);
    session->will_stored = false;
    session->stored = false;
}

/* --- subscriptions ------------------------------------------------------- */

static void subscription_put(struct shard *shard, const struct session *session,
                             enum record_kind kind, struct bytes text,
                             struct subscription_options options)
{
    struct record_key key = key_of(session, kind);
    key.text = text;
    struct record_subscription record = {.options = options, .text = text};
    struct entry entry = entry_begin(shard, &key, text.size);
    record_subscription_write(&entry.w, &record);
    entry_put(shard, &entry, NULL);
}

static void subscription_del(struct shard *shard, const struct session *session,
                             enum record_kind kind, struct bytes text)
{
    struct record_key key = key_of(session, kind);
    key.text = text;
    entry_del(shard, &key);
}

void journal_subscription(struct shard *shard, const struct session *session,
                          const struct subscription *subscription)
{
    if (!session->stored) return;
    subscription_put(shard, session, RECORD_SUBSCRIPTION,
                     topics_filter(shard->topics, subscription),
                     subscription->options);
}

void journal_subscription_gone(struct shard *shard,
                               const struct session *session,
                               const struct subscription *subscription)
{
    if (!session->stored) return;
    subscription_del(shard, session, RECORD_SUBSCRIPTION,
                     topics_filter(shard->topics, subscription));
}

void journal_membership(struct shard *shard, const struct session *session,
                        const struct membership *membership)
{
    if (!session->stored) return;
    subscription_put(shard, session, RECORD_MEMBERSHIP,
                     membership->group->message.topic, membership->options);
}

void journal_membership_gone(struct shard *shard, const struct session *session,
                             const struct membership *membership)
{
    if (!session->stored) return;
    subscription_del(shard, session, RECORD_MEMBERSHIP,
                     membership->group->message.topic);
}

/* --- deliveries ---------------------------------------------------------- */

static struct record_key key_of_delivery(const struct session *session,
                                         const struct delivery *d)
{
    struct record_key key = key_of(session, RECORD_DELIVERY);
    key.number = d->order;
    return key;
}

/* What is in a delivery's record wherever it is. */
static struct record_delivery record_of(const struct delivery *d)
{
    struct record_delivery record = {
        .stamp = d->body->message.stamp,
        .order = d->order,
        .bytes = d->bytes,
        .size = (uint32_t)d->body->message.payload.size,
        .expires_ms = d->body->message.expires_ms,
        .qos = d->qos,
        .retain = d->retain,
        .identifier_count = d->identifier_count,
    };
    if (d->group != NULL) record.group = d->group->message.topic;
    return record;
}

static void record_put(struct shard *shard, const struct record_key *key,
                       const struct record_delivery *record,
                       const struct delivery *d)
{
    size_t more = record->group.size + d->identifier_count * sizeof(uint32_t);
    struct entry entry = entry_begin(shard, key, more);
    record_delivery_write(&entry.w, record, d->identifiers);
    entry_put(shard, &entry, NULL);
}

void journal_delivery_drop(struct shard *shard, struct bytes client_id,
                           uint64_t order, uint64_t stamp)
{
    struct record_key key = {
        .kind = RECORD_DELIVERY, .client = client_id, .number = order};
    entry_del(shard, &key);
    if (stamp != 0) journal_release(shard, stamp);
}

void journal_drop(struct shard *shard, struct bytes key)
{
    struct actions *out = shard->out;
    bool counted = key.data[0] == RECORD_MESSAGE;
    struct action *action = actions_add(out, counted ? ACTION_DROP : ACTION_DEL,
                                        (struct conn_id){0});
    action->offset = (uint32_t)out->arena.size;
    action->size = (uint32_t)key.size;
    buffer_append(&out->arena, key);
}

/* Its place in the queue, for good: see record.h. */
static void delivery_place(struct session *session, struct delivery *d)
{
    if (d->order != 0) return;
    struct outbound *o = session->outbound;
    assert(o != &outbound_none);
    o->total_bytes += delivery_bytes(d);
    d->bytes = o->total_bytes;
    d->order = ++session->order;
}

bool journal_delivery(struct shard *shard, struct session *session,
                      struct delivery *d)
{
    if (!session->stored || d->qos == 0) return false;
    if (!d->stored) journal_refer(shard, d->body);
    delivery_place(session, d);
    struct record_delivery record = record_of(d);
    record.packet_id = d->packet_id;
    record.state = d->state;
    struct record_key key = key_of_delivery(session, d);
    record_put(shard, &key, &record, d);
    return true;
}

void journal_delivery_gone(struct shard *shard, const struct session *session,
                           const struct delivery *d)
{
    assert(d->stored);
    struct record_key key = key_of_delivery(session, d);
    entry_del(shard, &key);
    journal_release(shard, d->body->message.stamp);
}

/* --- what the client publishes ------------------------------------------- */

static void received_put(struct shard *shard, const struct session *session,
                         uint16_t packet_id,
                         const struct record_received *record)
{
    if (!session->stored) return;
    struct record_key key = key_of(session, RECORD_RECEIVED);
    key.number = packet_id;
    struct entry entry = entry_begin(shard, &key, record->lack.size);
    record_received_write(&entry.w, record);
    entry_put(shard, &entry, NULL);
}

void journal_received(struct shard *shard, const struct session *session,
                      uint16_t packet_id, uint64_t stamp, struct bytes lack)
{
    struct record_received record = {.stamp = stamp, .lack = lack};
    received_put(shard, session, packet_id, &record);
}

void journal_doubt(struct shard *shard, const struct session *session,
                   const struct doubt *doubt)
{
    struct record_received record = {
        .stamp = doubt->stamp, .lack = doubt->lack, .settled = true};
    received_put(shard, session, doubt->packet_id, &record);
}

void journal_released(struct shard *shard, const struct session *session,
                      uint16_t packet_id)
{
    if (!session->stored) return;
    struct record_key key = key_of(session, RECORD_RECEIVED);
    key.number = packet_id;
    entry_del(shard, &key);
}

void journal_heard(struct shard *shard, uint64_t stamp)
{
    assert(shard->journal.on);
    uint16_t from = shard_of_stamp(stamp);
    assert(from < SHARDS_MAX && from != shard->place.index);
    struct record_key key = {
        .kind = RECORD_HEARD, .shard = shard->place.index, .from = from};
    struct record_heard record = {.stamp = stamp};
    struct entry entry = entry_begin(shard, &key, 0);
    record_heard_write(&entry.w, &record);
    entry_put(shard, &entry, NULL);
}

void journal_will(struct shard *shard, struct session *session)
{
    if (!session->stored) return;
    const struct will *will = session->will;
    struct record_key key = key_of(session, RECORD_WILL);
    if (will == NULL) {
        if (session->will_stored) entry_del(shard, &key);
        session->will_stored = false;
        return;
    }
    struct record_will record = {
        .delay_s = will->delay_s,
        .expiry_s = will->expiry_s,
        .due_ms = absence_will_ms(session),
    };
    struct entry entry = entry_begin(shard, &key, 0);
    record_will_write(&entry.w, &record, &will->body->message);
    entry_put(shard, &entry, will->body);
    session->will_stored = true;
}

/* --- retained messages --------------------------------------------------- */

static struct record_key key_of_retained(const struct body *body)
{
    return (struct record_key){.kind = RECORD_RETAINED,
                               .text = body->message.topic};
}

void journal_retained(struct shard *shard, struct body *body)
{
    if (!shard->journal.on) return;
    if (publish_reserved(body->message.topic)) return;
    struct record_key key = key_of_retained(body);
    struct entry entry = entry_begin(shard, &key, 0);
    record_message_write(&entry.w, &body->message);
    entry_put(shard, &entry, body);
}

void journal_retained_gone(struct shard *shard, struct body *body)
{
    if (!shard->journal.on) return;
    if (publish_reserved(body->message.topic)) return;
    struct record_key key = key_of_retained(body);
    entry_del(shard, &key);
}
