/* conn.c - one connection: bytes in, packets told apart, deadlines kept. */
#include "core/conn.h"

#include "core/acknowledge.h"
#include "core/admission.h"
#include "core/alias.h"
#include "core/bounds.h"
#include "core/connect.h"
#include "core/goodbye.h"
#include "core/inbound.h"
#include "core/lookahead.h"
#include "core/output.h"
#include "core/pace.h"
#include "core/publish.h"
#include "core/recall.h"
#include "core/run.h"
#include "core/session.h"
#include "core/state.h"
#include "core/subscribe.h"
#include "core/waiting.h"
#include "wire/ping.h"

#include <assert.h>

enum {
    INPUT_ALIVE_BYTES = 1000,
    PROBE_MS = 1000,
    PROBE_BYTES_MAX = 65536,
};

/* Who handles a packet of a client that is connected. What a server sends, a
 * client may not. MQTT 5.0, table 2-1 */
typedef enum err packet_handler(struct shard *shard, struct conn *conn,
                                const struct frame *frame);

/* PINGREQ: we are here. [MQTT-3.12.4-1] */
static enum err ping_in(struct shard *shard, struct conn *conn,
                        const struct frame *frame)
{
    enum err e = ping_decode(frame);
    if (e == OK) output_pingresp(shard, conn);
    return e;
}

static packet_handler *const HANDLERS[16] = {
    [PACKET_PUBLISH] = publish_in,         [PACKET_PUBACK] = acknowledge_in,
    [PACKET_PUBREC] = acknowledge_in,      [PACKET_PUBREL] = acknowledge_in,
    [PACKET_PUBCOMP] = acknowledge_in,     [PACKET_SUBSCRIBE] = subscribe_in,
    [PACKET_UNSUBSCRIBE] = unsubscribe_in, [PACKET_PINGREQ] = ping_in,
    [PACKET_DISCONNECT] = disconnect_in,   [PACKET_AUTH] = auth_in,
};

/* A copy of `text`. */
static struct bytes conn_copy(struct shard *shard, struct bytes text)
{
    assert(text.size > 0);
    uint8_t *copy = pool_take(shard->pool, text.size);
    memcpy(copy, text.data, text.size);
    return bytes_at(copy, text.size);
}

void conn_open(struct shard *shard, struct conn_id id, uint16_t listener,
               struct bytes identity, bool refused)
{
    struct conn *conn = pool_take(shard->pool, sizeof *conn);
    conn->id = id;
    conn->listener = listener;
    if (identity.size > 0) {
        conn_rare(shard->pool, conn)->identity = conn_copy(shard, identity);
    }
    conn->refused = refused;
    conn->protocol = MQTT_NONE;
    conn->seen_ms = shard->now_ms;
    timer_init(&conn->timer);
    wheel_set(&shard->conn_timers, &conn->timer,
              shard->now_ms + shard->options->connect_timeout_s * 1000ull);
    conn_limit(shard, conn);
    table_put(&shard->conns, id.v, conn);
    stat_add(shard, STAT_SOCKETS, 1);
}

struct conn_rare *conn_rare(struct pool *pool, struct conn *conn)
{
    if (conn->rare == NULL) conn->rare = pool_take(pool, sizeof *conn->rare);
    return conn->rare;
}

void conn_tidy(struct pool *pool, struct conn *conn)
{
    struct conn_rare *rare = conn->rare;
    if (rare == NULL) return;
    if (rare->admission != NULL || rare->identity.size > 0) return;
    if (rare->waiting != NULL || rare->pace != NULL) return;
    if (rare->alias_in != NULL || rare->alias_out != NULL) return;
    conn->rare = NULL;
    pool_give(pool, rare, sizeof *rare);
}

