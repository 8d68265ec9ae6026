/* recall.c - the retained messages that a new subscription gets. */
#include "core/recall.h"

#include "core/conn.h"
#include "core/output.h"
#include "core/session.h"
#include "core/source.h"
#include "core/state.h"

#include <assert.h>

/* A topic that was overtaken. */
struct overtaking {
    struct map_entry entry;
    uint16_t topic_size;
    uint8_t topic[];
};

/* --- coming and going ---------------------------------------------------- */

void recall_plan(struct shard *shard, struct link *plans,
                 struct session *session, struct bytes filter,
                 struct subscription_options options)
{
    struct recall *recall = pool_take(shard->pool, sizeof *recall);
    recall->session = session;
    recall->filter = body_of_text(shard->pool, filter);
    recall->options = options;
    map_init(&recall->overtaken, shard->pool);
    list_push(plans, &recall->link);
}

static void overtaking_free(struct map_entry *entry, void *context)
{
    struct map *map = context;
    struct overtaking *old = OWNER(entry, struct overtaking, entry);
    map_remove(map, entry);
    pool_give(map->pool, old, sizeof *old + old->topic_size);
}

static void recall_free(struct shard *shard, struct recall *recall)
{
    assert(recall->next <= recall->count);
    list_remove(&recall->link);
    join_free(shard, recall->join);
    for (uint32_t i = recall->next; i < recall->count; i++) {
        body_unref(recall->bodies[i]);
    }
    pool_give(shard->pool, recall->bodies,
              recall->capacity * sizeof *recall->bodies);
    size_t cursor = 0;
    while (map_walk(&recall->overtaken, &cursor, SIZE_MAX, overtaking_free,
                    &recall->overtaken)) {
    }
    map_fini(&recall->overtaken);
    body_unref(recall->filter);
    pool_give(shard->pool, recall, sizeof *recall);
}

void recall_drop_list(struct shard *shard, struct link *plans)
{
    LIST_EACH(at, after, plans) {
        recall_free(shard, OWNER(at, struct recall, link));
    }
    assert(list_empty(plans));
}

void recall_drop_all(struct shard *shard, struct session *session)
{
    recall_drop_list(shard, &session->ties->recalls);
    session_untie(shard, session);
}

void recall_cancel(struct shard *shard, struct session *session,
                   struct bytes filter)
{
    LIST_EACH(at, after, &session->ties->recalls) {
        struct recall *recall = OWNER(at, struct recall, link);
        if (!bytes_equal(recall->filter->message.topic, filter)) continue;
        recall_free(shard, recall);
    }
    session_untie(shard, session);
}

/* --- gathering ----------------------------------------------------------- */

/* Add `body`, borrowed, to what is to be sent. */
static void recall_add(struct shard *shard, struct recall *recall,
                       struct body *body)
{
    assert(recall->count <= recall->capacity);
    if (recall->count == recall->capacity) {
        uint32_t capacity = recall->capacity == 0 ? 4 : recall->capacity * 2;
        size_t each = sizeof *recall->bodies;
        recall->bodies = pool_resize(shard->pool, recall->bodies,
                                     recall->capacity * each, capacity * each);
        recall->capacity = capacity;
    }
    recall->bodies[recall->count++] = body_ref(body);
}

struct recall_visit {
    struct shard *shard;
    struct recall *recall;
};

static void recall_visit_here(struct body *body, void *context)
{
    struct recall_visit *visit = context;
    recall_add(visit->shard, visit->recall, body);
}

/* What is kept here, and the question to all others. */
static void recall_begin(struct shard *shard, struct recall *recall)
{
    assert(recall->count == 0 && !recall->complete);
    assert(recall->session->conn != NULL);
    struct recall_visit visit = {shard, recall};
    retain_match(shard->retain, recall->filter->message.topic, shard->now_ms,
                 recall_visit_here, &visit);
    recall->complete = shard->place.count == 1;
    if (recall->complete) return;
    recall->join = join_new(shard, JOIN_RECALL, recall);
    for (uint16_t to = 0; to < shard->place.count; to++) {
        if (to == shard->place.index) continue;
        join_expect(shard, recall->join);
        struct post *post = actions_post(shard->out, to, POST_RECALL);
        post->join = recall->join;
        post->body = body_ref(recall->filter);
    }
}

void recall_begin_all(struct shard *shard, struct session *session,
                      struct link *plans)
{
    LIST_EACH(at, after, plans) {
        list_remove(at);
        list_push(&session_tie(shard, session)->recalls, at);
        recall_begin(shard, OWNER(at, struct recall, link));
    }
    recall_pump(shard, session);
}

struct recall_answer {
    struct shard *shard;
    const struct post *question;
};

static void recall_visit_post(struct body *body, void *context)
{
    struct recall_answer *answer = context;
    struct post *post =
        actions_post(answer->shard->out, answer->question->from, POST_RETAINED);
    post->join = answer->question->join;
    post->body = body_ref(body);
}

