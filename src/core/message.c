/* message.c - shared bodies: one block, made once, freed by whoever is last. */
#include "core/message.h"

#include <assert.h>

/* What of a message comes before its texts when it is packed. */
struct packed {
    uint64_t hash, stamp, expires_ms;
    struct session_ref publisher;
    uint32_t forward_size, payload_size;
    uint16_t topic_size, source_size;
    uint16_t publisher_shard;
    uint8_t qos;
    bool retain;
    uint8_t lead; /* bytes of the packet in front of the topic; 0: no packet */
    uint8_t gap;  /* and between topic and forward */
};

/* Copy `from` to `*at`, move `*at` behind it; the copy. */
static struct bytes place(uint8_t **at, struct bytes from)
{
    struct bytes copy = {*at, from.size};
    if (from.size > 0) memcpy(*at, from.data, from.size);
    *at += from.size;
    return copy;
}

/* What the texts of `m` take together with `source`. */
static size_t texts_size(const struct message *m, struct bytes source)
{
    return m->topic.size + m->forward.size + source.size + m->payload.size;
}

/* Copy the texts of `m` and `source` to `at`, and let `m` view them there.
 * Returns their end. */
static uint8_t *texts_place(struct message *m, struct bytes source, uint8_t *at)
{
    m->topic = place(&at, m->topic);
    m->forward = place(&at, m->forward);
    m->source_size = (uint16_t)source.size;
    (void)place(&at, source);
    m->payload = place(&at, m->payload);
    return at;
}

/* A body for `size` bytes, with `refs` references. */
static struct body *body_new(struct pool *pool, size_t size, unsigned refs)
{
    assert(pool != NULL);
    assert(size < UINT32_MAX - sizeof(struct body));
    size_t block = sizeof(struct body) + size;
    struct body *body = pool_shared_take(pool, block);
    atomic_init(&body->refs, refs);
    body->size = (uint32_t)block;
    body->pool = pool;
    return body;
}

struct body *message_share(struct message *m, struct pool *pool)
{
    assert(m != NULL);
    if (m->body != NULL) return body_ref(m->body);
    return message_share_as(m, pool, message_source(m));
}

struct body *message_share_as(struct message *m, struct pool *pool,
                              struct bytes source)
{
    assert(m->body == NULL);
    assert(source.size <= UINT16_MAX);
    size_t size = texts_size(m, source);
    /* One for `m`, one for the caller. To count another later takes as long as
     * dozens of instructions do. */
    struct body *body = body_new(pool, size, 2);
    body->message = *m;
    uint8_t *end = texts_place(&body->message, source, body->bytes);
    assert(end == body->bytes + size);
    /* All else is in `m` already, and a copy of what was just written in parts
     * would wait for it. */
    m->topic.data = body->message.topic.data;
    m->forward.data = body->message.forward.data;
    m->payload.data = body->message.payload.data;
    m->source_size = body->message.source_size;
    m->body = body;
    m->owned = true;
    assert(body->message.body == NULL && !body->message.owned);
    return body;
}

size_t message_packed_size(const struct message *m, struct bytes packet)
{
    assert(m != NULL);
    if (packet.size > 0) return sizeof(struct packed) + packet.size;
    return sizeof(struct packed) + texts_size(m, message_source(m));
}

/* Copy `packet` to `to`; `head` says where in it the texts of `m` are. Returns
 * the end of the copy. */
static uint8_t *packet_place(const struct message *m, struct bytes packet,
                             struct packed *head, uint8_t *to)
{
    const uint8_t *forward = m->payload.data - m->forward.size;
    assert(m->topic.data > packet.data && m->source_size == 0);
    assert(m->forward.size == 0 || m->forward.data == forward);
    assert(m->payload.data + m->payload.size == packet.data + packet.size);
    head->lead = (uint8_t)(m->topic.data - packet.data);
    head->gap = (uint8_t)(forward - (m->topic.data + m->topic.size));
    memcpy(to, packet.data, packet.size);
    return to + packet.size;
}

void message_pack(const struct message *m, struct bytes packet, uint8_t *to)
{
    assert(m->topic.size <= UINT16_MAX);
    assert(m->forward.size + m->payload.size <= UINT32_MAX);
    struct packed head = {
        .hash = m->hash,
        .stamp = m->stamp,
        .expires_ms = m->expires_ms,
        .publisher = m->publisher,
        .forward_size = (uint32_t)m->forward.size,
        .payload_size = (uint32_t)m->payload.size,
        .topic_size = (uint16_t)m->topic.size,
        .source_size = m->source_size,
        .publisher_shard = m->publisher_shard,
        .qos = m->qos,
        .retain = m->retain,
    };
    struct message texts = *m;
    uint8_t *at = to + sizeof head;
    uint8_t *end = packet.size > 0 ? packet_place(m, packet, &head, at)
                                   : texts_place(&texts, message_source(m), at);
    memcpy(to, &head, sizeof head);
    assert(end == to + message_packed_size(m, packet));
}

struct message message_unpack(struct bytes packed, struct bytes *packet)
{
    struct packed head;
    assert(packed.size >= sizeof head);
    memcpy(&head, packed.data, sizeof head);
    struct bytes whole = bytes_skip(packed, sizeof head);
    const uint8_t *topic = whole.data + head.lead;
    const uint8_t *forward = topic + head.topic_size + head.gap;
    const uint8_t *payload = forward + head.forward_size + head.source_size;
    assert(payload + head.payload_size == packed.data + packed.size);
    *packet = head.lead > 0 ? whole : bytes_at(whole.data, 0);
    return (struct message){
        .topic = {topic, head.topic_size},
        .forward = {forward, head.forward_size},
        .payload = {payload, head.payload_size},
        .hash = head.hash,
        .stamp = head.stamp,
        .expires_ms = head.expires_ms,
        .publisher = head.publisher,
        .publisher_shard = head.publisher_shard,
        .source_size = head.source_size,
        .qos = head.qos,
        .retain = head.retain,
    };
}

void message_done(struct message *m)
{
    if (m->owned) body_unref(m->body);
    m->body = NULL;
    m->owned = false;
}

struct body *body_of_text(struct pool *pool, struct bytes text)
{
    struct message m = {.topic = text};
    struct body *body = message_share(&m, pool);
    message_done(&m);
    return body;
}

struct body *body_ref(struct body *body)
{
    assert(body != NULL);
    unsigned refs =
        atomic_fetch_add_explicit(&body->refs, 1, memory_order_relaxed);
    assert(refs > 0 && refs < UINT32_MAX);
    return body;
}

void body_unref(struct body *body)
{
    if (body == NULL) return;
    /* Whoever has the only reference need not share the count with anybody. */
    unsigned refs = atomic_load_explicit(&body->refs, memory_order_acquire);
    if (refs > 1) {
        refs = atomic_fetch_sub_explicit(&body->refs, 1, memory_order_acq_rel);
    }
    assert(refs > 0);
    if (refs == 1) pool_shared_give(body->pool, body, body->size);
}

uint32_t message_expiry_s(const struct message *m, uint64_t now_ms)
{
    assert(m != NULL);
    if (m->expires_ms == 0) return 0;
    if (now_ms >= m->expires_ms) return 1;
    uint64_t left_ms = m->expires_ms - now_ms;
    uint64_t left_s = left_ms / 1000 + (left_ms % 1000 != 0);
    assert(left_s > 0);
    return left_s > UINT32_MAX ? UINT32_MAX : (uint32_t)left_s;
}
