/* conn.h - one connection: bytes in, packets told apart, deadlines kept.
 *
 *     OPENED --> waiting for CONNECT --> attached to a session --> closed
 *                   |          |              ^
 *                   |          +--> asked ----+  see admission.h
 *                   |  at home elsewhere
 *                   +--> moved
 *
 * Owned by the shard, found by its slot. Input is handled where the host read
 * it; only what is cut off is kept (`partial`). A closed connection keeps its
 * memory until the end of the step, so that `closed` can be asked.
 */
#ifndef MOGI_CORE_CONN_H
#define MOGI_CORE_CONN_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/wheel.h"
#include "core/id.h"
#include "wire/packet.h"

struct admission;
struct shard;
struct session;
struct alias_in;
struct alias_out;
struct pace;
struct waiting;

/* What a client may send us, as CONNACK told it. A reload changes it for those
 * who come later. */
struct conn_limits {
    uint32_t packet_max; /* bytes */
    uint16_t receive_max, alias_max;
    uint8_t qos_max;
    bool retain;
};

struct conn {
    struct conn_id id;
    uint16_t listener;
    uint8_t protocol; /* enum protocol; MQTT_NONE before CONNECT */
    bool closed;
    bool notify_asked; /* DRAINED will come */
    bool refused : 1;  /* over the limit: its CONNECT gets a refusal */
    bool paused : 1;   /* the host does not read it */
    bool held : 1;     /* `partial` is input that was put off */
    bool doomed : 1;   /* it brings nothing more; ends when its timer is due */
    bool bridge : 1;   /* the other side is a broker; see connect.bridge */

    /* What the client takes. */
    uint32_t packet_max;    /* bytes of a packet; 0: any */
    uint32_t output_bytes;  /* with the host, maybe unwritten */
    uint32_t output_marked; /* of these, told of by the next DRAINED */
    uint16_t alias_max;     /* topic aliases */

    uint16_t keepalive_s; /* 0: none */
    struct conn_limits limits;
    struct conn_rare *rare; /* NULL: nothing of it */
    struct session *session;
    struct buffer *partial; /* input that is kept, or NULL: none */
    uint64_t seen_ms;

    /* The deadline for CONNECT, then the keep alive. */
    struct timer timer;
};

/* What few connections have, or only for a while. */
struct conn_rare {
    struct admission *admission; /* at the door, or with a method; or NULL */
    struct bytes identity;       /* proven before CONNECT; owned; empty: none */
    struct waiting *waiting;     /* QoS 0 that has no room yet, or NULL */
    struct alias_in *alias_in;   /* of our clients' publishes, or NULL */
    struct alias_out *alias_out; /* of ours, or NULL */
    struct pace *pace;           /* or NULL: it never sent too much */
};

/* What is rare of `conn`, to be written in. */
struct conn_rare *conn_rare(struct pool *pool, struct conn *conn);

/* Give it back, if it is nothing any more. */
void conn_tidy(struct pool *pool, struct conn *conn);

/* Its admission, or NULL. */
static inline struct admission *conn_admission(const struct conn *conn)
{
    return conn->rare == NULL ? NULL : conn->rare->admission;
}

/* What waits for room in its output, or NULL. */
static inline struct waiting *conn_waiting(const struct conn *conn)
{
    return conn->rare == NULL ? NULL : conn->rare->waiting;
}

/* How it is slowed down, or NULL. */
static inline struct pace *conn_pace(const struct conn *conn)
{
    return conn->rare == NULL ? NULL : conn->rare->pace;
}

/* Who it has proven to be before CONNECT; empty: nobody. */
static inline struct bytes conn_identity(const struct conn *conn)
{
    if (conn->rare == NULL) return (struct bytes){NULL, 0};
    return conn->rare->identity;
}

/* A connection in slot `id`, which is free; `identity` is copied. */
void conn_open(struct shard *shard, struct conn_id id, uint16_t listener,
               struct bytes identity, bool refused);

/* From now on `conn` has the limits that the options say. */
void conn_limit(const struct shard *shard, struct conn *conn);

/* The connection in slot `id`, or NULL. */
struct conn *conn_find(struct shard *shard, struct conn_id id);

/* `bytes` came. Anything may happen to `conn`; it is there until the end of
 * the step. */
void conn_input(struct shard *shard, struct conn *conn, struct bytes bytes);

/* All output up to the last notify is written. */
void conn_drained(struct shard *shard, struct conn *conn);

/* The peer closed, or the network did: no DISCONNECT came. */
void conn_lost(struct shard *shard, struct conn *conn);

/* End `conn` because of `why`: a 5.0 client is told the reason [MQTT-4.13.1-1]
 * [MQTT-4.13.2-1], the session keeps what it must, the will is treated as the
 * standard says. */
void conn_fail(struct shard *shard, struct conn *conn, enum err why);

/* End `conn` in CONN_DOOM_MS: it cannot be told what is wrong, and would come
 * back at once with the same. Until then it may acknowledge what it gets, and
 * leave; what else it asks for is not heard, and asked for again. */
void conn_doom(struct shard *shard, struct conn *conn);

/* End `conn` after its DISCONNECT or a refusal: nothing more is said, what was
 * sent is delivered first. Its session, if any, was detached by the caller. */
void conn_close(struct shard *shard, struct conn *conn);

/* Hand `conn`, whose CONNECT is being handled, to `home` with all its bytes. */
void conn_move(struct shard *shard, struct conn *conn, uint16_t home);

/* Its timer is due. */
void conn_due(struct shard *shard, struct conn *conn);

/* What its input waited for may be over: if so, go on with it. */
void conn_resume(struct shard *shard, struct conn *conn);

/* Free what was closed in this step. */
void conns_reap(struct shard *shard);

/* Close them all with `why`, for instance ERR_SHUTTING_DOWN. */
void conns_fail(struct shard *shard, enum err why);

/* Free the table; all are forgotten. */
void conns_fini(struct shard *shard);

#endif