void conn_limit(const struct shard *shard, struct conn *conn)
{
    const struct options *options = shard->options;
    const struct options_listener *listener =
        options_of(options, conn->listener);
    uint32_t packet_max = options->max_packet_size;
    conn->limits = (struct conn_limits){
        .packet_max = packet_max == 0 ? PACKET_BYTES_MAX : packet_max,
        .receive_max = options->receive_maximum,
        .alias_max = listener->max_topic_alias,
        .qos_max = listener->max_qos,
        .retain = options->retain_available,
    };
    assert(conn->limits.receive_max > 0);
    assert(conn->limits.qos_max <= 2);
}

struct conn *conn_find(struct shard *shard, struct conn_id id)
{
    struct conn *conn = table_get(&shard->conns, id.v);
    assert(conn == NULL || conn->id.v == id.v);
    return conn;
}

/* Who is asked about may answer, or give up. [MQTT-3.1.2-30] */
static packet_handler *conn_handler_outside(const struct conn *conn,
                                            const struct frame *frame)
{
    if (conn_admission(conn) == NULL) {
        return frame->type == PACKET_CONNECT ? connect_in : NULL;
    }
    if (frame->type == PACKET_AUTH) return auth_in;
    return frame->type == PACKET_DISCONNECT ? admission_leave_in : NULL;
}

/* What a doomed connection brings is new work, and comes to nothing. */
static enum err doomed_in(struct shard *shard, struct conn *conn,
                          const struct frame *frame)
{
    (void)shard;
    (void)frame;
    assert(conn->doomed && conn->session != NULL);
    return OK;
}

/* The handler of this packet for those who are doomed. They may still take what
 * waits for them, and leave: else memory that is full of it never gets free. */
static packet_handler *conn_handler_doomed(const struct frame *frame)
{
    bool brings = frame->type == PACKET_PUBLISH ||
                  frame->type == PACKET_SUBSCRIBE ||
                  frame->type == PACKET_UNSUBSCRIBE;
    return brings ? doomed_in : HANDLERS[frame->type];
}

/* The handler of this packet in this state, or NULL when it is out of place:
 * CONNECT comes first and once. [MQTT-3.1.0-1] [MQTT-3.1.0-2] */
static packet_handler *conn_handler(const struct conn *conn,
                                    const struct frame *frame)
{
    assert(frame->type <= PACKET_AUTH);
    if (conn->session == NULL) return conn_handler_outside(conn, frame);
    if (conn->doomed) return conn_handler_doomed(frame);
    return HANDLERS[frame->type];
}

/* Handle one whole packet. */
static void conn_packet(struct shard *shard, struct conn *conn,
                        const struct frame *frame)
{
    assert(!conn->closed);
    conn->seen_ms = shard->now_ms;
    stat_add(shard, STAT_PACKETS_IN, 1);
    packet_handler *handle = conn_handler(conn, frame);
    enum err e = handle == NULL ? ERR_PROTOCOL : handle(shard, conn, frame);
    if (e == OK && !conn->closed && conn->session != NULL) {
        e = pace_packet(shard, conn, frame);
    }
    if (e != OK && !conn->closed) conn_fail(shard, conn, e);
}

/* The largest packet that is read. Strangers cannot make us keep much. */
static uint32_t conn_packet_max(const struct conn *conn)
{
    uint32_t max = conn->limits.packet_max;
    bool stranger = conn->session == NULL && max > OPENING_BYTES_MAX;
    return stranger ? OPENING_BYTES_MAX : max;
}

/* Cut the next packet off `in` and handle it. Returns how many bytes were used;
 * 0 when they are not a whole packet (or the connection is closed): `*need` is
 * then the packet's size, if it is known, else 0. */
