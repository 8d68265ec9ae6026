/* restore.c - what was stored comes back, at start. */
#include "core/restore.h"

#include "core/absence.h"
#include "core/grave.h"
#include "core/journal.h"
#include "core/record.h"
#include "core/route.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"
#include "core/will.h"
#include "wire/topic.h"

#include <assert.h>

enum {
    STAMP_SHARD_BITS = 6,
    HEARD_BYTES = SHARDS_MAX * SHARDS_MAX * sizeof(struct record_heard)
};

/* A session that came back. */
struct restored {
    struct link link;
    struct session *session;
    uint16_t home;   /* the shard that wrote it */
    bool will_begun; /* its will's delay had begun */
    bool old;        /* deliveries of version 1 came */
    uint64_t handed; /* the greatest order that goes to another client */
};

/* A message of version 1 that deliveries here need. */
struct awaited {
    struct map_entry entry;
    uint64_t stamp;
    uint16_t home;
    bool failed; /* it is there, but there was no memory */
    struct body *body;
    const struct delivery *last; /* the last one that waits for it */
    const struct restored *last_of;
};

/* A delivery that waits for its message. One of a session that has ended was
 * on its way to another member of a shared group, and goes there. */
struct found {
    struct link link;
    struct restored *of; /* NULL: the session has ended */
    struct delivery *delivery;
    struct awaited *awaited; /* of version 1, else NULL */
    uint16_t client_size;    /* without a session: as in its key */
    uint8_t client[RECORD_TEXT_MAX];
};

/* An id that a client publishes under, and who may lack the message. */
struct doubted {
    struct link link;
    struct restored *of;
    uint16_t packet_id;
    struct record_received record;
};

struct restore {
    struct buffer client;      /* of the records now, as in their keys */
    struct restored *restored; /* theirs, or NULL: it is not at home here */
    bool known;                /* a session record came for them */

    struct link sessions; /* struct restored */
    struct link founds;
    struct link doubteds;
    struct map awaiteds;
    struct record_heard *heard; /* [shard][from]; or NULL */
    struct bytes message;       /* with the record now */
    bool old;                   /* deliveries of version 1 came, for anybody */
    bool ended;                 /* but for what is let go late */
};

/* --- coming and going ---------------------------------------------------- */

static struct restore *restore_of(struct shard *shard)
{
    if (shard->restore != NULL) return shard->restore;
    struct restore *restore = pool_take(shard->pool, sizeof *restore);
    buffer_init(&restore->client, shard->pool);
    list_init(&restore->sessions);
    list_init(&restore->founds);
    list_init(&restore->doubteds);
    map_init(&restore->awaiteds, shard->pool);
    shard->restore = restore;
    return restore;
}

static void awaited_visit_free(struct map_entry *entry, void *context)
{
    struct shard *shard = context;
    struct awaited *awaited = OWNER(entry, struct awaited, entry);
    map_remove(&shard->restore->awaiteds, entry);
    body_unref(awaited->body);
    pool_give(shard->pool, awaited, sizeof *awaited);
}

static void found_free(struct shard *shard, struct found *found)
{
    list_remove(&found->link);
    if (found->delivery != NULL) delivery_free(shard, found->delivery);
    pool_give(shard->pool, found, sizeof *found);
}

void restore_fini(struct shard *shard)
{
    struct restore *restore = shard->restore;
    if (restore == NULL) return;
    LIST_EACH(at, after, &restore->founds) {
        found_free(shard, OWNER(at, struct found, link));
    }
    LIST_EACH(at, after, &restore->sessions) {
        pool_give(shard->pool, OWNER(at, struct restored, link),
                  sizeof(struct restored));
    }
    LIST_EACH(at, after, &restore->doubteds) {
        pool_give(shard->pool, OWNER(at, struct doubted, link),
                  sizeof(struct doubted));
    }
    pool_give(shard->pool, restore->heard,
              restore->heard == NULL ? 0 : HEARD_BYTES);
    size_t cursor = 0;
    while (map_walk(&restore->awaiteds, &cursor, SIZE_MAX, awaited_visit_free,
                    shard)) {
    }
    map_fini(&restore->awaiteds);
    buffer_fini(&restore->client);
    pool_give(shard->pool, restore, sizeof *restore);
    shard->restore = NULL;
}

