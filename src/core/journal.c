/* journal.c - what of a session must survive, as records. */
#include "core/journal.h"

#include "core/publish.h"
#include "core/record.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"
#include "core/will.h"

#include <assert.h>

/* How many deliveries of this shard refer to a stored message. */
struct stored {
    struct map_entry entry;
    uint64_t stamp;
    uint64_t count;
};

/* The record of a delivery that went to another session. */
struct handover {
    struct link link;
    struct join_ref join;
    uint64_t order, stamp;
    uint16_t id_size;
    char id[];
};

/* --- entries ------------------------------------------------------------- */

/* A PUT or DEL under construction, at the end of the arena. */
struct entry {
    struct writer w;
    uint32_t key_size;
};

/* Room for `key` and a value of at most RECORD_VALUE_MAX + `more` bytes; the
 * key is written. */
static struct entry entry_begin(struct shard *shard,
                                const struct record_key *key, size_t more)
{
    size_t size = RECORD_KEY_MAX + RECORD_VALUE_MAX + more;
    uint8_t *room = buffer_reserve(&shard->out->arena, size);
    struct entry entry = {.w = writer_at(room, size)};
    record_key_write(&entry.w, key);
    entry.key_size = (uint32_t)writer_bytes(&entry.w).size;
    assert(entry.key_size > 0 && entry.key_size <= RECORD_KEY_MAX);
    return entry;
}

/* Add what was written as an action of `kind`. */
static struct action *entry_end(struct shard *shard, const struct entry *entry,
                                enum action_kind kind)
{
    assert(!entry->w.failed);
    struct actions *out = shard->out;
    size_t size = writer_bytes(&entry->w).size;
    struct action *action = actions_add(out, kind, (struct conn_id){0});
    action->offset = (uint32_t)out->arena.size;
    action->size = entry->key_size;
    action->value_size = (uint32_t)(size - entry->key_size);
    out->arena.size += size;
    return action;
}

static void entry_put(struct shard *shard, const struct entry *entry,
                      struct body *body)
{
    struct action *action = entry_end(shard, entry, ACTION_PUT);
    if (body != NULL) action->body = body_ref(body);
}

static void entry_del(struct shard *shard, const struct record_key *key)
{
    struct entry entry = entry_begin(shard, key, 0);
    entry_end(shard, &entry, ACTION_DEL);
}

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
    map_init(&shard->journal.bodies, shard->pool);
    list_init(&shard->journal.handovers);
}

static void stored_free(struct shard *shard, struct stored *stored)
{
    map_remove(&shard->journal.bodies, &stored->entry);
    pool_give(shard->pool, stored, sizeof *stored);
}

static void handover_free(struct shard *shard, struct handover *handover)
{
    list_remove(&handover->link);
    pool_give(shard->pool, handover, sizeof *handover + handover->id_size);
}

static void stored_visit_free(struct map_entry *entry, void *context)
{
    stored_free(context, OWNER(entry, struct stored, entry));
}

void journal_fini(struct shard *shard)
{
    LIST_EACH(at, after, &shard->journal.handovers) {
        handover_free(shard, OWNER(at, struct handover, link));
    }
    struct map *bodies = &shard->journal.bodies;
    size_t cursor = 0;
    while (map_walk(bodies, &cursor, SIZE_MAX, stored_visit_free, shard)) {
    }
    map_fini(bodies);
}

static bool stored_same(const struct map_entry *entry, const void *key)
{
    const uint64_t *stamp = key;
    return OWNER(entry, const struct stored, entry)->stamp == *stamp;
}

/* Stamps count up and end in the shard: spread them over the table. */
static uint64_t stamp_hash(uint64_t stamp)
{
    uint64_t x = stamp * 0x9e3779b97f4a7c15;
    return x ^ x >> 32;
}

static struct stored *stored_find(const struct shard *shard, uint64_t stamp)
{
    struct map_entry *entry = map_find(&shard->journal.bodies,
                                       stamp_hash(stamp), stored_same, &stamp);
    return entry == NULL ? NULL : OWNER(entry, struct stored, entry);
}

/* One delivery more refers to `stamp`. True when it is the first. */
static bool stored_take(struct shard *shard, uint64_t stamp)
{
    struct stored *stored = stored_find(shard, stamp);
    bool first = stored == NULL;
    if (first) {
        stored = pool_take(shard->pool, sizeof *stored);
        stored->stamp = stamp;
        map_insert(&shard->journal.bodies, &stored->entry, stamp_hash(stamp));
    }
    stored->count += 1;
    return first;
}

void journal_adopt(struct shard *shard, uint64_t stamp)
{
    (void)stored_take(shard, stamp);
}

static struct record_key key_of_message(const struct shard *shard,
                                        uint64_t stamp)
{
    return (struct record_key){
        .kind = RECORD_MESSAGE, .shard = shard->place.index, .number = stamp};
}

/* One more delivery refers to `body`: the first one stores it. */
static void body_keep(struct shard *shard, struct body *body)
{
    uint64_t stamp = body->message.stamp;
    if (!stored_take(shard, stamp)) return;
    struct record_key key = key_of_message(shard, stamp);
    struct entry entry = entry_begin(shard, &key, 0);
    record_message_write(&entry.w, &body->message);
    entry_put(shard, &entry, body);
}

