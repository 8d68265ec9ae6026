/* output.c - packets to one client: encoded once, counted, bounded. */
#include "core/output.h"

#include "core/alias.h"
#include "core/mount.h"
#include "core/state.h"
#include "wire/ping.h"
#include "wire/publish.h"

#include <assert.h>

/* A writer over room for `size` bytes at the end of the arena. */
static struct writer output_writer(struct shard *shard, size_t size)
{
    assert(size > 0);
    uint8_t *room = buffer_reserve(&shard->out->arena, size);
    return writer_at(room, size);
}

/* Count what goes out; true when the host shall say that it is written. */
static bool output_count(struct shard *shard, struct conn *conn, size_t size)
{
    assert(!conn->closed);
    assert(size <= UINT32_MAX - conn->output_bytes);
    conn->output_bytes += (uint32_t)size;
    stat_add(shard, STAT_BYTES_OUT, size);
    stat_add(shard, STAT_PACKETS_OUT, 1);
    if (conn->notify_asked) return false;
    if (conn->output_bytes < OUTPUT_NOTIFY_BYTES) return false;
    conn->notify_asked = true;
    conn->output_marked = conn->output_bytes;
    return true;
}

void output_ask(struct shard *shard, struct conn *conn)
{
    assert(!conn->closed);
    assert(!output_room(conn));
    assert(!conn->notify_asked);
    conn->notify_asked = true;
    conn->output_marked = conn->output_bytes;
    actions_send(shard->out, conn->id, 0, 0, NULL, true);
}

/* SEND `size` bytes of the arena from `offset` on, and the payload of `body`.
 * What directly follows the last SEND of the same connection joins it. */
static void output_send(struct shard *shard, struct conn *conn, uint32_t offset,
                        uint32_t size, struct body *body)
{
    size_t payload = body == NULL ? 0 : body->message.payload.size;
    bool notify = output_count(shard, conn, size + payload);
    struct actions *out = shard->out;
    struct action *last = out->count == 0 ? NULL : &out->list[out->count - 1];
    if (last != NULL && last->kind == ACTION_SEND &&
        last->conn.v == conn->id.v && last->body == NULL && body == NULL &&
        last->offset + last->size == offset) {
        last->size += size;
        last->notify |= notify;
        return;
    }
    actions_send(out, conn->id, offset, size, body, notify);
}

/* SEND what was written: the arena grows by it. */
static void output_written(struct shard *shard, struct conn *conn,
                           const struct writer *w)
{
    assert(!w->failed);
    uint32_t offset = (uint32_t)shard->out->arena.size;
    uint32_t size = (uint32_t)writer_bytes(w).size;
    shard->out->arena.size += size;
    output_send(shard, conn, offset, size, NULL);
}

bool output_fits(const struct conn *conn, size_t size)
{
    return conn->packet_max == 0 || size <= conn->packet_max;
}

/* The slot for a packet that others may get as well: QoS 0, nothing in it that
 * is this client's own. NULL when it is not such a one. */
static struct memo *output_memo(struct shard *shard, const struct conn *conn,
                                const struct outgoing *o)
{
    if (o->qos > 0 || o->identifier_count > 0) return NULL;
    if (shard->grants.mounts) return NULL;
    bool v5 = conn->protocol == MQTT_50;
    if (v5 && conn->alias_max > 0) return NULL;
    return &shard->memos[v5][o->retain];
}

/* The packet's fields; the alias is settled later. */
static struct publish_out output_fields(const struct shard *shard,
                                        const struct conn *conn,
                                        const struct outgoing *o)
{
    const struct message *m = o->message;
    struct bytes topic = m->topic;
    bool seen = mount_strip(shard, conn->listener, &topic);
    assert(seen);
    return (struct publish_out){
        .dup = o->dup,
        .retain = o->retain,
        .qos = o->qos,
        .packet_id = o->packet_id,
        .topic = topic,
        .payload = m->payload,
        .forward = m->forward,
        .has_message_expiry = m->expires_ms != 0,
        .message_expiry_s = message_expiry_s(m, shard->now_ms),
        .subscription_ids = o->identifiers,
        .subscription_id_count = o->identifier_count,
    };
}

/* Encode and send; remember in `memo`, if any, what others may get too. */
static void output_encode(struct shard *shard, struct conn *conn,
                          const struct outgoing *o, const struct publish_out *p,
                          struct memo *memo)
{
    size_t size = publish_size(p, conn->protocol);
    struct body *body = o->body;
    bool share = body != NULL && p->payload.size >= PAYLOAD_SHARED_BYTES;
    size_t here = share ? size - p->payload.size : size;
    struct writer w = output_writer(shard, here);
    if (share) {
        publish_encode_head(p, conn->protocol, &w);
    } else {
        publish_encode(p, conn->protocol, &w);
        body = NULL;
    }
    assert(!w.failed);
    assert(writer_bytes(&w).size == here);
    uint32_t offset = (uint32_t)shard->out->arena.size;
    shard->out->arena.size += here;
    output_send(shard, conn, offset, (uint32_t)here, body);
    if (memo == NULL) return;
    *memo = (struct memo){.step = shard->step,
                          .stamp = o->message->stamp,
                          .offset = offset,
                          .size = (uint32_t)here,
                          .body = body};
}

/* Can the packet that brought the message be sent as it is? Not by who gets a
 * packet of its own (`memo` is NULL). */
static bool output_plain(const struct shard *shard, const struct conn *conn,
                         const struct outgoing *o, const struct memo *memo)
{
    const struct plain *plain = &shard->plain;
    return plain->stamp == o->message->stamp && memo != NULL &&
           plain->v5 == (conn->protocol == MQTT_50) &&
           shard->packet.size < PAYLOAD_SHARED_BYTES;
}

