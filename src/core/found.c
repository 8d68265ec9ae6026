/* found.c - a delivery that can't go to its session yet, at start. */
#include "core/found.h"

#include "core/awaited.h"
#include "core/delivery.h"
#include "core/handover.h"
#include "core/journal.h"
#include "core/membership.h"
#include "core/outbound.h"
#include "core/record.h"
#include "core/restore.h"
#include "core/restored.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"

#include <assert.h>

struct found {
    struct link link;
    struct restored *of; /* NULL: the session has ended */
    struct delivery *delivery;
    struct awaited *awaited; /* of version 1, else NULL */
    uint16_t client_size;    /* without a session: as in its key */
    uint8_t client[RECORD_TEXT_MAX];
};

/* --- coming and going ---------------------------------------------------- */

/* Let the delivery wait, for `of` or, with NULL, for its group. */
static struct found *found_new(struct shard *shard, struct restored *of,
                               const struct record_delivery *record,
                               uint64_t order)
{
    assert(record->old || of == NULL);
    struct found *found = pool_take(shard->pool, sizeof *found);
    found->of = of;
    found->delivery = delivery_build(shard, record);
    found->delivery->order = order;
    if (record->old) {
        found->awaited = awaited_make(shard, record->stamp, record->home);
    }
    list_push(&shard->restore->founds, &found->link);
    return found;
}

static void found_free(struct shard *shard, struct found *found)
{
    list_remove(&found->link);
    if (found->delivery != NULL) delivery_free(shard, found->delivery);
    pool_give(shard->pool, found, sizeof *found);
}

void founds_fini(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->founds) {
        found_free(shard, OWNER(at, struct found, link));
    }
}

/* --- as they come -------------------------------------------------------- */

/* Did a crash find the message on its way from this member of a group to
 * itself? Then it is there twice. */
static bool found_twice(const struct awaited *awaited,
                        const struct restored *of, const struct delivery *d)
{
    const struct delivery *last = awaited->last;
    return last != NULL && awaited->last_of == of && d->group != NULL &&
           d->group == last->group && last->packet_id == 0;
}

enum err found_delivery(struct shard *shard, struct restored *restored,
                        const struct record_key *key,
                        const struct record_delivery *record)
{
    struct membership *membership =
        record->group.size == 0
            ? NULL
            : membership_find(restored->session, record->group);
    assert(record->old);
    restored->old = true;
    struct found *found = found_new(shard, restored, record, key->number);
    struct delivery *d = found->delivery;
    if (membership != NULL) d->group = body_ref(membership->group);
    struct awaited *awaited = found->awaited;
    if (found_twice(awaited, restored, d)) {
        found_free(shard, found);
        return ERR_ID_IN_USE;
    }
    awaited->last = d;
    awaited->last_of = restored;
    return OK;
}

enum err found_stray(struct shard *shard, const struct record_key *key,
                     const struct record_delivery *record)
{
    if (!restore_mine(shard, key->client)) return OK;
    if (record->group.size == 0) return ERR_ID_UNKNOWN;
    assert(record->old);
    assert(key->client.size <= RECORD_TEXT_MAX);
    struct found *found = found_new(shard, NULL, record, key->number);
    found->delivery->group = body_of_text(shard->pool, record->group);
    found->client_size = (uint16_t)key->client.size;
    memcpy(found->client, key->client.data, key->client.size);
    return OK;
}

enum err found_handover(struct shard *shard, const struct record_key *key,
                        struct bytes value)
{
    if (!restore_mine(shard, key->client)) return OK;
    assert(key->client.size <= RECORD_TEXT_MAX);
    struct record_delivery record;
    struct message m;
    enum err e = record_delivery_read(value, &record);
    if (e == OK && record.group.size == 0) e = ERR_MALFORMED;
    if (e == OK) e = record_message_read(shard->restore->message, &m);
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
                     "A stored message for client %s is lost: it has no body, "
                     "or no free id",
                     session_name(session));
        journal_delivery_drop(shard, session_id(session), d->order, 0);
        return;
    }
    found->delivery = NULL;
}

void founds_settle(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->founds) {
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

/* Let another member of the group have it. */
static void found_give(struct shard *shard, struct found *found)
{
    assert(found->of == NULL);
    struct delivery *d = found->delivery;
    struct bytes client = bytes_at(found->client, found->client_size);
    assert(d->group != NULL);
    uint64_t handover = 0;
    if (d->stored) {
        handover = handover_go_on(shard, client, d);
    } else {
        journal_delivery_drop(shard, client, d->order, 0);
    }
    struct session_ref nobody = {0};
    if (d->body == NULL) return;
    share_return(shard, nobody, d->group, d->body, handover);
}

void founds_give(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->founds) {
        struct found *found = OWNER(at, struct found, link);
        found_give(shard, found);
        found_free(shard, found);
    }
    assert(list_empty(&shard->restore->founds));
}
