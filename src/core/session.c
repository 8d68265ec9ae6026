/* session.c - what the broker remembers for one client id. */
#include "core/session.h"

#include "core/absence.h"
#include "core/conn.h"
#include "core/grant.h"
#include "core/journal.h"
#include "core/membership.h"
#include "core/recall.h"
#include "core/state.h"
#include "core/subscribe.h"
#include "core/will.h"

#include <assert.h>

/* --- finding ------------------------------------------------------------- */

static uint64_t session_hash(const struct shard *shard, struct bytes client_id)
{
    return hash_bytes(&shard->place.key, client_id);
}

static bool session_same(const struct map_entry *entry, const void *key)
{
    const struct bytes *client_id = key;
    const struct session *session = OWNER(entry, const struct session, by_id);
    return bytes_equal(session_id(session), *client_id);
}

struct session *session_find(struct shard *shard, struct bytes client_id)
{
    struct map_entry *entry =
        map_find(&shard->sessions, session_hash(shard, client_id), session_same,
                 &client_id);
    return entry == NULL ? NULL : OWNER(entry, struct session, by_id);
}

struct session *session_by_ref(struct shard *shard, struct session_ref ref)
{
    if (ref.generation == 0) return NULL;
    struct session *session = table_get(&shard->session_slots, ref.slot);
    if (session == NULL) return NULL;
    return session_ref_equal(session->ref, ref) ? session : NULL;
}

/* --- ties ---------------------------------------------------------------- */

/* Of all who have none; never written. */
static const struct session_ties no_ties = {
    .memberships = LIST_EMPTY(no_ties.memberships),
    .recalls = LIST_EMPTY(no_ties.recalls),
};

struct session_ties *session_tie(struct shard *shard, struct session *session)
{
    struct session_ties *ties = session->ties;
    if (ties != &no_ties) return ties;
    ties = pool_take(shard->pool, sizeof *ties);
    list_init(&ties->memberships);
    list_init(&ties->recalls);
    session->ties = ties;
    return ties;
}

void session_untie(struct shard *shard, struct session *session)
{
    struct session_ties *ties = session->ties;
    if (ties == &no_ties) return;
    if (!list_empty(&ties->memberships) || !list_empty(&ties->recalls)) return;
    assert(ties->membership_count == 0);
    session->ties = (struct session_ties *)(uintptr_t)&no_ties;
    pool_give(shard->pool, ties, sizeof *ties);
}

/* --- coming -------------------------------------------------------------- */

/* A reference for `session`, from now on good for session_by_ref. */
static struct session_ref slot_take(struct shard *shard,
                                    struct session *session)
{
    uint32_t slot = table_add(&shard->session_slots, session);
    shard->generation += 1;
    if (shard->generation == 0) shard->generation = 1;
    return (struct session_ref){slot, shard->generation};
}

struct session *session_new(struct shard *shard, struct bytes client_id)
{
    assert(client_id.size > 0 && client_id.size <= UINT16_MAX);
    assert(session_find(shard, client_id) == NULL);
    struct session *session =
        pool_take(shard->pool, sizeof *session + client_id.size + 1);
    memcpy(session->id, client_id.data, client_id.size);
    session->id_size = (uint16_t)client_id.size;
    session->ref = slot_take(shard, session);
    list_init(&session->subscriptions);
    session->ties = (struct session_ties *)(uintptr_t)&no_ties;
    session->outbound = (struct outbound *)(uintptr_t)&outbound_none;
    session->window_max = 1;
    /* Not those of an earlier session: a record may outlive it for a while. */
    session->floor = session->order = shard_stamp(shard);
    session->inbound = &shard->no_inbound;
    map_insert(&shard->sessions, &session->by_id,
               session_hash(shard, client_id));
    stat_add(shard, STAT_CLIENTS, 1);
    uint64_t *maximum = &shard->stats.v[STAT_CLIENTS_MAXIMUM];
    uint64_t clients = shard->stats.v[STAT_CLIENTS];
    if (*maximum < clients) *maximum = clients;
    return session;
}

void session_attach(struct shard *shard, struct session *session,
                    struct conn *conn, uint32_t expiry_s, uint16_t window_max)
{
    assert(session->conn == NULL);
    assert(conn->session == NULL);
    assert(!conn->closed);
    assert(window_max > 0);
    assert(session->outbound->window_count == 0);
    session->conn = conn;
    conn->session = session;
    session->protocol = conn->protocol;
    session->expiry_s = expiry_s;
    absence_over(shard, session);
    session->window_max = window_max;
    memberships_ready(shard, session, true);
    journal_session(shard, session);
    stat_add(shard, STAT_CLIENTS_CONNECTED, 1);
}

/* --- going --------------------------------------------------------------- */

/* Now that the connection is gone: call the will off, publish it, or let its
 * delay begin; at the latest it comes with the session's end. Only DISCONNECT
 * 0x00 calls it off. [MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT-3.1.3-9] */