/* --- what is wrong ------------------------------------------------------- */

/* The record under `key` is of no use: say so, and delete it. */
static void restore_refuse(struct shard *shard, struct bytes key,
                           const char *why)
{
    actions_note(shard->out, NOTE_ERROR, NOTE_STATE, NULL,
                 "A stored record (%c, %zu bytes of key) is dropped: %s",
                 key.data[0] > ' ' && key.data[0] < 0x7f ? key.data[0] : '?',
                 key.size, why);
    journal_drop(shard, key);
}

/* Is it for this shard to complain of a record of `client`, as in its key? */
static bool restore_mine(const struct shard *shard, struct bytes client)
{
    return shard_home(&shard->place, client) == shard->place.index;
}

/* The clock must be beyond all stamps that were ever given, and all orders. */
static void restore_clock(struct shard *shard, uint64_t stamp)
{
    uint64_t clock = stamp >> STAMP_SHARD_BITS;
    if (shard->clock < clock) shard->clock = clock;
}

/* --- sessions ------------------------------------------------------------ */

/* From now on records of `client` come. */
static void restore_turn(struct restore *restore, struct bytes client)
{
    restore->client.size = 0;
    buffer_append(&restore->client, client);
    restore->restored = NULL;
    restore->known = false;
}

static enum err restore_session(struct shard *shard, struct restore *restore,
                                const struct record_key *key,
                                struct bytes value)
{
    struct record_session record;
    enum err e = record_session_read(value, &record);
    if (e != OK) return e;
    if (!record_text_is(key->client, record.id)) return ERR_MALFORMED;
    restore->known = true;
    restore_clock(shard, record.floor);
    bool here = shard_home(&shard->place, record.id) == shard->place.index;
    if (!here) return OK;
    if (session_find(shard, record.id) != NULL) return ERR_MALFORMED;
    struct session *session = session_new(shard, record.id);
    session->protocol = record.protocol;
    session->expiry_s = record.expiry_s;
    absence_end_at(shard, session, record.ends_ms);
    session->wrote = (uint8_t)(record.home + 1);
    session->floor = record.floor;
    session->order = 0;
    struct restored *restored = pool_take(shard->pool, sizeof *restored);
    restored->session = session;
    restored->home = record.home;
    list_push(&restore->sessions, &restored->link);
    restore->restored = restored;
    return OK;
}

static enum err restore_subscription(struct shard *shard,
                                     struct restore *restore,
                                     const struct record_key *key,
                                     struct bytes value)
{
    struct record_subscription record;
    enum err e = record_subscription_read(value, &record);
    if (e != OK) return e;
    if (!record_text_is(key->text, record.text)) return ERR_MALFORMED;
    if (topic_is_shared(record.text)) return ERR_MALFORMED;
    struct session *session = restore->restored->session;
    struct subscription *new = pool_take(shard->pool, sizeof *new);
    new->session = session;
    new->options = record.options;
    list_init(&new->of_filter);
    list_push(&session->subscriptions, &new->of_owner);
    topics_add(shard->topics, record.text, new);
    session->subscription_count += 1;
    if (record.options.no_local) session->no_local_count += 1;
    stat_add(shard, STAT_SUBSCRIPTIONS, 1);
    struct join_ref nobody = {0};
    route_announce(shard, record.text, true, nobody);
    return OK;
}

