/* subscribe.c - SUBSCRIBE and UNSUBSCRIBE. */
#include "core/subscribe.h"

#include "core/journal.h"
#include "core/membership.h"
#include "core/mount.h"
#include "core/output.h"
#include "core/recall.h"
#include "core/route.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/reason.h"
#include "wire/subscribe.h"
#include "wire/topic.h"

#include <assert.h>

/* --- judging ------------------------------------------------------------- */

/* A filter that breaks the rules of filters ends the connection. The log says
 * which: it is a mistake of whoever wrote the client.
 * [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2] */
static enum err filter_check(struct shard *shard, const struct conn *conn,
                             struct bytes filter)
{
    if (topic_subscription_valid(filter)) return OK;
    actions_note(shard->out, NOTE_WARNING, NOTE_PACKET, &conn->id,
                 "Client %s asks for \"%.*s\", which is no topic filter",
                 session_name(conn->session), (int)filter.size,
                 (const char *)filter.data);
    return topic_is_shared(filter) ? ERR_PROTOCOL : ERR_MALFORMED;
}

/* How many levels a filter has. */
static uint32_t filter_levels(struct bytes filter)
{
    uint32_t levels = 1;
    for (size_t i = 0; i < filter.size; i++)
        levels += filter.data[i] == '/';
    return levels;
}

/* The code of a subscription that is not to be made, or 0. */
static uint8_t subscription_refusal(const struct shard *shard,
                                    const struct session *session,
                                    struct bytes filter, bool fresh)
{
    const struct options *o = shard->options;
    bool wildcard = topic_has_wildcard(filter);
    if (wildcard && !o->wildcard_subscriptions) {
        return REASON_WILDCARD_NOT_SUPPORTED;
    }
    if (topic_is_shared(filter) && !o->shared_subscriptions) {
        return REASON_SHARED_NOT_SUPPORTED;
    }
    if (o->max_topic_bytes > 0 && filter.size > o->max_topic_bytes) {
        return REASON_QUOTA_EXCEEDED;
    }
    if (wildcard && o->max_topic_levels > 0 &&
        filter_levels(filter) > o->max_topic_levels) {
        return REASON_QUOTA_EXCEEDED;
    }
    bool many = o->max_subscriptions > 0 &&
                session->subscription_count >= o->max_subscriptions;
    if (topic_is_shared(filter)) {
        many = many || session->ties->membership_count >= MEMBERSHIPS_MAX;
    }
    if (fresh && (many || pool_full(shard->pool))) {
        return REASON_QUOTA_EXCEEDED;
    }
    return REASON_SUCCESS;
}

/* --- the packet under way ------------------------------------------------ */

static size_t subscribing_size(uint32_t code_count)
{
    return sizeof(struct subscribing) + code_count;
}

static struct subscribing *subscribing_new(struct shard *shard,
                                           struct session *session,
                                           const struct subscribe *s,
                                           enum packet_type answer)
{
    assert(session->subscribing == NULL);
    struct subscribing *new =
        pool_take(shard->pool, subscribing_size((uint32_t)s->count));
    new->session = session;
    new->answer = answer;
    new->packet_id = s->packet_id;
    new->code_count = (uint32_t)s->count;
    new->fresh = pool_take(shard->pool, s->count * sizeof *new->fresh);
    list_init(&new->recalls);
    new->join = join_new(shard, JOIN_SUBSCRIBE, new);
    session->subscribing = new;
    return new;
}

/* What was asked counts from now on. */
static void subscribing_settle(struct shard *shard, struct subscribing *s)
{
    for (uint32_t i = 0; i < s->fresh_count; i++) {
        struct subscription *subscription = s->fresh[i];
        assert(subscription->pending);
        subscription->pending = false;
        topics_change(shard->topics, subscription, subscription->options);
    }
}

static void subscribing_free(struct shard *shard, struct subscribing *old)
{
    assert(list_empty(&old->recalls));
    assert(old->session->subscribing == old);
    old->session->subscribing = NULL;
    join_free(shard, old->join);
    pool_give(shard->pool, old->fresh, old->code_count * sizeof *old->fresh);
    pool_give(shard->pool, old, subscribing_size(old->code_count));
}

/* This shard's part is done, stored in `batch`. */
static void subscribing_routed(struct shard *shard, struct subscribing *s,
                               uint64_t batch)
{
    assert(!s->routed);
    s->routed = true;
    s->batch = batch;
    struct join *join = join_find(shard, s->join);
    assert(join != NULL);
    if (join->waiting == 0) s->joined = true;
    gate_session(shard, batch, s->session->ref);
    subscribing_flush(shard, s->session);
}

void subscribing_joined(struct shard *shard, struct subscribing *s,
                        enum err reason)
{
    assert(!s->joined || !s->routed);
    assert(reason == OK);
    if (!s->routed) return;
    s->joined = true;
    subscribing_flush(shard, s->session);
}

/* Send SUBACK or UNSUBACK. Before 5.0 there is one code for every failure, and
 * none in UNSUBACK. */
