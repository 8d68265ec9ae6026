/* route.c - from one message to all who want it, here and elsewhere. */
#include "core/route.h"

#include "core/group.h"
#include "core/inbound.h"
#include "core/journal.h"
#include "core/lack.h"
#include "core/recall.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"

#include <assert.h>

enum { RECEIVERS_AHEAD = 4 };

/* Bytes of the arena; size 0: none. */
struct part {
    uint32_t offset, size;
};

/* --- retained ------------------------------------------------------------ */

/* What is kept comes as it was published: mailboxes are causal, stamps of two
 * shards in one millisecond are not. Only what comes `again` after a crash may
 * be older than what is there. */
static bool route_overtaken(const struct shard *shard, const struct message *m,
                            bool again)
{
    struct body *present = retain_get(shard->retain, m->topic);
    if (present == NULL || present->message.stamp <= m->stamp) return false;
    if (!again) (void)retain_clear(shard->retain, m->topic, UINT64_MAX);
    return again;
}

/* Has the topic more levels than may be kept? Each takes memory. */
static bool route_deep(const struct shard *shard, struct bytes topic)
{
    uint32_t max = shard->options->max_topic_levels;
    uint32_t levels = 1;
    for (size_t i = 0; i < topic.size; i++)
        levels += topic.data[i] == '/';
    return max > 0 && levels > max;
}

/* Would it, in place of what is there, take more bytes than there may be? */
static bool route_heavy(const struct shard *shard, const struct message *m)
{
    uint64_t limit = shard->options->retained_bytes_limit;
    if (limit == 0) return false;
    const struct body *present = retain_get(shard->retain, m->topic);
    uint64_t bytes = retain_bytes(shard->retain) + m->payload.size;
    if (present != NULL) bytes -= present->message.payload.size;
    return bytes > limit;
}

/* No message on the topic of `m`. [MQTT-3.3.1-6] [MQTT-3.3.1-7] */
static void route_clear(struct shard *shard, struct message *m, bool again)
{
    uint64_t stamp = again ? m->stamp : UINT64_MAX;
    if (!retain_clear(shard->retain, m->topic, stamp)) return;
    if (!shard->journal.on) return;
    struct body *body = message_share(m, shard->pool);
    journal_retained_gone(shard, body);
    body_unref(body);
}

/* `m` is the retained message of its topic. [MQTT-3.3.1-5] */
static void route_keep(struct shard *shard, struct message *m, bool again)
{
    assert(m->retain);
    if (m->payload.size == 0) {
        route_clear(shard, m, again);
        return;
    }
    if (route_deep(shard, m->topic)) {
        actions_note(shard->out, NOTE_WARNING, NOTE_DROPPED, NULL,
                     "A retained message is not kept: its topic has more than "
                     "%u levels (max_topic_levels)",
                     shard->options->max_topic_levels);
        return;
    }
    if (route_overtaken(shard, m, again)) return;
    if (!again && route_heavy(shard, m)) {
        stat_add(shard, STAT_RETAINED_REFUSED, 1);
        actions_note(shard->out, NOTE_WARNING, NOTE_DROPPED, NULL,
                     "The limit of bytes of retained messages "
                     "(retained_bytes_limit) is reached: a new one is not "
                     "kept");
        route_clear(shard, m, again);
        return;
    }
    struct body *body = message_share(m, shard->pool);
    uint64_t limit = shard->options->retained_limit;
    if (retain_take(shard->retain, &body, limit) != OK) {
        stat_add(shard, STAT_RETAINED_REFUSED, 1);
        actions_note(shard->out, NOTE_WARNING, NOTE_DROPPED, NULL,
                     "The limit of %llu retained messages is reached: a new "
                     "one is not kept",
                     (unsigned long long)limit);
        return;
    }
    assert(body == NULL);
    if (retain_get(shard->retain, m->topic) == m->body) {
        journal_retained(shard, m->body);
    }
}

/* --- receivers here ------------------------------------------------------ */

/* How `m` goes to `receiver`. RETAIN is kept where the client asked for it;
 * else it says "this is old", and this is new. [MQTT-3.3.1-12] [MQTT-3.3.1-13]
 * [MQTT3-3.3.1-9] */