static enum err restore_membership(struct shard *shard, struct restore *restore,
                                   const struct record_key *key,
                                   struct bytes value)
{
    struct record_subscription record;
    enum err e = record_subscription_read(value, &record);
    if (e != OK) return e;
    if (!record_text_is(key->text, record.text)) return ERR_MALFORMED;
    if (!topic_is_shared(record.text)) return ERR_MALFORMED;
    struct join_ref nobody = {0};
    share_join(shard, restore->restored->session, record.text, record.options,
               nobody);
    return OK;
}

static enum err restore_received(struct shard *shard, struct restore *restore,
                                 const struct record_key *key,
                                 struct bytes value)
{
    struct record_received record;
    enum err e = record_received_read(value, &record);
    if (e != OK) return e;
    restore_clock(shard, record.stamp);
    uint16_t packet_id = (uint16_t)key->number;
    struct inbound *inbound = inbound_own(shard, restore->restored->session);
    idset_add(&inbound->received, shard->pool, packet_id);
    if ((record.lacking | record.groups) == 0) return OK;
    struct doubted *doubted = pool_take(shard->pool, sizeof *doubted);
    doubted->of = restore->restored;
    doubted->packet_id = packet_id;
    doubted->record = record;
    list_push(&restore->doubteds, &doubted->link);
    return OK;
}

/* Stamps beyond those of sessions at home are of no interest, but harmless. */
static enum err restore_heard(struct shard *shard, struct restore *restore,
                              const struct record_key *key, struct bytes value)
{
    struct record_heard record;
    enum err e = record_heard_read(value, &record);
    if (e != OK) return shard->place.index == 0 ? e : OK;
    restore_clock(shard, record.stamp);
    if (restore->heard == NULL) {
        restore->heard = pool_take(shard->pool, HEARD_BYTES);
    }
    restore->heard[key->shard * SHARDS_MAX + key->from] = record;
    return OK;
}

static enum err restore_will(struct shard *shard, struct restore *restore,
                             const struct record_key *key, struct bytes value)
{
    struct record_will record;
    struct message m;
    enum err e = record_will_read(value, &record, &m);
    if (e != OK) return e;
    assert(key->kind == RECORD_WILL);
    struct session *session = restore->restored->session;
    struct body *body = message_share(&m, shard->pool);
    message_done(&m);
    if (body == NULL) return ERR_NO_MEMORY;
    assert(session->will == NULL);
    session->will = pool_take(shard->pool, sizeof *session->will);
    *session->will = (struct will){
        .body = body, .delay_s = record.delay_s, .expiry_s = record.expiry_s};
    absence_will_at(shard, session, record.due_ms);
    restore->restored->will_begun = record.due_ms != 0;
    return OK;
}

/* --- deliveries ---------------------------------------------------------- */

struct awaited_key {
    uint64_t stamp;
    uint16_t home;
};

static bool awaited_same(const struct map_entry *entry, const void *key)
{
    const struct awaited *awaited = OWNER(entry, const struct awaited, entry);
    const struct awaited_key *wanted = key;
    return awaited->stamp == wanted->stamp && awaited->home == wanted->home;
}

/* The message `stamp` that shard `home` keeps, if a delivery waits for it. */
static struct awaited *awaited_find(const struct shard *shard,
                                    struct awaited_key key, uint64_t *hash)
{
    uint64_t x = (key.stamp ^ (uint64_t)key.home << 56) * 0x9e3779b97f4a7c15;
    *hash = x ^ x >> 32;
    struct map_entry *entry =
        map_find(&shard->restore->awaiteds, *hash, awaited_same, &key);
    return entry == NULL ? NULL : OWNER(entry, struct awaited, entry);
}

static struct awaited *awaited_make(struct shard *shard, struct awaited_key key)
{
    uint64_t hash;
    struct awaited *awaited = awaited_find(shard, key, &hash);
    if (awaited != NULL) return awaited;
    awaited = pool_take(shard->pool, sizeof *awaited);
    awaited->stamp = key.stamp;
    awaited->home = key.home;
    map_insert(&shard->restore->awaiteds, &awaited->entry, hash);
    return awaited;
}