static void subscribing_answer(struct shard *shard, struct subscribing *s)
{
    struct conn *conn = s->session->conn;
    assert(conn != NULL);
    struct suback suback = {.type = s->answer, .packet_id = s->packet_id};
    suback.codes = bytes_at(s->codes, s->code_count);
    if (conn->protocol != MQTT_50) {
        for (uint32_t i = 0; i < s->code_count; i++) {
            if (s->codes[i] >= REASON_FAILURE) s->codes[i] = 0x80;
        }
        if (s->answer == PACKET_UNSUBACK) suback.codes.size = 0;
    }
    output_suback(shard, conn, &suback);
}

void subscribing_flush(struct shard *shard, struct session *session)
{
    struct subscribing *s = session->subscribing;
    if (s == NULL || !s->routed || !s->joined) return;
    if (!gate_open(shard, s->batch)) return;
    subscribing_answer(shard, s);
    subscribing_settle(shard, s);
    if (s->shared) memberships_ready(shard, session, true);
    recall_begin_all(shard, session, &s->recalls);
    subscribing_free(shard, s);
    conn_resume(shard, session->conn);
}

void subscribing_drop(struct shard *shard, struct session *session)
{
    struct subscribing *s = session->subscribing;
    if (s == NULL) return;
    subscribing_settle(shard, s);
    recall_drop_list(shard, &s->recalls);
    subscribing_free(shard, s);
}

/* --- subscriptions ------------------------------------------------------- */

/* Unlink `subscription`; all shards are told if nobody here wants its filter
 * any more, and answer `join`. */
static void subscription_end(struct shard *shard, struct session *session,
                             struct subscription *subscription,
                             struct join_ref join)
{
    assert(session->subscription_count > 0);
    journal_subscription_gone(shard, session, subscription);
    struct body *filter =
        body_of_text(shard->pool, topics_filter(shard->topics, subscription));
    if (subscription->options.no_local) session->no_local_count -= 1;
    list_remove(&subscription->of_owner);
    bool last = topics_remove(shard->topics, subscription);
    if (last) route_announce(shard, filter->message.topic, false, join);
    body_unref(filter);
    session->subscription_count -= 1;
    stat_sub(shard, STAT_SUBSCRIPTIONS, 1);
}

/* A subscription of `session` to `filter`, pending until its SUBACK. */
static struct subscription *subscription_new(
    struct shard *shard, struct session *session, struct bytes filter,
    struct subscription_options options)
{
    struct subscriber subscriber = {
        .session = session, .options = options, .pending = true};
    struct subscription *new = topics_add(shard->topics, filter, &subscriber);
    list_push(&session->subscriptions, &new->of_owner);
    session->subscription_count += 1;
    stat_add(shard, STAT_SUBSCRIPTIONS, 1);
    return new;
}

/* Make the subscription, or give the one that is there new options.
 * [MQTT-3.8.4-3] */
static void subscription_set(struct shard *shard, struct subscribing *s,
                             struct bytes filter,
                             struct subscription_options options)
{
    struct session *session = s->session;
    struct subscription *subscription =
        topics_find(shard->topics, filter, session, NULL);
    if (subscription == NULL) {
        subscription = subscription_new(shard, session, filter, options);
        assert(s->fresh_count < s->code_count);
        s->fresh[s->fresh_count++] = subscription;
    } else {
        if (subscription->options.no_local) session->no_local_count -= 1;
        topics_change(shard->topics, subscription, options);
    }
    if (options.no_local) session->no_local_count += 1;
    route_announce(shard, filter, true, s->join);
    journal_subscription(shard, session, subscription);
}

void subscriptions_end(struct shard *shard, struct session *session)
{
    struct join_ref nobody = {0};
    LIST_EACH(at, after, &session->subscriptions) {
        subscription_end(shard, session,
                         OWNER(at, struct subscription, of_owner), nobody);
    }
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *membership =
            OWNER(at, struct membership, of_session);
        journal_membership_gone(shard, session, membership);
        membership_leave(shard, session, membership, nobody);
    }
    session_untie(shard, session);
    assert(session->subscription_count == 0);
    assert(session->no_local_count == 0);
}

void subscriptions_forget(struct shard *shard, struct session *session)
{
    memberships_forget(shard, session);
    session_untie(shard, session);
}

/* --- SUBSCRIBE ----------------------------------------------------------- */

/* The options that are granted. A bridge would send back what it brought, and
 * loses what is retained here, but cannot say so in 3.x: its CONNECT did. */
static struct subscription_options subscribe_options(
    const struct shard *shard, const struct conn *conn,
    const struct subscribe *s, const struct subscribe_filter *wanted)
{
    uint8_t max = options_of(shard->options, conn->listener)->max_qos;
    bool bridge = conn->bridge && !topic_is_shared(wanted->filter);
    return (struct subscription_options){
        .qos = wanted->qos < max ? wanted->qos : max, /* [MQTT-3.8.4-7] */
        .retain_handling = (uint8_t)wanted->retain_handling,
        .no_local = wanted->no_local || bridge,
        .retain_as_published = wanted->retain_as_published || bridge,
        .identifier = s->properties.subscription_id,
    };
}

