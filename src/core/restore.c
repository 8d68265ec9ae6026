/* restore.c - what was stored comes back, at start. */
#include "core/restore.h"

#include "core/awaited.h"
#include "core/doubted.h"
#include "core/found.h"
#include "core/grave.h"
#include "core/journal.h"
#include "core/message.h"
#include "core/record.h"
#include "core/restored.h"
#include "core/retain.h"
#include "core/state.h"

#include <assert.h>

enum { STAMP_SHARD_BITS = 6 };

/* Takes one record, whose key is whole. */
typedef enum err restore_one(struct shard *shard, const struct record_key *key,
                             struct bytes value);

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
    assert(restore->restored == NULL && !restore->ended);
    shard->restore = restore;
    return restore;
}

void restore_fini(struct shard *shard)
{
    struct restore *restore = shard->restore;
    if (restore == NULL) return;
    founds_fini(shard);
    restoreds_fini(shard);
    doubteds_fini(shard);
    awaiteds_fini(shard);
    buffer_fini(&restore->client);
    pool_give(shard->pool, restore, sizeof *restore);
    shard->restore = NULL;
}

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

bool restore_mine(const struct shard *shard, struct bytes client)
{
    return place_home(&shard->place, client) == shard->place.index;
}

void restore_clock(struct shard *shard, uint64_t stamp)
{
    uint64_t clock = stamp >> STAMP_SHARD_BITS;
    if (shard->clock < clock) shard->clock = clock;
}

/* From now on records of `client` come. */
static void restore_turn(struct restore *restore, struct bytes client)
{
    restore->client.size = 0;
    buffer_append(&restore->client, client);
    restore->restored = NULL;
    restore->known = false;
}

/* --- records ------------------------------------------------------------- */

/* A record of a session that has ended. */
static enum err restore_stray(struct shard *shard, const struct record_key *key,
                              struct bytes value)
{
    struct record_delivery record;
    bool mine = restore_mine(shard, key->client);
    if (key->kind != RECORD_DELIVERY ||
        record_delivery_read(value, &record) != OK) {
        return mine ? ERR_ID_UNKNOWN : OK;
    }
    if (record.old) {
        shard->restore->old = true;
        return found_stray(shard, key, &record);
    }
    if (mine) grave_restore(shard, key->client, key->number);
    return OK;
}

static enum err restore_message(struct shard *shard,
                                const struct record_key *key,
                                struct bytes value)
{
    (void)value;
    restore_clock(shard, key->number);
    return OK;
}

static enum err restore_retained(struct shard *shard,
                                 const struct record_key *key,
                                 struct bytes value)
{
    struct message m;
    enum err e = record_message_read(value, &m);
    if (e != OK) return restore_mine(shard, key->text) ? e : OK;
    restore_clock(shard, m.stamp);
    if (shard_of(shard, m.topic) != shard->place.index) return OK;
    if (!record_text_is(key->text, m.topic)) return ERR_MALFORMED;
    if (!m.retain || m.payload.size == 0) return ERR_MALFORMED;
    struct body *body = message_share(&m, shard->pool);
    message_done(&m);
    return retain_take(shard->retain, &body, 0);
}

static restore_one *restore_kind(enum record_kind kind)
{
    switch (kind) {
    case RECORD_SESSION: return restored_session;
    case RECORD_DELIVERY: return restored_delivery;
    case RECORD_HANDOVER: return found_handover;
    case RECORD_MEMBERSHIP: return restored_membership;
    case RECORD_RECEIVED: return restored_received;
    case RECORD_SUBSCRIPTION: return restored_subscription;
    case RECORD_WILL: return restored_will;
    case RECORD_MESSAGE: return restore_message;
    case RECORD_MESSAGE_OLD: return awaited_message;
    case RECORD_HEARD: return doubted_heard;
    case RECORD_RETAINED: return restore_retained;
    }
    return NULL;
}

/* A record of a client: it must belong to a session that came before. */
static enum err restore_client(struct shard *shard,
                               const struct record_key *key, struct bytes value)
{
    struct restore *restore = shard->restore;
    assert(key->client.size > 0);
    if (!bytes_equal(buffer_bytes(&restore->client), key->client)) {
        restore_turn(restore, key->client);
    }
    if (key->kind == RECORD_SESSION) {
        enum err e = restored_session(shard, key, value);
        return e == OK || restore_mine(shard, key->client) ? e : OK;
    }
    bool delivery = key->kind == RECORD_DELIVERY && value.size > 0;
    if (delivery && value.data[0] == RECORD_VERSION) restore->old = true;
    if (delivery || key->kind == RECORD_HANDOVER) {
        restore_clock(shard, key->number);
    }
    if (key->kind == RECORD_HANDOVER) {
        return found_handover(shard, key, value);
    }
    if (!restore->known) return restore_stray(shard, key, value);
    if (restore->restored == NULL) return OK;
    return restore_kind(key->kind)(shard, key, value);
}

/* --- the end ------------------------------------------------------------- */

static void restore_end(struct shard *shard)
{
    struct restore *restore = shard->restore;
    if (restore == NULL) return;
    assert(!restore->ended);
    founds_settle(shard);
    restoreds_stored(shard);
    doubteds_settle(shard);
    restoreds_settle(shard);
    restore->ended = true;
    if (list_empty(&restore->founds)) restore_fini(shard);
}

void restore_late(struct shard *shard)
{
    if (shard->restore == NULL || !shard->restore->ended) return;
    founds_give(shard);
    restore_fini(shard);
}

void restore_record(struct shard *shard, struct bytes key, struct bytes value,
                    struct bytes message)
{
    if (key.size == 0) {
        restore_end(shard);
        return;
    }
    struct restore *restore = restore_of(shard);
    assert(!restore->ended);
    restore->message = message;
    struct record_key parts;
    enum err e = record_key_read(key, &parts);
    if (e != OK) {
        if (shard->place.index == 0) restore_refuse(shard, key, err_text(e));
        return;
    }
    if (parts.client.size > 0) {
        e = restore_client(shard, &parts, value);
    } else {
        e = restore_kind(parts.kind)(shard, &parts, value);
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