static void session_release_will(struct shard *shard, struct session *session,
                                 bool lost)
{
    if (session->will == NULL) return;
    if (!lost) {
        will_drop(shard, session);
        return;
    }
    uint32_t delay_s = will_delay_s(session->will);
    if (delay_s == 0 || session->expiry_s == 0) {
        will_publish(shard, session);
        return;
    }
    absence_will_at(shard, session, shard->now_ms + delay_s * 1000ull);
}

/* What counts from the end of a connection begins now. */
static void session_begin_end(struct shard *shard, struct session *session)
{
    if (session->expiry_s == SESSION_EXPIRY_NEVER) return;
    absence_end_at(shard, session, shard->now_ms + session->expiry_s * 1000ull);
}

void session_restored(struct shard *shard, struct session *session)
{
    assert(session->conn == NULL);
    assert(session->expiry_s > 0);
    if (absence_ends_ms(session) == 0) session_begin_end(shard, session);
    if (session->will != NULL && absence_will_ms(session) == 0) {
        absence_will_at(shard, session,
                        shard->now_ms + will_delay_s(session->will) * 1000ull);
    }
    absence_wait(shard, session);
}

void session_detach(struct shard *shard, struct session *session, bool lost)
{
    assert(session->conn != NULL);
    session->conn->session = NULL;
    session->conn = NULL;
    grant_rest(shard, session);
    stat_sub(shard, STAT_CLIENTS_CONNECTED, 1);
    inbound_detach(shard, session);
    subscribing_drop(shard, session);
    recall_drop_all(shard, session);
    memberships_ready(shard, session, false);
    outbound_detach(shard, session);
    session_release_will(shard, session, lost);
    if (session->expiry_s == 0) {
        session_end(shard, session);
        return;
    }
    session_begin_end(shard, session);
    journal_session(shard, session);
    journal_will(shard, session);
    absence_wait(shard, session);
}

void session_end(struct shard *shard, struct session *session)
{
    assert(session->conn == NULL);
    if (session->will != NULL) will_publish(shard, session);
    subscriptions_end(shard, session);
    outbound_fini(shard, session, true);
    journal_session_gone(shard, session);
    inbound_fini(shard, session);
    grant_drop(shard, session);
    assert(session->subscription_count == 0);
    assert(session->subscribing == NULL);
    assert(session->ties == &no_ties);
    absence_over(shard, session);
    map_remove(&shard->sessions, &session->by_id);
    table_remove(&shard->session_slots, session->ref.slot);
    stat_sub(shard, STAT_CLIENTS, 1);
    pool_give(shard->pool, session, sizeof *session + session->id_size + 1);
}

void session_due(struct shard *shard, struct session *session)
{
    assert(session->conn == NULL);
    uint64_t will_ms = absence_will_ms(session);
    uint64_t ends_ms = absence_ends_ms(session);
    if (will_ms != 0 && shard->now_ms >= will_ms) {
        absence_will_at(shard, session, 0);
        will_publish(shard, session);
        journal_will(shard, session);
    }
    if (ends_ms != 0 && shard->now_ms >= ends_ms) {
        stat_add(shard, STAT_EXPIRED, 1);
        session_end(shard, session);
        return;
    }
    absence_wait(shard, session);
}

/* --- while it lives ------------------------------------------------------ */

void session_pump(struct shard *shard, struct session *session)
{
    if (session->conn == NULL) return;
    outbound_pump(shard, session);
    recall_pump(shard, session);
}

void session_received(struct shard *shard, struct session *session,
                      uint16_t packet_id, uint64_t stamp, struct bytes lack)
{
    struct inbound *inbound = inbound_own(shard, session);
    idset_add(&inbound->received, shard->pool, packet_id);
    journal_received(shard, session, packet_id, stamp, lack);
}

bool session_released(struct shard *shard, struct session *session,
                      uint16_t packet_id)
{
    struct idset *received = &session->inbound->received;
    if (!idset_remove(received, shard->pool, packet_id)) return false;
    inbound_doubt_drop(session->inbound, shard->pool, packet_id);
    journal_released(shard, session, packet_id);
    return true;
}

bool session_durable(const struct shard *shard, const struct session *session)
{
    return shard->journal.on && session->expiry_s > 0;
}

void sessions_fini(struct shard *shard)
{
    for (uint32_t slot = 0; slot < shard->session_slots.end; slot++) {
        struct session *session = table_get(&shard->session_slots, slot);
        if (session == NULL) continue;
        if (session->conn != NULL) session->conn->session = NULL;
        subscribing_drop(shard, session);
        recall_drop_all(shard, session);
        subscriptions_forget(shard, session);
        outbound_fini(shard, session, false);
        inbound_fini(shard, session);
        will_drop(shard, session);
        grant_drop(shard, session);
        absence_over(shard, session);
        session_untie(shard, session);
        pool_give(shard->pool, session, sizeof *session + session->id_size + 1);
    }
    map_fini(&shard->sessions);
    table_fini(&shard->session_slots);
}
