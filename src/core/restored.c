/* restored.c - a session that comes back, at start, with its parts. */
#include "core/restored.h"

#include "core/absence.h"
#include "core/backlog.h"
#include "core/delivery.h"
#include "core/doubted.h"
#include "core/found.h"
#include "core/grave.h"
#include "core/journal.h"
#include "core/membership.h"
#include "core/message.h"
#include "core/outbound.h"
#include "core/record.h"
#include "core/restore.h"
#include "core/route.h"
#include "core/session.h"
#include "core/state.h"
#include "core/topics.h"
#include "core/will.h"
#include "wire/topic.h"

#include <assert.h>

/* --- a session, and its parts -------------------------------------------- */

enum err restored_session(struct shard *shard, const struct record_key *key,
                          struct bytes value)
{
    struct record_session record;
    enum err e = record_session_read(value, &record);
    if (e != OK) return e;
    if (!record_text_is(key->client, record.id)) return ERR_MALFORMED;
    shard->restore->known = true;
    restore_clock(shard, record.floor);
    bool here = place_home(&shard->place, record.id) == shard->place.index;
    if (!here) return OK;
    if (session_find(shard, record.id) != NULL) return ERR_MALFORMED;
    assert(shard->restore->restored == NULL);
    struct session *session = session_new(shard, record.id);
    session->protocol = record.protocol;
    session->expiry_s = record.expiry_s;
    absence_end_at(shard, session, record.ends_ms);
    session->came_back = true;
    session->floor = record.floor;
    session->order = 0;
    struct restored *restored = pool_take(shard->pool, sizeof *restored);
    restored->session = session;
    restored->home = record.home;
    list_push(&shard->restore->sessions, &restored->link);
    shard->restore->restored = restored;
    return OK;
}

enum err restored_subscription(struct shard *shard,
                               const struct record_key *key, struct bytes value)
{
    struct record_subscription record;
    enum err e = record_subscription_read(value, &record);
    if (e != OK) return e;
    if (!record_text_is(key->text, record.text)) return ERR_MALFORMED;
    if (topic_is_shared(record.text)) return ERR_MALFORMED;
    struct session *session = shard->restore->restored->session;
    struct subscriber subscriber = {.session = session,
                                    .options = record.options};
    struct subscription *new =
        topics_add(shard->topics, record.text, &subscriber);
    list_push(&session->subscriptions, &new->of_owner);
    session->subscription_count += 1;
    if (record.options.no_local) session->no_local_count += 1;
    stat_add(shard, STAT_SUBSCRIPTIONS, 1);
    struct join_ref nobody = {0};
    route_announce(shard, record.text, true, nobody);
    return OK;
}

enum err restored_membership(struct shard *shard, const struct record_key *key,
                             struct bytes value)
{
    struct record_subscription record;
    enum err e = record_subscription_read(value, &record);
    if (e != OK) return e;
    if (!record_text_is(key->text, record.text)) return ERR_MALFORMED;
    if (!topic_is_shared(record.text)) return ERR_MALFORMED;
    struct join_ref nobody = {0};
    membership_join(shard, shard->restore->restored->session, record.text,
                    record.options, nobody);
    return OK;
}

enum err restored_received(struct shard *shard, const struct record_key *key,
                           struct bytes value)
{
    return doubted_received(shard, shard->restore->restored, key, value);
}

enum err restored_will(struct shard *shard, const struct record_key *key,
                       struct bytes value)
{
    struct record_will record;
    struct message m;
    enum err e = record_will_read(value, &record, &m);
    if (e != OK) return e;
    assert(key->kind == RECORD_WILL);
    struct session *session = shard->restore->restored->session;
    struct body *body = message_share(&m, shard->pool);
    message_done(&m);
    assert(session->will == NULL);
    session->will = pool_take(shard->pool, sizeof *session->will);
    *session->will = (struct will){
        .body = body, .delay_s = record.delay_s, .expiry_s = record.expiry_s};
    absence_will_at(shard, session, record.due_ms);
    shard->restore->restored->will_begun = record.due_ms != 0;
    return OK;
}

/* What was sent, and is sent again. */
static enum err restored_sent(struct shard *shard, struct session *session,
                              const struct record_delivery *record)
{
    struct message m;
    enum err e = record_message_read(shard->restore->message, &m);
    if (e != OK) return e;
    struct delivery *d = delivery_stored(shard, session, record, &m);
    assert(d->packet_id == record->packet_id);
    if (outbound_restore(shard, session, d)) return OK;
    delivery_free(shard, d);
    return ERR_MALFORMED;
}

enum err restored_delivery(struct shard *shard, const struct record_key *key,
                           struct bytes value)
{
    struct record_delivery record;
    enum err e = record_delivery_read(value, &record);
    if (e != OK) return e;
    struct session *session = shard->restore->restored->session;
    if (record.old) {
        return found_delivery(shard, shard->restore->restored, key, &record);
    }
    if (key->number < session->floor) {
        grave_restore(shard, key->client, key->number);
        return OK;
    }
    if (record.order != key->number) return ERR_MALFORMED;
    if (record.order <= session->order) return ERR_MALFORMED;
    if (record.packet_id != 0) return restored_sent(shard, session, &record);
    if (!backlog_restore(shard, session, &record)) return ERR_MALFORMED;
    session->order = record.order;
    return OK;
}

/* --- the end ------------------------------------------------------------- */

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

/* A session that was connected when the broker ended is alone since now: what
 * counts from then begins, and must be on disk. So must be where it is now. */
static void restored_settle(struct shard *shard, struct restored *restored)
{
    struct session *session = restored->session;
    assert(session->stored && session->conn == NULL);
    session->will_stored = session->will != NULL;
    bool was_here = absence_ends_ms(session) == 0;
    session_restored(shard, session);
    if (session->order == 0) session->order = shard_stamp(shard);
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

void restoreds_stored(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->sessions) {
        OWNER(at, struct restored, link)->session->stored = true;
    }
}

void restoreds_settle(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->sessions) {
        restored_settle(shard, OWNER(at, struct restored, link));
    }
}

void restoreds_fini(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->sessions) {
        pool_give(shard->pool, OWNER(at, struct restored, link),
                  sizeof(struct restored));
    }
    list_init(&shard->restore->sessions);
}