static struct terms route_terms(const struct options *options,
                                const struct message *m,
                                const struct receiver *receiver)
{
    uint8_t qos = m->qos < receiver->qos ? m->qos : receiver->qos;
    if (options->upgrade_outgoing_qos) qos = receiver->qos;
    return (struct terms){
        .qos = qos,
        .retain = m->retain && receiver->retain_as_published,
        .identifier_count = (uint16_t)receiver->identifier_count,
        .identifiers = receiver->identifiers,
    };
}

/* Whose no-local subscriptions must not see `m`: its publisher, if it has such.
 * It is at home where it publishes, so no other shard need ask. */
static const struct session *route_no_local(const struct routing *routing)
{
    const struct session *publisher = routing->publisher;
    if (publisher == NULL || publisher->no_local_count == 0) return NULL;
    return publisher;
}

/* Does it come again, after a crash? */
static bool route_again(const struct routing *routing)
{
    return routing->lack.size > 0;
}

/* Has `session` had it since before a crash? Who came only then is not one of
 * those to whom it was promised. */
static bool route_had(const struct shard *shard, const struct routing *routing,
                      const struct session *session)
{
    if (!route_again(routing)) return false;
    return !session->came_back ||
           !lack_has(routing->lack, &shard->place.key, session_id(session));
}

/* Has `group`? */
static bool route_group_had(const struct shard *shard,
                            const struct routing *routing,
                            const struct group *group)
{
    return route_again(routing) &&
           !lack_has(routing->lack, &shard->place.key, group_text(group));
}

/* Keep `m`, unless that was done before a crash. */
static void route_keep_once(struct shard *shard, struct message *m,
                            const struct routing *routing)
{
    bool again = route_again(routing);
    bool lacks = !again || lack_has(routing->lack, &shard->place.key, m->topic);
    if (lacks) route_keep(shard, m, again);
}

/* Have the processor bring near what is needed for the receivers some steps
 * ahead: the session first, then what it points to. Nothing of thousands of
 * them is in its cache. */
static void route_fetch(const struct receivers *receivers, uint32_t i)
{
    uint32_t far = i + 2 * RECEIVERS_AHEAD, near = i + RECEIVERS_AHEAD;
    if (far < receivers->count) {
        __builtin_prefetch(receivers->list[far].session);
    }
    if (near < receivers->count) {
        __builtin_prefetch(receivers->list[near].session->conn, 1);
    }
}

/* Give `m` to all of this shard that want it. False: nobody does. */
static bool route_local(struct shard *shard, struct message *m,
                        struct routing *routing)
{
    if (m->hash == 0) m->hash = hot_hash(&shard->hot, m->topic);
    struct receivers receivers = topics_match_hashed(
        shard->topics, m->hash, m->topic, route_no_local(routing),
        shard->options->allow_duplicate_messages);
    /* It matches, though nothing comes of it. */
    routing->count += receivers.own;
    for (uint32_t i = 0; i < receivers.count; i++) {
        route_fetch(&receivers, i);
        const struct receiver *receiver = &receivers.list[i];
        if (route_had(shard, routing, receiver->session)) continue;
        if (!grant_shows(shard, receiver->session, m)) continue;
        struct terms terms = route_terms(shard->options, m, receiver);
        recall_overtaken(shard, receiver->session, m);
        routing->count += 1;
        enum err e = outbound_offer(shard, receiver->session, m, &terms);
        assert(e == OK || e == ERR_FULL);
    }
    for (uint32_t i = 0; i < receivers.group_count; i++) {
        if (route_group_had(shard, routing, receivers.groups[i])) continue;
        share_deliver(shard, receivers.groups[i], m, routing);
    }
    return receivers.count + receivers.group_count + receivers.own > 0;
}

/* --- waiting ------------------------------------------------------------- */

struct join_ref routing_await(struct shard *shard, struct routing *routing)
{
    if (routing->join.generation != 0) {
        join_expect(shard, routing->join);
        return routing->join;
    }
    if (routing->type == PACKET_NONE) return routing->join;
    assert(routing->publisher != NULL);
    struct receipt *receipt = receipt_new(shard, routing->publisher,
                                          routing->type, routing->packet_id);
    receipt->join = join_new(shard, JOIN_RECEIPT, receipt);
    receipt->joined = false;
    routing->receipt = receipt;
    routing->join = receipt->join;
    join_expect(shard, routing->join);
    return routing->join;
}