static void subscribe_denied(struct shard *shard, const struct session *session,
                             struct bytes filter)
{
    stat_add(shard, STAT_DENIED_SUBSCRIBE, 1);
    actions_note(shard->out, NOTE_WARNING, NOTE_DENIED, &session->conn->id,
                 "Client %s may not subscribe to %.*s", session_name(session),
                 (int)filter.size, (const char *)filter.data);
}

/* One filter of the packet; returns its code. [MQTT-3.9.3-1] */
static uint8_t subscribe_one(struct shard *shard, struct subscribing *s,
                             struct bytes filter,
                             struct subscription_options options)
{
    struct session *session = s->session;
    if (mount_filter(shard, session->conn, &filter) != OK) {
        return REASON_TOPIC_FILTER_INVALID;
    }
    bool shared = topic_is_shared(filter);
    bool fresh =
        shared ? membership_find(session, filter) == NULL
               : topics_find(shard->topics, filter, session, NULL) == NULL;
    uint8_t refusal = subscription_refusal(shard, session, filter, fresh);
    if (refusal != REASON_SUCCESS) return refusal;
    if (!grant_allows(shard, session, ACL_SUBSCRIBE, filter, 0)) {
        subscribe_denied(shard, session, filter);
        return REASON_NOT_AUTHORIZED;
    }
    actions_note(shard->out, NOTE_DEBUG, NOTE_SUBSCRIBED, &session->conn->id,
                 "Client %s subscribes to %.*s (QoS %u)", session_name(session),
                 (int)filter.size, (const char *)filter.data, options.qos);
    if (shared) {
        s->shared = true;
        membership_join(shard, session, filter, options, s->join);
        journal_membership(shard, session, membership_find(session, filter));
        return options.qos;
    }
    subscription_set(shard, s, filter, options);
    if (options.retain_handling == RETAIN_SEND ||
        (options.retain_handling == RETAIN_SEND_IF_NEW && fresh)) {
        recall_plan(shard, &s->recalls, session, filter, options);
    }
    return options.qos;
}

enum err subscribe_in(struct shard *shard, struct conn *conn,
                      const struct frame *frame)
{
    struct subscribe s;
    enum err e = subscribe_decode(frame, (enum protocol)conn->protocol, &s);
    if (e != OK) return e;
    struct subscribe_filter wanted;
    struct reader at = reader_of(s.filters);
    while (subscribe_filter_next(&at, &wanted)) {
        e = filter_check(shard, conn, wanted.filter);
        if (e != OK) return e;
    }
    size_t puts = shard->out->put_count;
    struct subscribing *subscribing =
        subscribing_new(shard, conn->session, &s, PACKET_SUBACK);
    at = reader_of(s.filters);
    for (uint32_t i = 0; subscribe_filter_next(&at, &wanted); i++) {
        assert(i < subscribing->code_count);
        subscribing->codes[i] =
            subscribe_one(shard, subscribing, wanted.filter,
                          subscribe_options(shard, conn, &s, &wanted));
    }
    subscribing_routed(shard, subscribing, gate_since(shard, puts));
    return OK;
}

/* --- UNSUBSCRIBE --------------------------------------------------------- */

/* One filter of the packet; returns its code. [MQTT-3.10.4-1] */
static uint8_t unsubscribe_one(struct shard *shard, struct subscribing *s,
                               struct bytes filter)
{
    struct session *session = s->session;
    if (mount_filter(shard, session->conn, &filter) != OK) {
        return REASON_NO_SUBSCRIPTION_EXISTED;
    }
    recall_cancel(shard, session, filter);
    if (topic_is_shared(filter)) {
        struct membership *membership = membership_find(session, filter);
        if (membership == NULL) return REASON_NO_SUBSCRIPTION_EXISTED;
        outbound_resign(session, filter);
        journal_membership_gone(shard, session, membership);
        membership_leave(shard, session, membership, s->join);
        session_untie(shard, session);
        return REASON_SUCCESS;
    }
    struct subscription *subscription =
        topics_find(shard->topics, filter, session, NULL);
    if (subscription == NULL) return REASON_NO_SUBSCRIPTION_EXISTED;
    subscription_end(shard, session, subscription, s->join);
    return REASON_SUCCESS;
}

enum err unsubscribe_in(struct shard *shard, struct conn *conn,
                        const struct frame *frame)
{
    struct subscribe s;
    enum err e = subscribe_decode(frame, (enum protocol)conn->protocol, &s);
    if (e != OK) return e;
    struct bytes filter;
    struct reader at = reader_of(s.filters);
    while (unsubscribe_filter_next(&at, &filter)) {
        e = filter_check(shard, conn, filter);
        if (e != OK) return e;
    }
    size_t puts = shard->out->put_count;
    struct subscribing *subscribing =
        subscribing_new(shard, conn->session, &s, PACKET_UNSUBACK);
    at = reader_of(s.filters);
    for (uint32_t i = 0; unsubscribe_filter_next(&at, &filter); i++) {
        assert(i < subscribing->code_count);
        subscribing->codes[i] = unsubscribe_one(shard, subscribing, filter);
    }
    subscribing_routed(shard, subscribing, gate_since(shard, puts));
    return OK;
}
