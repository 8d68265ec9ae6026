/* will.c - the message that a client leaves behind. */
#include "core/will.h"

#include "core/absence.h"
#include "core/conn.h"
#include "core/publish.h"
#include "core/route.h"
#include "core/session.h"
#include "core/source.h"
#include "core/state.h"

#include <assert.h>

enum err will_check(const struct shard *shard, const struct conn *conn,
                    const struct connect_will *will)
{
    if (!will->present) return OK;
    const struct options *options = shard->options;
    if (will->qos > conn->limits.qos_max) return ERR_NO_QOS;
    if (will->retain && !options->retain_available) return ERR_NO_RETAIN;
    uint32_t limit = options->message_size_limit;
    if (limit > 0 && will->payload.size > limit) return ERR_TOO_LARGE;
    uint32_t topic_max = options->max_topic_bytes;
    if (topic_max > 0 && will->topic.size > topic_max) return ERR_TOPIC;
    return publish_payload_check(options, &will->properties, will->payload);
}

struct will *will_make(struct shard *shard, const struct will_from *from,
                       const struct connect_will *will)
{
    assert(will->present);
    struct message m = {
        .topic = from->topic,
        .forward = publish_forward(shard, &will->properties),
        .payload = will->payload,
        .qos = will->qos,
        .retain = will->retain,
    };
    struct body *body = source_share_answer(shard, &m, from->listener,
                                            from->answer, from->client_id);
    message_done(&m);
    struct will *made = pool_take(shard->pool, sizeof *made);
    *made = (struct will){
        .body = body,
        .delay_s = will->properties.will_delay_s,
        .expiry_s = will->properties.message_expiry_s,
    };
    return made;
}

void will_take(struct shard *shard, struct session *session, struct will **will)
{
    will_drop(shard, session);
    assert(session->will == NULL && absence_will_ms(session) == 0);
    session->will = *will;
    *will = NULL;
}

/* The rules have changed since the client left it. */
static void will_refuse(struct shard *shard, struct session *session)
{
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    stat_add(shard, STAT_DENIED_PUBLISH, 1);
    actions_note(shard->out, NOTE_WARNING, NOTE_DENIED, NULL,
                 "The will of client %s is not published: %s",
                 session_name(session), err_text(ERR_NOT_AUTHORIZED));
    will_drop(shard, session);
}

void will_publish(struct shard *shard, struct session *session)
{
    struct will *will = session->will;
    assert(will != NULL);
    struct message m = will->body->message;
    assert(m.body == NULL && !m.owned);
    assert(m.topic.size > 0);
    /* Without a grant, what was known when it was left has to do. */
    bool allowed = session->granted
                       ? grant_allows(shard, session, ACL_PUBLISH, m.topic, 0)
                       : source_stands(shard, &m);
    if (!allowed) {
        will_refuse(shard, session);
        return;
    }
    m.stamp = shard_stamp(shard);
    m.expires_ms =
        publish_expires_ms(shard, will->expiry_s > 0, will->expiry_s, m.retain);
    m.publisher = session->ref;
    m.publisher_shard = shard->place.index;
    struct routing routing = {.publisher = session};
    route_publish(shard, &m, &routing);
    message_done(&m);
    will_drop(shard, session);
}

void will_drop(struct shard *shard, struct session *session)
{
    struct will *will = session->will;
    if (will == NULL) return;
    session->will = NULL;
    absence_will_at(shard, session, 0);
    body_unref(will->body);
    pool_give(shard->pool, will, sizeof *will);
}