/* Send it as it is, but for RETAIN. */
static enum err output_copy(struct shard *shard, struct conn *conn,
                            const struct outgoing *o, struct memo *memo)
{
    struct bytes packet = shard->packet;
    assert(packet.data[0] >> 4 == PACKET_PUBLISH);
    if (!output_fits(conn, packet.size)) return ERR_TOO_LARGE;
    struct buffer *arena = &shard->out->arena;
    uint8_t *copy = buffer_reserve(arena, packet.size);
    memcpy(copy, packet.data, packet.size);
    copy[0] = (uint8_t)(PACKET_PUBLISH << 4 | (o->retain ? 1 : 0));
    uint32_t offset = (uint32_t)arena->size;
    arena->size += packet.size;
    output_send(shard, conn, offset, (uint32_t)packet.size, NULL);
    *memo = (struct memo){.step = shard->step,
                          .stamp = o->message->stamp,
                          .offset = offset,
                          .size = (uint32_t)packet.size};
    return OK;
}

enum err output_publish(struct shard *shard, struct conn *conn,
                        const struct outgoing *o)
{
    assert(o->qos == 0 || o->packet_id != 0);
    struct memo *memo = output_memo(shard, conn, o);
    if (memo != NULL && memo->step == shard->step &&
        memo->stamp == o->message->stamp) {
        size_t payload = memo->body == NULL ? 0 : o->message->payload.size;
        if (!output_fits(conn, memo->size + payload)) return ERR_TOO_LARGE;
        output_send(shard, conn, memo->offset, memo->size, memo->body);
    } else if (output_plain(shard, conn, o, memo)) {
        enum err e = output_copy(shard, conn, o, memo);
        if (e != OK) return e;
    } else {
        struct publish_out p = output_fields(shard, conn, o);
        bool fresh = false;
        uint16_t alias = alias_out_find(conn, p.topic, &fresh);
        p.topic_alias = alias;
        if (alias != 0 && !fresh) p.topic.size = 0;
        if (alias != 0 &&
            !output_fits(conn, publish_size(&p, conn->protocol))) {
            /* An alias takes more bytes than a short topic, or a first time. */
            p = output_fields(shard, conn, o);
            fresh = false;
        }
        if (!output_fits(conn, publish_size(&p, conn->protocol))) {
            return ERR_TOO_LARGE;
        }
        if (fresh) alias_out_add(shard->pool, conn, p.topic);
        output_encode(shard, conn, o, &p, memo);
    }
    stat_add(shard, STAT_PUBLISH_OUT, 1);
    stat_add(shard, STAT_PUBLISH_BYTES_OUT, o->message->payload.size);
    return OK;
}

void output_packets(struct shard *shard, struct conn *conn,
                    struct packets *packets)
{
    assert(packets->count > 0);
    assert(output_fits(conn, packets->size_max));
    struct buffer *arena = &shard->out->arena;
    if (!packets->copied) {
        packets->copied = true;
        packets->offset = (uint32_t)arena->size;
        buffer_append(arena, packets->bytes);
    }
    output_send(shard, conn, packets->offset, (uint32_t)packets->bytes.size,
                NULL);
    stat_add(shard, STAT_PACKETS_OUT, packets->count - 1);
    stat_add(shard, STAT_PUBLISH_OUT, packets->count);
    stat_add(shard, STAT_PUBLISH_BYTES_OUT, packets->payload_bytes);
}

void output_ack(struct shard *shard, struct conn *conn, enum packet_type type,
                uint16_t packet_id, uint8_t reason)
{
    assert(packet_id != 0);
    struct ack ack = {.type = type, .packet_id = packet_id, .reason = reason};
    struct writer w = output_writer(shard, ACK_SIZE);
    ack_encode(&ack, conn->protocol, &w);
    output_written(shard, conn, &w);
}

bool output_connack(struct shard *shard, struct conn *conn,
                    const struct connack *connack)
{
    size_t size = connack_size(connack, conn->protocol);
    if (!output_fits(conn, size)) return false;
    struct writer w = output_writer(shard, size);
    connack_encode(connack, conn->protocol, &w);
    output_written(shard, conn, &w);
    return true;
}

void output_suback(struct shard *shard, struct conn *conn,
                   const struct suback *suback)
{
    size_t size = suback_size(suback, conn->protocol);
    if (!output_fits(conn, size)) return;
    struct writer w = output_writer(shard, size);
    suback_encode(suback, conn->protocol, &w);
    output_written(shard, conn, &w);
}

bool output_auth(struct shard *shard, struct conn *conn,
                 const struct auth *auth)
{
    assert(conn->protocol == MQTT_50);
    size_t size = auth_size(auth);
    if (!output_fits(conn, size)) return false;
    struct writer w = output_writer(shard, size);
    auth_encode(auth, &w);
    output_written(shard, conn, &w);
    return true;
}

void output_disconnect(struct shard *shard, struct conn *conn, uint8_t reason)
{
    assert(conn->protocol == MQTT_50);
    struct disconnect disconnect = {.reason = reason};
    size_t size = disconnect_size(&disconnect, conn->protocol);
    if (!output_fits(conn, size)) return;
    struct writer w = output_writer(shard, size);
    disconnect_encode(&disconnect, conn->protocol, &w);
    output_written(shard, conn, &w);
}

void output_pingresp(struct shard *shard, struct conn *conn)
{
    struct writer w = output_writer(shard, PING_SIZE);
    ping_encode(PACKET_PINGRESP, &w);
    output_written(shard, conn, &w);
}
