/* source.c - who said something that is kept. */
#include "core/source.h"

#include "base/cursor.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

enum { SOURCE_HEAD_SIZE = 5, SOURCE_SIZE_MAX = UINT16_MAX };

struct source {
    uint16_t listener;
    struct acl_who who;
};

static size_t source_size(const struct source *source)
{
    return SOURCE_HEAD_SIZE + source->who.user.size +
           source->who.client_id.size;
}

static void source_write(struct writer *w, const struct source *source)
{
    write_u16(w, source->listener);
    write_u8(w, source->who.has_user);
    write_binary(w, source->who.user);
    write_bytes(w, source->who.client_id);
    assert(!w->failed);
}

/* Bytes from disk: false when they are none. */
static bool source_read(struct bytes in, struct source *source)
{
    struct reader r = reader_of(in);
    source->listener = read_u16(&r);
    source->who.has_user = read_u8(&r) != 0;
    source->who.user = read_binary(&r);
    source->who.client_id = read_rest(&r);
    return !r.failed;
}

/* The shared copy of `*m`, with `source` if it is not too large. */
static struct body *source_add(struct shard *shard, struct message *m,
                               const struct source *source)
{
    size_t size = source_size(source);
    if (size > SOURCE_SIZE_MAX) return message_share(m, shard->pool);
    struct buffer text;
    buffer_init(&text, shard->pool);
    struct writer w = writer_at(buffer_reserve(&text, size), size);
    source_write(&w, source);
    struct body *body = message_share_as(m, shard->pool, writer_bytes(&w));
    buffer_fini(&text);
    return body;
}

struct body *source_share(struct shard *shard, struct message *m,
                          const struct session *session)
{
    const struct grant *grant = session->grant;
    bool own_rules = grant != NULL && grant->acl != NULL;
    if (!shard->grants.rules || !session->granted || own_rules) {
        return message_share(m, shard->pool);
    }
    struct source source = {.listener = session->listener,
                            .who = grant_who(session)};
    return source_add(shard, m, &source);
}

struct body *source_share_answer(struct shard *shard, struct message *m,
                                 uint16_t listener, const struct answer *answer,
                                 struct bytes client_id)
{
    if (!shard->grants.rules || answer->acl != NULL) {
        return message_share(m, shard->pool);
    }
    struct source source = {.listener = listener,
                            .who = {.user = answer->user,
                                    .has_user = answer->has_user,
                                    .client_id = client_id}};
    return source_add(shard, m, &source);
}

bool source_stands(const struct shard *shard, const struct message *m)
{
    struct source source;
    if (!shard->grants.rules || m->source_size == 0) return true;
    if (!source_read(message_source(m), &source)) return true;
    const struct acl *acl = options_of(shard->options, source.listener)->acl;
    return acl_judge(acl, &source.who, ACL_PUBLISH, m->topic).allowed;
}