static size_t conn_next(struct shard *shard, struct conn *conn, struct bytes in,
                        struct bytes behind, size_t *need)
{
    struct frame frame;
    enum err e = frame_next(in, conn->protocol, conn_packet_max(conn), &frame);
    *need = 0;
    if (e == ERR_MORE) {
        *need = frame.size;
        return 0;
    }
    if (e != OK) {
        conn_fail(shard, conn, e);
        return 0;
    }
    assert(frame.size <= in.size);
    shard->packet = bytes_at(in.data, frame.size);
    struct bytes rest = bytes_skip(in, frame.size);
    shard->rest = rest.size > 0 ? rest : behind;
    conn_packet(shard, conn, &frame);
    return frame.size;
}

/* The input that is kept. */
static struct bytes conn_kept(const struct conn *conn)
{
    if (conn->partial == NULL) return bytes_at(NULL, 0);
    return buffer_bytes(conn->partial);
}

/* Keep `in` behind it. */
static void conn_keep(struct shard *shard, struct conn *conn, struct bytes in)
{
    if (conn->partial == NULL) {
        conn->partial = pool_take(shard->pool, sizeof *conn->partial);
        buffer_init(conn->partial, shard->pool);
    }
    buffer_append(conn->partial, in);
}

/* Give back input that was kept; NULL is fine. */
static void partial_free(struct shard *shard, struct buffer *partial)
{
    if (partial == NULL) return;
    buffer_fini(partial);
    pool_give(shard->pool, partial, sizeof *partial);
}

/* Add to the packet that was cut off what completes it, and no more; handle it
 * when it is whole. Returns what is left of `in`. */
static struct bytes conn_complete(struct shard *shard, struct conn *conn,
                                  struct bytes in)
{
    size_t need = 0;
    size_t used = 0;
    while (in.size > 0 && used == 0 && !conn->closed) {
        size_t have = conn_kept(conn).size;
        size_t want = need > have ? need - have : 1;
        size_t count = want < in.size ? want : in.size;
        conn_keep(shard, conn, bytes_at(in.data, count));
        in = bytes_skip(in, count);
        used = conn_next(shard, conn, conn_kept(conn), in, &need);
        assert(used == 0 || used == conn_kept(conn).size || conn->closed);
    }
    if (used == 0) return in;
    partial_free(shard, conn->partial);
    conn->partial = NULL;
    return in;
}

/* Is the next packet to be handled now? Not from a client that does not read
 * its answers, has too much under way, or waits for SUBACK: what it sends after
 * SUBSCRIBE finds the subscription made, and the answer to a ping follows what
 * was retained, as with one shard. */
static bool conn_ready(const struct conn *conn)
{
    if (conn->closed || !output_room(conn)) return false;
    if (pace_waits(conn)) return false;
    const struct session *session = conn->session;
    if (session == NULL) return !admission_holds(conn);
    if (session->subscribing != NULL || recall_asking(session)) return false;
    uint32_t max = conn->protocol == MQTT_50 ? conn->limits.receive_max
                                             : INBOUND_PENDING_MAX;
    return !inbound_full(session->inbound, max);
}

/* Handle whole packets where they lie. Returns what is left: a packet's
 * beginning, or what must be put off. */
static struct bytes conn_packets(struct shard *shard, struct conn *conn,
                                 struct bytes in)
{
    struct bytes none = {in.data, 0};
    const uint8_t *seen = in.data;
    size_t need;
    run_end(shard);
    while (in.size > 0 && conn_ready(conn)) {
        size_t used = run_take(shard, conn, in);
        if (used == 0) {
            if (in.data >= seen) seen = in.data + lookahead(shard, conn, in);
            used = conn_next(shard, conn, in, none, &need);
        }
        if (used == 0) break;
        in = bytes_skip(in, used);
    }
    if (shard->lookahead.looked) lookahead_end(shard);
    return in;
}

/* Keep `in` until conn_resume; the host need not bring more. */
static void conn_hold(struct shard *shard, struct conn *conn, struct bytes in)
{
    conn_keep(shard, conn, in);
    conn->held = true;
    if (conn->paused) return;
    conn->paused = true;
    actions_add(shard->out, ACTION_PAUSE, conn->id);
}

