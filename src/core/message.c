/* message.c - shared bodies: one block, made once, freed by whoever is last. */
#include "core/message.h"

#include <assert.h>

/* Copy `from` to `*at`, move `*at` behind it; the copy. */
static struct bytes place(uint8_t **at, struct bytes from)
{
    struct bytes copy = {*at, from.size};
    if (from.size > 0) memcpy(*at, from.data, from.size);
    *at += from.size;
    return copy;
}

/* A body for `size` bytes, with one reference, or NULL. */
static struct body *body_new(struct pool *pool, size_t size)
{
    assert(pool != NULL);
    assert(size < UINT32_MAX - sizeof(struct body));
    size_t block = sizeof(struct body) + size;
    struct body *body = pool_shared_take(pool, block);
    if (body == NULL) return NULL;
    atomic_init(&body->refs, 1);
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
    size_t size =
        m->topic.size + m->forward.size + source.size + m->payload.size;
    struct body *body = body_new(pool, size);
    if (body == NULL) return NULL;
    uint8_t *at = body->bytes;
    body->message = *m;
    body->message.topic = place(&at, m->topic);
    body->message.forward = place(&at, m->forward);
    body->message.source_size = (uint16_t)source.size;
    (void)place(&at, source);
    body->message.payload = place(&at, m->payload);
    assert(at == body->bytes + size);
    *m = body_message(body);
    m->owned = true;
    assert(m->body == body && body->message.body == NULL);
    return body_ref(body);
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
    unsigned refs =
        atomic_fetch_sub_explicit(&body->refs, 1, memory_order_acq_rel);
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