/* Did a crash find the message on its way from this member of a group to
 * itself? Then it is there twice. */
static bool delivery_twice(const struct awaited *awaited,
                           const struct restored *of, const struct delivery *d)
{
    const struct delivery *last = awaited->last;
    return last != NULL && awaited->last_of == of && d->group != NULL &&
           d->group == last->group && last->packet_id == 0;
}

/* Let the delivery wait, for `of` or, with NULL, for its group. */
static struct found *found_new(struct shard *shard, struct restored *of,
                               const struct record_delivery *record,
                               uint64_t order)
{
    struct found *found = pool_take(shard->pool, sizeof *found);
    found->of = of;
    found->delivery = delivery_build(shard, record);
    found->delivery->order = order;
    if (record->old) {
        struct awaited_key wanted = {record->stamp, record->home};
        found->awaited = awaited_make(shard, wanted);
    }
    list_push(&shard->restore->founds, &found->link);
    return found;
}

static enum err restore_delivery_old(struct shard *shard,
                                     struct restored *restored,
                                     const struct record_key *key,
                                     const struct record_delivery *record)
{
    struct membership *membership =
        record->group.size == 0 ? NULL
                                : share_find(restored->session, record->group);
    restored->old = true;
    struct found *found = found_new(shard, restored, record, key->number);
    struct delivery *d = found->delivery;
    if (membership != NULL) d->group = body_ref(membership->group);
    struct awaited *awaited = found->awaited;
    if (delivery_twice(awaited, restored, d)) {
        found_free(shard, found);
        return ERR_ID_IN_USE;
    }
    awaited->last = d;
    awaited->last_of = restored;
    return OK;
}

/* What was sent, and is sent again. */
static enum err restore_sent(struct shard *shard, struct session *session,
                             const struct record_delivery *record)
{
    struct message m;
    enum err e = record_message_read(shard->restore->message, &m);
    if (e != OK) return e;
    struct delivery *d = delivery_stored(shard, session, record, &m);
    if (d == NULL) return ERR_NO_MEMORY;
    if (outbound_restore(shard, session, d)) return OK;
    delivery_free(shard, d);
    return ERR_MALFORMED;
}

static enum err restore_delivery(struct shard *shard, struct restore *restore,
                                 const struct record_key *key,
                                 struct bytes value)
{
    struct record_delivery record;
    enum err e = record_delivery_read(value, &record);
    if (e != OK) return e;
    struct session *session = restore->restored->session;
    if (record.old) {
        return restore_delivery_old(shard, restore->restored, key, &record);
    }
    if (key->number < session->floor) {
        grave_restore(shard, key->client, key->number);
        return OK;
    }
    if (record.order != key->number) return ERR_MALFORMED;
    if (record.order <= session->order) return ERR_MALFORMED;
    if (record.packet_id != 0) return restore_sent(shard, session, &record);
    if (!backlog_restore(shard, session, &record)) return ERR_MALFORMED;
    session->order = record.order;
    return OK;
}

/* What was on its way to another member of a shared subscription goes there,
 * later. */
static enum err restore_handover(struct shard *shard, struct restore *restore,
                                 const struct record_key *key,
                                 struct bytes value)
{
    struct restored *restored = restore->restored;
    if (restored != NULL && restored->handed < key->number) {
        restored->handed = key->number;
    }
    if (!restore_mine(shard, key->client)) return OK;
    struct record_delivery record;
    struct message m;
    enum err e = record_delivery_read(value, &record);
    if (e == OK && record.group.size == 0) e = ERR_MALFORMED;
    if (e == OK) e = record_message_read(restore->message, &m);
    if (e != OK) return e;
    struct found *found = found_new(shard, NULL, &record, key->number);
    struct delivery *d = found->delivery;
    d->stored = true;
    d->body = message_share(&m, shard->pool);
    message_done(&m);
    d->group = body_of_text(shard->pool, record.group);
    found->client_size = (uint16_t)key->client.size;
    memcpy(found->client, key->client.data, key->client.size);
    return OK;
}