void conn_input(struct shard *shard, struct conn *conn, struct bytes in)
{
    if (conn->held || in.size >= INPUT_ALIVE_BYTES) {
        conn->seen_ms = shard->now_ms;
    }
    if (!conn->held && conn_ready(conn) && conn_kept(conn).size > 0) {
        in = conn_complete(shard, conn, in);
    }
    if (!conn->held && conn_ready(conn)) in = conn_packets(shard, conn, in);
    if (in.size == 0 || conn->closed) return;
    if (conn->held || !conn_ready(conn)) {
        conn_hold(shard, conn, in);
    } else {
        conn_keep(shard, conn, in);
    }
}

void conn_resume(struct shard *shard, struct conn *conn)
{
    if (!conn->held || !conn_ready(conn)) return;
    conn->held = false;
    if (conn->paused) {
        conn->paused = false;
        actions_add(shard->out, ACTION_RESUME, conn->id);
    }
    struct buffer *input = conn->partial;
    if (input == NULL) return;
    conn->partial = NULL;
    conn_input(shard, conn, buffer_bytes(input));
    partial_free(shard, input);
}

void conn_drained(struct shard *shard, struct conn *conn)
{
    assert(conn->notify_asked);
    assert(conn->output_marked <= conn->output_bytes);
    conn->notify_asked = false;
    conn->output_bytes -= conn->output_marked;
    conn->output_marked = 0;
    if (!output_room(conn)) output_ask(shard, conn);
    conn->seen_ms = shard->now_ms;
    if (conn->session != NULL) session_pump(shard, conn->session);
    conn_resume(shard, conn);
}

/* Out of the table; the memory stays until conns_reap. */
static void conn_forget(struct shard *shard, struct conn *conn)
{
    assert(!conn->closed);
    assert(table_get(&shard->conns, conn->id.v) == conn);
    assert(conn->session == NULL);
    conn->closed = true;
    wheel_clear(&shard->conn_timers, &conn->timer);
    pace_drop(shard, conn);
    table_clear(&shard->conns, conn->id.v);
    buffer_append(&shard->closed_conns, bytes_at(&conn, sizeof conn));
}

void conn_close(struct shard *shard, struct conn *conn)
{
    conn_forget(shard, conn);
    actions_add(shard->out, ACTION_CLOSE, conn->id)->linger = true;
}

/* Has the client said good-bye, though that was put off? */
static bool conn_bade(struct shard *shard, struct conn *conn)
{
    return conn->held && goodbye_held(shard, conn, conn_kept(conn));
}

void conn_lost(struct shard *shard, struct conn *conn)
{
    if (conn->session != NULL) {
        bool bade = conn_bade(shard, conn);
        session_detach(shard, conn->session, !bade);
    }
    conn_forget(shard, conn);
}

void conn_fail(struct shard *shard, struct conn *conn, enum err why)
{
    assert(why != OK && why != ERR_MORE);
    if (conn->session == NULL) {
        connect_failed(shard, conn, why);
        return;
    }
    bool bade = why == ERR_TAKEN_OVER && conn_bade(shard, conn);
    goodbye_note(shard, conn, why);
    goodbye_send(shard, conn, why);
    session_detach(shard, conn->session, !bade);
    conn_close(shard, conn);
}

void conn_doom(struct shard *shard, struct conn *conn)
{
    assert(!conn->closed && conn->session != NULL);
    conn->doomed = true;
    wheel_clear(&shard->conn_timers, &conn->timer);
    wheel_set(&shard->conn_timers, &conn->timer, shard->now_ms + CONN_DOOM_MS);
}

