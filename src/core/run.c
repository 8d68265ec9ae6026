/* run.c - publishes of QoS 0 on one topic, routed as one. */
#include "core/run.h"

#include "core/conn.h"
#include "core/output.h"
#include "core/pace.h"
#include "core/route.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/publish.h"

#include <assert.h>

/* PUBLISH, QoS 0, neither DUP nor RETAIN. MQTT 5.0, 2.1.2 */
enum { FIRST_BYTE = PACKET_PUBLISH << 4 };

void run_lead(struct shard *shard, const struct publish *p, uint64_t hash)
{
    struct bytes packet = shard->packet;
    const uint8_t *end = packet.data + packet.size;
    if (hash == shard->trail.barred) return;
    assert(packet.data[0] == FIRST_BYTE);
    assert(p->payload.data + p->payload.size == end);
    /* A topic stands behind its size. */
    const uint8_t *head = p->topic.data - 2;
    assert(head > packet.data && head < p->payload.data);
    shard->trail = (struct trail){
        .end = end,
        .head = bytes_at(head, (size_t)(p->payload.data - head)),
        .topic = p->topic,
        .hash = hash,
    };
}

void run_end(struct shard *shard)
{
    shard->trail.end = NULL;
    shard->trail.barred = 0;
}

/* Has what is at the start of `in` the head of the packet before it? Most that
 * is no run differs there, and should not pay for more than this look. */
static bool run_begins(const struct shard *shard, struct bytes in)
{
    struct bytes head = shard->trail.head;
    size_t at = 1; /* of the remaining length, up to four bytes */
    while (at < 4 && at < in.size && in.data[at] >= 0x80)
        at++;
    at++;
    return in.size >= at + head.size &&
           memcmp(in.data + at, head.data, head.size) == 0;
}

/* May packets of `conn` be taken together? Not where each is weighed by itself,
 * or goes to other shards. */
static bool run_allowed(struct shard *shard, const struct conn *conn)
{
    const struct options *options = shard->options;
    if (conn->session == NULL || conn->doomed) return false;
    if (!pace_idle(shard) || options->upgrade_outgoing_qos) return false;
    if (options->check_payload_format && conn->protocol == MQTT_50) {
        return false;
    }
    assert(!shard->grants.mounts);
    struct message m = {.topic = shard->trail.topic, .hash = shard->trail.hash};
    return route_targets(shard, &m) == 0;
}

/* Is the packet at the start of `in` the same as the one before, but for its
 * payload, which may pass? */
static bool run_next(const struct shard *shard, const struct conn *conn,
                     struct bytes in, struct frame *frame)
{
    if (in.size == 0 || in.data[0] != FIRST_BYTE) return false;
    enum err e = frame_next(in, (enum protocol)conn->protocol,
                            conn->limits.packet_max, frame);
    struct bytes head = shard->trail.head, body = frame->body;
    if (e != OK || body.size < head.size) return false;
    if (frame->size >= PAYLOAD_SHARED_BYTES) return false;
    uint32_t limit = shard->options->message_size_limit;
    if (limit > 0 && body.size - head.size > limit) return false;
    return memcmp(body.data, head.data, head.size) == 0;
}

/* The packets of the run at the start of `in`, each of `size_max` at most. */
static struct packets run_read(const struct shard *shard,
                               const struct conn *conn, struct bytes in,
                               uint32_t size_max)
{
    struct packets run = {.bytes = bytes_at(in.data, 0)};
    struct bytes rest = in;
    struct frame frame;
    while (run_next(shard, conn, rest, &frame)) {
        if (frame.size > size_max) break;
        if (run.bytes.size + frame.size > RUN_BYTES_MAX) break;
        rest = bytes_skip(rest, frame.size);
        run.bytes.size += frame.size;
        run.count += 1;
        run.payload_bytes += frame.body.size - shard->trail.head.size;
        if (run.size_max < frame.size) run.size_max = (uint32_t)frame.size;
    }
    assert(run.bytes.size <= in.size);
    return run;
}

/* Can `receiver` get packets now, as they are? */
static bool run_reaches(struct shard *shard, const struct receiver *receiver,
                        bool v5)
{
    const struct session *session = receiver->session;
    const struct conn *conn = session->conn;
    if (conn == NULL || receiver->identifier_count > 0) return false;
    if (session->outbound->queue_qos0_count > 0) return false;
    if (conn_waiting(conn) != NULL || !output_room(conn)) return false;
    if (!output_alike(conn, v5)) return false;
    return grant_allows(shard, session, ACL_RECEIVE, shard->trail.topic,
                        shard->trail.hash);
}

/* Find all who want the packets, and the largest packet that all of them take.
 * 0: not all of them can get packets together. */
static uint32_t run_receivers(struct shard *shard, const struct conn *conn,
                              struct receivers *found)
{
    const struct session *publisher = conn->session;
    if (publisher->no_local_count == 0) publisher = NULL;
    *found = topics_match_hashed(shard->topics, shard->trail.hash,
                                 shard->trail.topic, publisher,
                                 shard->options->allow_duplicate_messages);
    if (found->group_count > 0) return 0;
    bool v5 = conn->protocol == MQTT_50;
    uint32_t size_max = UINT32_MAX;
    for (uint32_t i = 0; i < found->count; i++) {
        if (!run_reaches(shard, &found->list[i], v5)) return 0;
        uint32_t max = found->list[i].session->conn->packet_max;
        if (max > 0 && max < size_max) size_max = max;
    }
    return size_max;
}

size_t run_take(struct shard *shard, struct conn *conn, struct bytes in)
{
    struct trail *trail = &shard->trail;
    if (trail->end != in.data || in.data[0] != FIRST_BYTE) return 0;
    if (!run_begins(shard, in)) return 0;
    struct receivers found;
    uint32_t size_max = 0;
    if (run_allowed(shard, conn)) size_max = run_receivers(shard, conn, &found);
    if (size_max == 0) {
        /* Nothing of that changes before the input is handled, or seldom. */
        trail->end = NULL;
        trail->barred = trail->hash;
        return 0;
    }
    struct packets run = run_read(shard, conn, in, size_max);
    if (run.count == 0) return 0;
    conn->seen_ms = shard->now_ms;
    stat_add(shard, STAT_PACKETS_IN, run.count);
    stat_add(shard, STAT_PUBLISH_IN, run.count);
    stat_add(shard, STAT_PUBLISH_BYTES_IN, run.payload_bytes);
    for (uint32_t i = 0; i < found.count; i++) {
        output_packets(shard, found.list[i].session->conn, &run);
    }
    trail->end = in.data + run.bytes.size;
    return run.bytes.size;
}