/* One of version 1, of a session that has ended. */
static enum err restore_stray_old(struct shard *shard,
                                  const struct record_key *key,
                                  const struct record_delivery *record)
{
    if (!restore_mine(shard, key->client)) return OK;
    if (record->group.size == 0) return ERR_ID_UNKNOWN;
    struct found *found = found_new(shard, NULL, record, key->number);
    found->delivery->group = body_of_text(shard->pool, record->group);
    found->client_size = (uint16_t)key->client.size;
    memcpy(found->client, key->client.data, key->client.size);
    return OK;
}

/* A record of a session that has ended. */
static enum err restore_stray(struct shard *shard, struct restore *restore,
                              const struct record_key *key, struct bytes value)
{
    struct record_delivery record;
    bool mine = restore_mine(shard, key->client);
    if (key->kind != RECORD_DELIVERY ||
        record_delivery_read(value, &record) != OK) {
        return mine ? ERR_ID_UNKNOWN : OK;
    }
    if (record.old) {
        restore->old = true;
        return restore_stray_old(shard, key, &record);
    }
    if (mine) grave_restore(shard, key->client, key->number);
    return OK;
}

/* --- messages ------------------------------------------------------------ */

static enum err restore_message(struct shard *shard, struct restore *restore,
                                const struct record_key *key,
                                struct bytes value)
{
    (void)restore;
    (void)value;
    restore_clock(shard, key->number);
    return OK;
}

/* Nobody needs them once nothing of version 1 is left. */
static enum err restore_message_old(struct shard *shard,
                                    struct restore *restore,
                                    const struct record_key *key,
                                    struct bytes value)
{
    restore_clock(shard, key->number);
    uint64_t hash;
    struct awaited_key wanted = {key->number, key->shard};
    struct awaited *awaited = awaited_find(shard, wanted, &hash);
    if (awaited == NULL) {
        bool orphan = !restore->old && shard->place.index == 0;
        return orphan ? ERR_ID_UNKNOWN : OK;
    }
    struct message m;
    enum err e = record_message_read(value, &m);
    if (e != OK) return e;
    if (m.stamp != key->number) return ERR_MALFORMED;
    awaited->body = message_share(&m, shard->pool);
    message_done(&m);
    awaited->failed = awaited->body == NULL;
    return OK;
}

static enum err restore_retained(struct shard *shard, struct restore *restore,
                                 const struct record_key *key,
                                 struct bytes value)
{
    (void)restore;
    struct message m;
    enum err e = record_message_read(value, &m);
    if (e != OK) return restore_mine(shard, key->text) ? e : OK;
    restore_clock(shard, m.stamp);
    if (shard_of(shard, m.topic) != shard->place.index) return OK;
    if (!record_text_is(key->text, m.topic)) return ERR_MALFORMED;
    if (!m.retain || m.payload.size == 0) return ERR_MALFORMED;
    struct body *body = message_share(&m, shard->pool);
    message_done(&m);
    if (body == NULL) return ERR_NO_MEMORY;
    return retain_take(shard->retain, &body, 0);
}

/* --- the end ------------------------------------------------------------- */

/* Queue `found`'s delivery, or leave it out. */
static void found_settle(struct shard *shard, struct found *found)
{
    struct session *session = found->of->session;
    struct delivery *d = found->delivery;
    assert(found->awaited != NULL);
    bool taken = d->body != NULL && outbound_restore(shard, session, d);
    if (!taken) {
        actions_note(shard->out, NOTE_ERROR, NOTE_STATE, NULL,
                     "A stored message for client %s is lost: %s",
                     session_name(session),
                     found->awaited->failed ? "there is no memory for it"
                                            : "it has no body, or no free id");
        if (!found->awaited->failed) {
            journal_delivery_drop(shard, session_id(session), d->order, 0);
        }
        return;
    }
    found->delivery = NULL;
}