void conn_move(struct shard *shard, struct conn *conn, uint16_t home)
{
    assert(home != shard->place.index);
    assert(conn->session == NULL);
    struct action *action = actions_add(shard->out, ACTION_MOVE, conn->id);
    struct buffer *arena = &shard->out->arena;
    action->shard = home;
    action->offset = (uint32_t)arena->size;
    action->size = (uint32_t)(shard->packet.size + shard->rest.size);
    buffer_append(arena, shard->packet);
    buffer_append(arena, shard->rest);
    /* All this happens again there, and is counted there. */
    stat_sub(shard, STAT_SOCKETS, 1);
    stat_sub(shard, STAT_PACKETS_IN, 1);
    stat_sub(shard, STAT_BYTES_IN, action->size);
    conn_forget(shard, conn);
}

/* Whoever reads slowly is not read either, and its PINGREQ waits in the socket.
 * Before it is taken for dead: is there one? What comes of it is held; no
 * client can make that much. */
static bool conn_probe(struct shard *shard, struct conn *conn)
{
    if (!conn->paused || conn_kept(conn).size > PROBE_BYTES_MAX) return false;
    assert(conn->held);
    conn->paused = false;
    actions_add(shard->out, ACTION_RESUME, conn->id);
    wheel_set(&shard->conn_timers, &conn->timer, shard->now_ms + PROBE_MS);
    return true;
}

void conn_due(struct shard *shard, struct conn *conn)
{
    assert(!conn->closed);
    if (conn->session == NULL) {
        bool ours = admission_holds(conn);
        conn_fail(shard, conn, ours ? ERR_UNAVAILABLE : ERR_CONNECT_TIME);
        return;
    }
    if (conn->doomed) {
        conn_fail(shard, conn, ERR_QUOTA);
        return;
    }
    assert(conn->keepalive_s > 0);
    uint64_t limit_ms = conn->keepalive_s * 1500ull;
    /* What waits for us, not for the client to read, is its sign of life. */
    if (conn->held && output_room(conn)) conn->seen_ms = shard->now_ms;
    if (shard->now_ms >= conn->seen_ms + limit_ms) {
        if (conn_probe(shard, conn)) return;
        conn_fail(shard, conn, ERR_KEEP_ALIVE); /* [MQTT-3.1.2-22] */
        return;
    }
    wheel_set(&shard->conn_timers, &conn->timer, conn->seen_ms + limit_ms);
}

/* Give back all that it has. */
static void conn_free(struct shard *shard, struct conn *conn)
{
    waiting_drop(shard, conn);
    partial_free(shard, conn->partial);
    struct conn_rare *rare = conn->rare;
    if (rare != NULL) {
        assert(rare->pace == NULL);
        admission_free(shard, rare->admission);
        pool_give(shard->pool, (void *)(uintptr_t)rare->identity.data,
                  rare->identity.size);
        alias_in_free(shard->pool, rare->alias_in);
        alias_out_free(shard->pool, rare->alias_out);
        *rare = (struct conn_rare){0};
        conn_tidy(shard->pool, conn);
    }
    assert(conn->rare == NULL);
    pool_give(shard->pool, conn, sizeof *conn);
}

void conns_reap(struct shard *shard)
{
    struct conn *const *closed = (void *)shard->closed_conns.data;
    size_t count = shard->closed_conns.size / sizeof(struct conn *);
    for (size_t i = 0; i < count; i++) {
        assert(closed[i]->closed);
        conn_free(shard, closed[i]);
    }
    shard->closed_conns.size = 0;
}

void conns_fail(struct shard *shard, enum err why)
{
    for (uint32_t slot = 0; slot < shard->conns.end; slot++) {
        struct conn *conn = table_get(&shard->conns, slot);
        if (conn != NULL) conn_fail(shard, conn, why);
    }
}

void conns_fini(struct shard *shard)
{
    for (uint32_t slot = 0; slot < shard->conns.end; slot++) {
        struct conn *conn = table_get(&shard->conns, slot);
        if (conn == NULL) continue;
        conn->session = NULL;
        conn_forget(shard, conn);
    }
    conns_reap(shard);
    buffer_fini(&shard->closed_conns);
    table_fini(&shard->conns);
}