void routing_finish(struct shard *shard, struct routing *routing,
                    uint64_t batch)
{
    assert(routing->type != PACKET_NONE);
    struct session *session = routing->publisher;
    struct receipt *receipt = routing->receipt;
    bool first = list_empty(&session->inbound->receipts);
    if (receipt == NULL && first && gate_open(shard, batch)) {
        bool nobody = routing->count == 0 && routing->type == PACKET_PUBACK;
        inbound_acknowledge(shard, session, routing->type, routing->packet_id,
                            nobody ? 0x10 : 0, batch);
        return;
    }
    if (receipt == NULL) {
        receipt =
            receipt_new(shard, session, routing->type, routing->packet_id);
    }
    receipt_routed(shard, receipt, routing->count, batch);
}

/* --- other shards -------------------------------------------------------- */

/* The shards that said they want `topic`, of which `hot` is remembered, or
 * NULL. */
static uint64_t route_interested(struct shard *shard, struct bytes topic,
                                 struct hot_topic *hot)
{
    uint64_t version = interest_version(shard->interest);
    if (hot != NULL && hot->version == version) return hot->others;
    uint64_t others = interest_match(shard->interest, topic);
    if (hot == NULL) return others;
    hot->others = others;
    hot->version = version;
    return others;
}

/* The shards that must hear of `m`, and which of them keeps it. */
static uint64_t route_others(struct shard *shard, const struct message *m,
                             struct hot_topic *hot, uint16_t *keeper)
{
    uint16_t here = shard->place.index;
    *keeper = here;
    if (shard->place.count == 1) return 0;
    uint64_t others = route_interested(shard, m->topic, hot);
    others &= ~(UINT64_C(1) << here);
    if (m->retain) *keeper = shard_of(shard, m->topic);
    return others;
}

/* What is remembered of the topic of `m`, where other shards may want it. */
static struct hot_topic *route_hot(const struct shard *shard,
                                   const struct message *m)
{
    if (shard->place.count == 1) return NULL;
    return hot_find(&shard->hot, m->topic);
}

/* Give `m` to all here that want it, unless `hot` knows that nobody does: so it
 * mostly is when others want it, and to find nobody takes longest. */
static void route_here(struct shard *shard, struct message *m,
                       const struct hot_topic *hot, struct routing *routing)
{
    uint64_t version = topics_version(shard->topics);
    if (hot != NULL && hot->nobody == version) {
        assert(m->hash == 0 || m->hash == hot->hash);
        m->hash = hot->hash;
        return;
    }
    if (route_local(shard, m, routing)) return;
    struct hot_topic *known = route_hot(shard, m);
    if (known != NULL) known->nobody = version;
}

/* The packet that brought `m`, if it may go on as it is, else nothing. */
static struct bytes route_packet(const struct shard *shard,
                                 const struct message *m)
{
    bool plain = shard->plain.stamp == m->stamp && m->body == NULL;
    return plain ? shard->packet : bytes_at(NULL, 0);
}

/* Who may lack it, and what is small go as a copy, which is in the arena once:
 * see POST_PUBLISH. */
static struct part route_pack(struct shard *shard, const struct message *m,
                              struct bytes lack)
{
    struct bytes packet = route_packet(shard, m);
    size_t size = message_packed_size(m, packet);
    bool small = size <= POST_PACKED_BYTES_MAX;
    if (!small) size = 0;
    if (lack.size + size == 0) return (struct part){0};
    struct buffer *arena = &shard->out->arena;
    uint8_t *at = buffer_reserve(arena, lack.size + size);
    if (lack.size > 0) memcpy(at, lack.data, lack.size);
    if (small) message_pack(m, packet, at + lack.size);
    struct part part = {(uint32_t)arena->size, (uint32_t)(lack.size + size)};
    arena->size += part.size;
    return part;
}

