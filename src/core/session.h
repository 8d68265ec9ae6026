/* session.h - what the broker remembers for one client id. MQTT 5.0, 4.1
 *
 *     new --> attached <--> alone --> ended
 *               (conn)     (expiry runs, will delay runs)
 *
 * Outlives its connection. Owned by the shard that is home of the client id;
 * never shared across threads.
 */
#ifndef MOGI_CORE_SESSION_H
#define MOGI_CORE_SESSION_H

#include "base/map.h"
#include "base/wheel.h"
#include "core/id.h"
#include "core/inbound.h"
#include "core/outbound.h"
#include "core/topics.h"

struct absence;
struct conn;
struct grant;
struct shard;
struct will;

/* Never ends by itself. MQTT 5.0, 3.1.2.11.2 */
#define SESSION_EXPIRY_NEVER UINT32_MAX

/* What few sessions have, or only for a while. */
struct session_ties {
    struct link memberships;   /* struct membership */
    struct link recalls;       /* struct recall */
    uint32_t membership_count; /* counted as subscriptions too */
};

/* What a message on its way needs comes first: it is in one cache line. */
struct session {
    struct map_entry by_id;
    struct conn *conn;         /* NULL while it is alone */
    struct outbound *outbound; /* shared by those who have none: outbound_own */
    uint64_t grant_serial;
    struct session_ties *ties; /* shared by those who have none: session_tie */
    uint16_t window_max;       /* of this connection, > 0: outbound.h */
    uint16_t packet_id;        /* that it had last, while it has no outbound */
    uint8_t protocol;          /* enum protocol, of the last connection */
    bool granted : 1;          /* `grant` is what holds: see grant.h */
    bool busy : 1;   /* groups think that it has no room: see share.h */
    bool stored : 1; /* there are records of it: see journal.h */
    bool will_stored : 1;
    bool overflow_noted : 1; /* until its queue is empty again */
    bool came_back : 1;      /* it was there before the start */
    struct session_ref ref;

    struct inbound *inbound; /* shared by those who have none: inbound_own */
    struct grant *grant;     /* NULL: nothing but what holds for all */
    struct subscribing *subscribing; /* to be answered, or NULL */
    struct link subscriptions;       /* struct subscription */
    uint32_t subscription_count;     /* memberships too */
    uint32_t no_local_count;

    struct absence *absence; /* what is due while it is alone; NULL: nothing */
    struct will *will;

    uint64_t floor;    /* of the orders of its deliveries */
    uint64_t order;    /* the last of them */
    uint32_t expiry_s; /* 0: ends with its connection */
    uint16_t listener; /* through which its client came last */
    uint16_t id_size;
    char id[]; /* with a NUL behind it */
};

/* The client id; it lives as long as the session. */
static inline struct bytes session_id(const struct session *session)
{
    return bytes_at(session->id, session->id_size);
}

/* The client id for a log line. The host makes control characters harmless. */
static inline const char *session_name(const struct session *session)
{
    return session->id;
}

/* The ties of `session`, to be written in: its own from now on. */
struct session_ties *session_tie(struct shard *shard, struct session *session);

/* Back to none, if nothing of them is left. */
void session_untie(struct shard *shard, struct session *session);

/* The session of `client_id`, which is at home here, or NULL. */
struct session *session_find(struct shard *shard, struct bytes client_id);

/* The session that `ref` means, or NULL when it has ended. */
struct session *session_by_ref(struct shard *shard, struct session_ref ref);

/* A session for `client_id`, which has none. */
struct session *session_new(struct shard *shard, struct bytes client_id);

/* `conn` carries `session`, which is alone, from now on. */
void session_attach(struct shard *shard, struct session *session,
                    struct conn *conn, uint32_t expiry_s, uint16_t window_max);

/* Its connection ended; `lost`: not by a DISCONNECT that calls the will off.
 * The session ends with it, or is alone until it expires. */
void session_detach(struct shard *shard, struct session *session, bool lost);

/* End it: the will, if it is still due, is published now [MQTT-3.1.2-8], all
 * else is forgotten. It must be alone. */
void session_end(struct shard *shard, struct session *session);

/* Send what can be sent now, of deliveries and of retained messages. */
void session_pump(struct shard *shard, struct session *session);

/* Its timer is due: will delay or expiry. */
void session_due(struct shard *shard, struct session *session);

/* QoS 2 publish `packet_id` of the client, stamped `stamp`, is from now on
 * between PUBLISH and PUBREL; it was not. After a crash those of `lack` may
 * lack it: see lack.h. */
void session_received(struct shard *shard, struct session *session,
                      uint16_t packet_id, uint64_t stamp, struct bytes lack);

/* It is no more. False when it was not. */
bool session_released(struct shard *shard, struct session *session,
                      uint16_t packet_id);

/* It came back from the store, and is alone: with `ends_ms` and `will_ms` as
 * they were, or 0 when it was connected, and both begin now. */
void session_restored(struct shard *shard, struct session *session);

/* Does anything of it survive its connection, and is kept on disk? */
bool session_durable(const struct shard *shard, const struct session *session);

/* Free them all, telling nobody. */
void sessions_fini(struct shard *shard);

#endif