/* Let another member of the group have it. */
static void found_give(struct shard *shard, struct found *found)
{
    struct delivery *d = found->delivery;
    struct bytes client = bytes_at(found->client, found->client_size);
    bool old = !d->stored;
    if (d->body != NULL && d->group != NULL) {
        delivery_give(shard, (struct session_ref){0}, client, d);
    }
    if (old) journal_delivery_drop(shard, client, d->order, 0);
    d->stored = false;
}

/* Now that all messages are there: give each delivery its own. */
static void founds_settle(struct shard *shard, struct restore *restore)
{
    LIST_EACH(at, after, &restore->founds) {
        struct found *found = OWNER(at, struct found, link);
        const struct awaited *awaited = found->awaited;
        if (awaited != NULL && awaited->body != NULL) {
            found->delivery->body = body_ref(awaited->body);
        }
        if (found->of == NULL) continue;
        found_settle(shard, found);
        found_free(shard, found);
    }
}

/* Leave out of `record` the shards that heard it, and so do not lack it. */
static void doubted_hear(const struct restore *restore,
                         struct record_received *record)
{
    uint16_t from = shard_of_stamp(record->stamp);
    if (record->settled || restore->heard == NULL) return;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        struct record_heard heard = restore->heard[i * SHARDS_MAX + from];
        if (heard.stamp < record->stamp) continue;
        record->lacking &= ~(UINT64_C(1) << i);
        if (heard.passed >= record->stamp) continue;
        record->groups &= ~(UINT64_C(1) << i);
    }
}

/* Sessions are known by where they were; after another crash, if the number of
 * shards is another now, they could be anywhere. */
static void doubted_settle(struct shard *shard, struct doubted *doubted)
{
    struct record_received *record = &doubted->record;
    struct session *session = doubted->of->session;
    doubted_hear(shard->restore, record);
    struct doubt doubt = {
        .stamp = record->stamp,
        .lacking = record->lacking,
        .later = record->lacking,
        .groups = record->groups,
        .packet_id = doubted->packet_id,
    };
    if ((doubt.lacking | doubt.groups) != 0) {
        bool moved = record->shards != shard->place.count;
        if (moved && doubt.lacking != 0) doubt.later = UINT64_MAX;
        if (moved) doubt.groups = UINT64_MAX;
        inbound_doubt_add(inbound_own(shard, session), shard->pool, doubt);
    }
    journal_doubt(shard, session, &doubt);
}

/* Its deliveries are of version 1: they get other orders, without gaps, and a
 * place behind all that were. */
static void restored_renew(struct shard *shard, struct session *session)
{
    struct outbound *o = session->outbound;
    LIST_EACH(at, after, &o->queue) {
        struct delivery *d = OWNER(at, struct delivery, link);
        journal_delivery_drop(shard, session_id(session), d->order, 0);
        d->order = 0;
    }
    journal_session_whole(shard, session);
    backlog_detach(shard, session);
}

/* No order is used again: a record of the other kind may have it. */
static void restored_order(struct shard *shard, const struct restored *restored)
{
    struct session *session = restored->session;
    if (session->order == 0) session->order = shard_stamp(shard);
    if (session->order < restored->handed) session->order = restored->handed;
}

/* A session that was connected when the broker ended is alone since now: what
 * counts from then begins, and must be on disk. So must be where it is now. */
static void restored_settle(struct shard *shard, struct restored *restored)
{
    struct session *session = restored->session;
    session->will_stored = session->will != NULL;
    bool was_here = absence_ends_ms(session) == 0;
    session_restored(shard, session);
    restored_order(shard, restored);
    if (restored->old) {
        restored_renew(shard, session);
        return;
    }
    bool moved = restored->home != shard->place.index;
    if (moved || (was_here && absence_ends_ms(session) != 0)) {
        journal_session(shard, session);
    }
    if (!restored->will_begun && session->will != NULL) {
        journal_will(shard, session);
    }
}