void recall_asked(struct shard *shard, const struct post *post)
{
    struct recall_answer answer = {shard, post};
    retain_match(shard->retain, post->body->message.topic, shard->now_ms,
                 recall_visit_post, &answer);
    join_answer(shard, post->join, 0, OK);
}

void recall_got(struct shard *shard, const struct post *post)
{
    struct join *join = join_find(shard, post->join);
    if (join == NULL) return;
    assert(join->kind == JOIN_RECALL);
    struct recall *recall = join->owner;
    recall_add(shard, recall, post->body);
    recall_pump(shard, recall->session);
}

void recall_joined(struct shard *shard, struct recall *recall)
{
    assert(!recall->complete);
    struct session *session = recall->session;
    recall->complete = true;
    recall_pump(shard, session);
    if (session->conn != NULL) conn_resume(shard, session->conn);
}

bool recall_asking(const struct session *session)
{
    if (list_empty(&session->ties->recalls)) return false;
    return !OWNER(session->ties->recalls.prev, const struct recall, link)
                ->complete;
}

/* --- overtaking ---------------------------------------------------------- */

static bool overtaking_same(const struct map_entry *entry, const void *key)
{
    const struct overtaking *old = OWNER(entry, const struct overtaking, entry);
    const struct bytes *topic = key;
    return bytes_equal(bytes_at(old->topic, old->topic_size), *topic);
}

static struct overtaking *overtaking_find(const struct shard *shard,
                                          const struct recall *recall,
                                          struct bytes topic)
{
    uint64_t hash = hash_bytes(&shard->place.key, topic);
    struct map_entry *entry =
        map_find(&recall->overtaken, hash, overtaking_same, &topic);
    return entry == NULL ? NULL : OWNER(entry, struct overtaking, entry);
}

void recall_overtaken(struct shard *shard, struct session *session,
                      const struct message *m)
{
    if (!m->retain || list_empty(&session->ties->recalls)) return;
    LIST_EACH(at, after, &session->ties->recalls) {
        struct recall *recall = OWNER(at, struct recall, link);
        struct overtaking *old = overtaking_find(shard, recall, m->topic);
        if (old == NULL) {
            old = pool_take(shard->pool, sizeof *old + m->topic.size);
            old->topic_size = (uint16_t)m->topic.size;
            memcpy(old->topic, m->topic.data, m->topic.size);
            map_insert(&recall->overtaken, &old->entry,
                       hash_bytes(&shard->place.key, m->topic));
        }
    }
}

/* --- sending ------------------------------------------------------------- */

/* Can a message of `qos` go to `session` without being queued? */
static bool recall_can_send(const struct session *session, uint8_t qos)
{
    const struct conn *conn = session->conn;
    const struct outbound *o = session->outbound;
    if (!output_room(conn) || conn_waiting(conn) != NULL) return false;
    if (qos == 0) return true;
    return list_empty(&o->queue) && o->window_count < session->window_max;
}

/* May who published `m` still do that, if the options ask? */
static bool recall_stands(const struct shard *shard, const struct message *m)
{
    return !shard->options->check_retain_source || source_stands(shard, m);
}

/* Send the next message of `recall`. False: not now. RETAIN says that it comes
 * because of the subscription. [MQTT-3.3.1-8] [MQTT3-3.3.1-8] */
static bool recall_send(struct shard *shard, struct recall *recall)
{
    assert(recall->next < recall->count);
    struct body *body = recall->bodies[recall->next];
    struct message m = body_message(body);
    const struct subscription_options *options = &recall->options;
    uint8_t qos = m.qos < options->qos ? m.qos : options->qos;
    if (shard->options->upgrade_outgoing_qos) qos = options->qos;
    if (!recall_can_send(recall->session, qos)) return false;
    recall->next += 1;
    /* What is kept now came live as well, or something later did. */
    bool stale = overtaking_find(shard, recall, m.topic) != NULL;
    bool shown = !stale && !message_expired(&m, shard->now_ms) &&
                 grant_shows(shard, recall->session, &m) &&
                 recall_stands(shard, &m);
    if (shown) {
        struct terms terms = {
            .qos = qos,
            .retain = true,
            .identifier_count = options->identifier > 0,
            .identifiers = &options->identifier,
        };
        enum err e = outbound_offer(shard, recall->session, &m, &terms);
        assert(e == OK || e == ERR_FULL);
    }
    body_unref(body);
    return true;
}

void recall_pump(struct shard *shard, struct session *session)
{
    if (session->conn == NULL || list_empty(&session->ties->recalls)) return;
    LIST_EACH(at, after, &session->ties->recalls) {
        struct recall *recall = OWNER(at, struct recall, link);
        while (recall->next < recall->count) {
            if (!recall_send(shard, recall)) return;
        }
        /* What the next filter brings comes after all of this one's. */
        if (!recall->complete) return;
        recall_free(shard, recall);
    }
    session_untie(shard, session);
}