/* One less; the last one deletes it. */
static void body_release(struct shard *shard, uint64_t stamp)
{
    struct stored *stored = stored_find(shard, stamp);
    assert(stored != NULL && stored->count > 0);
    stored->count -= 1;
    if (stored->count > 0) return;
    stored_free(shard, stored);
    struct record_key key = key_of_message(shard, stamp);
    entry_del(shard, &key);
}

/* --- sessions ------------------------------------------------------------ */

/* Call for each delivery that is stored or must be. */
static void each_delivery(struct shard *shard, struct session *session,
                          void (*visit)(struct shard *, struct session *,
                                        struct delivery *))
{
    struct link *const lists[] = {&session->outbound.window,
                                  &session->outbound.queue};
    for (size_t i = 0; i < 2; i++) {
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
        journal_received(each->shard, each->session, id, 0, 0, 0);
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
        .ends_ms = session->ends_ms,
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
    LIST_EACH(at, after, &session->memberships) {
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
    LIST_EACH(at, after, &session->memberships) {
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
                     subscription_filter(subscription), subscription->options);
}

void journal_subscription_gone(struct shard *shard,
                               const struct session *session,
                               const struct subscription *subscription)
{
    if (!session->stored) return;
    subscription_del(shard, session, RECORD_SUBSCRIPTION,
                     subscription_filter(subscription));
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

struct join_ref journal_hand_over(struct shard *shard, struct bytes id,
                                  struct delivery *d)
{
    assert(d->stored);
    struct handover *handover =
        pool_take(shard->pool, sizeof *handover + id.size);
    handover->order = d->order;
    handover->stamp = d->body->message.stamp;
    handover->id_size = (uint16_t)id.size;
    memcpy(handover->id, id.data, id.size);
    handover->join = join_new(shard, JOIN_HANDOVER, handover);
    list_push(&shard->journal.handovers, &handover->link);
    d->stored = false;
    return handover->join;
}

void journal_handed(struct shard *shard, struct handover *handover)
{
    struct record_key key = {
        .kind = RECORD_DELIVERY,
        .client = bytes_at(handover->id, handover->id_size),
        .number = handover->order,
    };
    entry_del(shard, &key);
    body_release(shard, handover->stamp);
    join_free(shard, handover->join);
    handover_free(shard, handover);
}

void journal_delivery_drop(struct shard *shard, struct bytes client_id,
                           uint64_t order)
{
    struct record_key key = {
        .kind = RECORD_DELIVERY, .client = client_id, .number = order};
    entry_del(shard, &key);
}

void journal_drop(struct shard *shard, struct bytes key)
{
    struct actions *out = shard->out;
    struct action *action = actions_add(out, ACTION_DEL, (struct conn_id){0});
    action->offset = (uint32_t)out->arena.size;
    action->size = (uint32_t)key.size;
    buffer_append(&out->arena, key);
}

bool journal_delivery(struct shard *shard, const struct session *session,
                      const struct delivery *d)
{
    if (!session->stored || d->qos == 0) return false;
    if (!d->stored) body_keep(shard, d->body);
    struct record_delivery record = {
        .stamp = d->body->message.stamp,
        .home = shard->place.index,
        .packet_id = d->packet_id,
        .qos = d->qos,
        .state = d->state,
        .retain = d->retain,
        .identifier_count = d->identifier_count,
    };
    if (d->group != NULL) record.group = d->group->message.topic;
    struct record_key key = key_of_delivery(session, d);
    size_t more = record.group.size + d->identifier_count * sizeof(uint32_t);
    struct entry entry = entry_begin(shard, &key, more);
    record_delivery_write(&entry.w, &record, d->identifiers);
    entry_put(shard, &entry, NULL);
    return true;
}

void journal_delivery_gone(struct shard *shard, const struct session *session,
                           const struct delivery *d)
{
    assert(d->stored);
    struct record_key key = key_of_delivery(session, d);
    entry_del(shard, &key);
    body_release(shard, d->body->message.stamp);
}

/* --- what the client publishes ------------------------------------------- */

static void received_put(struct shard *shard, const struct session *session,
                         uint16_t packet_id,
                         const struct record_received *record)
{
    if (!session->stored) return;
    struct record_key key = key_of(session, RECORD_RECEIVED);
    key.number = packet_id;
    struct entry entry = entry_begin(shard, &key, 0);
    record_received_write(&entry.w, record);
    entry_put(shard, &entry, NULL);
}

void journal_received(struct shard *shard, const struct session *session,
                      uint16_t packet_id, uint64_t stamp, uint64_t lacking,
                      uint64_t groups)
{
    struct record_received record = {
        .stamp = stamp,
        .lacking = lacking,
        .groups = groups,
        .shards = (uint8_t)shard->place.count,
    };
    received_put(shard, session, packet_id, &record);
}

void journal_doubt(struct shard *shard, const struct session *session,
                   const struct doubt *doubt)
{
    struct record_received record = {
        .stamp = doubt->stamp,
        .lacking = doubt->later,
        .groups = doubt->groups,
        .shards = (uint8_t)shard->place.count,
        .settled = true,
    };
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

void journal_heard(struct shard *shard, uint64_t stamp, bool passed)
{
    assert(shard->journal.on);
    uint16_t from = shard_of_stamp(stamp);
    assert(from < SHARDS_MAX && from != shard->place.index);
    if (passed) shard->journal.passed[from] = stamp;
    struct record_key key = {
        .kind = RECORD_HEARD, .shard = shard->place.index, .from = from};
    struct record_heard record = {.stamp = stamp,
                                  .passed = shard->journal.passed[from]};
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
        .due_ms = session->will_ms,
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