static void restore_end(struct shard *shard)
{
    struct restore *restore = shard->restore;
    if (restore == NULL) return;
    founds_settle(shard, restore);
    LIST_EACH(at, after, &restore->sessions) {
        OWNER(at, struct restored, link)->session->stored = true;
    }
    LIST_EACH(at, after, &restore->doubteds) {
        doubted_settle(shard, OWNER(at, struct doubted, link));
    }
    LIST_EACH(at, after, &restore->sessions) {
        restored_settle(shard, OWNER(at, struct restored, link));
    }
    restore->ended = true;
    if (list_empty(&restore->founds)) restore_fini(shard);
}

void restore_late(struct shard *shard)
{
    if (shard->restore == NULL || !shard->restore->ended) return;
    LIST_EACH(at, after, &shard->restore->founds) {
        struct found *found = OWNER(at, struct found, link);
        found_give(shard, found);
        found_free(shard, found);
    }
    restore_fini(shard);
}

/* --- one record ---------------------------------------------------------- */

typedef enum err restore_one(struct shard *shard, struct restore *restore,
                             const struct record_key *key, struct bytes value);

static restore_one *restore_kind(enum record_kind kind)
{
    switch (kind) {
    case RECORD_SESSION: return restore_session;
    case RECORD_DELIVERY: return restore_delivery;
    case RECORD_HANDOVER: return restore_handover;
    case RECORD_MEMBERSHIP: return restore_membership;
    case RECORD_RECEIVED: return restore_received;
    case RECORD_SUBSCRIPTION: return restore_subscription;
    case RECORD_WILL: return restore_will;
    case RECORD_MESSAGE: return restore_message;
    case RECORD_MESSAGE_OLD: return restore_message_old;
    case RECORD_HEARD: return restore_heard;
    case RECORD_RETAINED: return restore_retained;
    }
    return NULL;
}

/* A record of a client: it must belong to a session that came before. */
static enum err restore_client(struct shard *shard, struct restore *restore,
                               const struct record_key *key, struct bytes value)
{
    if (!bytes_equal(buffer_bytes(&restore->client), key->client)) {
        restore_turn(restore, key->client);
    }
    if (key->kind == RECORD_SESSION) {
        enum err e = restore_session(shard, restore, key, value);
        return e == OK || restore_mine(shard, key->client) ? e : OK;
    }
    bool delivery = key->kind == RECORD_DELIVERY && value.size > 0;
    if (delivery && value.data[0] == RECORD_VERSION) restore->old = true;
    if (delivery || key->kind == RECORD_HANDOVER) {
        restore_clock(shard, key->number);
    }
    if (key->kind == RECORD_HANDOVER) {
        return restore_handover(shard, restore, key, value);
    }
    if (!restore->known) return restore_stray(shard, restore, key, value);
    if (restore->restored == NULL) return OK;
    return restore_kind(key->kind)(shard, restore, key, value);
}

void restore_record(struct shard *shard, struct bytes key, struct bytes value,
                    struct bytes message)
{
    if (key.size == 0) {
        restore_end(shard);
        return;
    }
    struct restore *restore = restore_of(shard);
    restore->message = message;
    struct record_key parts;
    enum err e = record_key_read(key, &parts);
    if (e != OK) {
        if (shard->place.index == 0) restore_refuse(shard, key, err_text(e));
        return;
    }
    if (parts.client.size > 0) {
        e = restore_client(shard, restore, &parts, value);
    } else {
        e = restore_kind(parts.kind)(shard, restore, &parts, value);
    }
    bool expected = e == ERR_ID_IN_USE ||
                    (e == ERR_ID_UNKNOWN && parts.kind == RECORD_MESSAGE_OLD);
    if (expected) {
        journal_drop(shard, key);
    } else if (e == ERR_ID_UNKNOWN) {
        restore_refuse(shard, key, "it belongs to nothing");
    } else if (e != OK) {
        restore_refuse(shard, key, err_text(e));
    }
}