/* POST `m` to `to`, `packed` if it is. */
static void route_post(struct shard *shard, struct message *m,
                       struct part packed, uint16_t to, bool keep, bool deliver,
                       struct routing *routing)
{
    struct body *body = NULL;
    bool whole = packed.size > routing->lack.size;
    if (!whole) body = message_share(m, shard->pool);
    assert(to != shard->place.index);
    assert(keep || deliver);
    struct join_ref join = routing_await(shard, routing);
    struct post *post = actions_post(shard->out, to, POST_PUBLISH);
    post->body = body;
    if (packed.size > 0)
        actions_post_packed(shard->out, packed.offset, packed.size);
    post->keep = keep;
    post->deliver = deliver;
    post->join = join;
    post->once = routing->once;
    post->lack_size = (uint16_t)routing->lack.size;
    post->v5 = shard->plain.v5;
}

uint64_t route_targets(struct shard *shard, const struct message *m)
{
    uint16_t keeper;
    uint64_t targets = route_others(shard, m, route_hot(shard, m), &keeper);
    if (keeper != shard->place.index) targets |= UINT64_C(1) << keeper;
    return targets;
}

void route_publish(struct shard *shard, struct message *m,
                   struct routing *routing)
{
    uint16_t keeper;
    struct hot_topic *hot = route_hot(shard, m);
    uint64_t others = route_others(shard, m, hot, &keeper);
    bool keep = m->retain && keeper == shard->place.index;
    if (keep) route_keep_once(shard, m, routing);
    route_here(shard, m, hot, routing);
    uint64_t targets = others;
    if (keeper != shard->place.index) targets |= UINT64_C(1) << keeper;
    if (targets == 0) return;
    struct part packed = route_pack(shard, m, routing->lack);
    for (uint16_t to = 0; targets != 0; to++, targets >>= 1) {
        if ((targets & 1) == 0) continue;
        bool deliver = (others >> to & 1) != 0;
        route_post(shard, m, packed, to, to == keeper, deliver, routing);
    }
}

/* What route_pack packed. The packet in it, one of 5.0 (`v5`) or not, may go on
 * here as well. */
static struct message route_unpack(struct shard *shard, struct bytes packed,
                                   bool v5)
{
    struct message m = message_unpack(packed, &shard->packet);
    bool plain = shard->packet.size > 0;
    if (plain) shard->plain = (struct plain){.stamp = m.stamp, .v5 = v5};
    return m;
}

void route_posted(struct shard *shard, const struct post *post)
{
    struct bytes packed = post->packed;
    assert(post->lack_size <= packed.size);
    struct bytes lack = bytes_at(packed.data, post->lack_size);
    struct message m =
        post->body != NULL
            ? body_message(post->body)
            : route_unpack(shard, bytes_skip(packed, lack.size), post->v5);
    struct routing routing = {
        .join = post->join, .once = post->once, .lack = lack};
    size_t puts = shard->out->put_count;
    if (post->keep) route_keep_once(shard, &m, &routing);
    if (post->deliver) (void)route_local(shard, &m, &routing);
    /* A member whose session is not kept has no record of it, but may hand it
     * on to one whose is. */
    bool has = shard->out->put_count > puts || routing.given || lack.size > 0;
    if (post->once && has) journal_heard(shard, m.stamp);
    gate_answer(shard, gate_since(shard, puts), post->join, routing.count);
    shard->plain.stamp = 0;
    message_done(&m);
}

void route_announce(struct shard *shard, struct bytes filter, bool on,
                    struct join_ref join)
{
    assert(filter.size > 0);
    if (shard->place.count == 1) return;
    struct body *body = body_of_text(shard->pool, filter);
    for (uint16_t to = 0; to < shard->place.count; to++) {
        if (to == shard->place.index) continue;
        join_expect(shard, join);
        struct post *post = actions_post(shard->out, to, POST_INTEREST);
        post->on = on;
        post->join = join;
        post->body = body_ref(body);
    }
    body_unref(body);
}

void route_interest(struct shard *shard, const struct post *post)
{
    interest_set(shard->interest, post->body->message.topic, post->from,
                 post->on);
    join_answer(shard, post->join, 0, OK);
}
