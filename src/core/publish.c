/* publish.c - PUBLISH from a client. */
#include "core/publish.h"

#include "core/alias.h"
#include "core/inbound.h"
#include "core/journal.h"
#include "core/lack.h"
#include "core/mount.h"
#include "core/output.h"
#include "core/route.h"
#include "core/session.h"
#include "core/source.h"
#include "core/state.h"
#include "wire/publish.h"
#include "wire/reason.h"
#include "wire/utf8.h"

#include <assert.h>

static bool topic_begins(struct bytes topic, const char *text)
{
    struct bytes begin = bytes_of(text);
    return topic.size >= begin.size &&
           memcmp(topic.data, begin.data, begin.size) == 0;
}

static bool topic_ends(struct bytes topic, const char *text)
{
    struct bytes end = bytes_of(text);
    return topic.size >= end.size &&
           memcmp(topic.data + topic.size - end.size, end.data, end.size) == 0;
}

bool publish_reserved(struct bytes topic)
{
    if (!topic_begins(topic, "$SYS/")) return false;
    return !topic_begins(topic, "$SYS/broker/connection/") ||
           !topic_ends(topic, "/state");
}

bool publish_forbidden(struct bytes topic)
{
    if (topic.data[0] != '$') return false;
    return publish_reserved(topic) || topic_begins(topic, "$CONTROL/");
}

enum err publish_payload_check(const struct options *options,
                               const struct properties *properties,
                               struct bytes payload)
{
    if (!options->check_payload_format) return OK;
    if (properties->payload_format != 1) return OK;
    return utf8_payload_valid(payload) ? OK : ERR_PAYLOAD_FORMAT;
}

struct bytes publish_forward(struct shard *shard,
                             const struct properties *properties)
{
    size_t size = properties_forward_size(properties);
    assert(size <= properties->raw.size);
    if (size == properties->raw.size) return properties->raw;
    shard->scratch.size = 0;
    if (size == 0) return bytes_at(NULL, 0);
    struct writer w = writer_at(buffer_reserve(&shard->scratch, size), size);
    properties_forward_write(properties, &w);
    assert(!w.failed);
    return writer_bytes(&w);
}

uint64_t publish_expires_ms(const struct shard *shard, bool has,
                            uint32_t expiry_s, bool retain)
{
    uint32_t limit_s = shard->options->retain_expiry_interval_s;
    if (!has && retain && limit_s > 0) {
        has = true;
        expiry_s = limit_s;
    }
    if (!has) return 0;
    /* An interval of 0 lasts for those who are there now. */
    return shard->now_ms + (expiry_s == 0 ? 1 : expiry_s * 1000ull);
}

/* What ends the connection. */
static enum err publish_check(const struct conn *conn, const struct publish *p)
{
    const struct conn_limits *limits = &conn->limits;
    if (p->properties.subscription_id_count > 0) {
        return ERR_PROTOCOL; /* [MQTT-3.3.4-6] */
    }
    if (p->qos > limits->qos_max) return ERR_NO_QOS; /* [MQTT-3.2.2-11] */
    if (p->retain && !limits->retain) {
        return ERR_NO_RETAIN; /* [MQTT-3.2.2-14] */
    }
    if (p->qos == 0 || conn->protocol != MQTT_50) return OK;
    const struct inbound *inbound = conn->session->inbound;
    if (p->qos == 2 && idset_has(&inbound->received, p->packet_id)) return OK;
    bool over = inbound->unacknowledged >= limits->receive_max;
    return over ? ERR_RECEIVE_MAX : OK; /* [MQTT-3.3.4-7] */
}

/* What is refused, though the client may stay. */
static enum err publish_accept(struct shard *shard,
                               const struct session *session,
                               const struct publish *p, uint64_t hash)
{
    bool judged = shard->grants.rules;
    if (judged && hash == 0) hash = hot_hash(&shard->hot, p->topic);
    const struct options *options = shard->options;
    uint32_t topic_max = options->max_topic_bytes;
    if (topic_max > 0 && p->topic.size > topic_max) return ERR_TOPIC;
    if (publish_forbidden(p->topic)) return ERR_NOT_AUTHORIZED;
    if (!grant_allows(shard, session, ACL_PUBLISH, p->topic, hash)) {
        return ERR_NOT_AUTHORIZED;
    }
    uint32_t limit = options->message_size_limit;
    if (limit > 0 && p->payload.size > limit) return ERR_QUOTA;
    bool big = p->payload.size > PUBLISH_BIG_BYTES;
    bool full = pool_full(shard->pool) || (big && pool_short(shard->pool));
    if (p->qos > 0 && (full || shard->storage_fails)) return ERR_FULL;
    if (full) return ERR_QUOTA;
    return publish_payload_check(options, &p->properties, p->payload);
}

/* A QoS 2 message may be asked for again: note who must have it. `lack` (empty:
 * all) of these did not have it since before a crash. */
static void publish_received(struct shard *shard, struct session *session,
                             const struct message *m, struct routing *routing,
                             struct bytes lack)
{
    uint64_t others = session->stored ? route_targets(shard, m) : 0;
    struct lack_row row = {shard->place.count, others};
    uint8_t space[LACK_BYTES_MAX];
    struct writer w = writer_at(space, sizeof space);
    lack_add(&w, lack, &row);
    routing->lack = lack;
    routing->once = session->stored;
    if (lack.size > 0) {
        journal_received(shard, session, routing->packet_id, m->stamp,
                         writer_bytes(&w));
    } else {
        session_received(shard, session, routing->packet_id, m->stamp,
                         writer_bytes(&w));
    }
}

/* May the packet of `m` go on as it is? Then it has no id, no alias, and no
 * property that is for us or that changes. */
static bool publish_plain(const struct shard *shard, const struct message *m,
                          const struct publish *p)
{
    return p->qos == 0 && m->expires_ms == 0 && !shard->grants.mounts &&
           m->forward.size == p->properties.raw.size;
}

/* Route `p`, whose acknowledgement of `type` (PACKET_NONE: QoS 0) is owed when
 * all that have receivers have it; if `lack` is not empty to those who lack it.
 * `hash` is that of its topic, or 0. */
static void publish_route(struct shard *shard, struct session *session,
                          const struct publish *p, uint64_t hash,
                          enum packet_type type, struct bytes lack)
{
    assert((type == PACKET_NONE) == (p->qos == 0));
    assert(p->topic.size > 0);
    bool has_expiry = properties_has(&p->properties, PROPERTY_MESSAGE_EXPIRY);
    struct message m = {
        .topic = p->topic,
        .forward = publish_forward(shard, &p->properties),
        .payload = p->payload,
        .hash = hash,
        .stamp = shard_stamp(shard),
        .expires_ms = publish_expires_ms(
            shard, has_expiry, p->properties.message_expiry_s, p->retain),
        .publisher = session->ref,
        .publisher_shard = shard->place.index,
        .qos = p->qos,
        .retain = p->retain,
    };
    if (p->retain && shard->grants.rules) {
        body_unref(source_share(shard, &m, session));
    }
    if (publish_plain(shard, &m, p)) {
        bool v5 = session->protocol == MQTT_50;
        shard->plain = (struct plain){.stamp = m.stamp, .v5 = v5};
    }
    struct routing routing = {
        .publisher = session, .type = type, .packet_id = p->packet_id};
    size_t puts = shard->out->put_count;
    if (type == PACKET_PUBREC) {
        publish_received(shard, session, &m, &routing, lack);
    }
    route_publish(shard, &m, &routing);
    if (shard->plain.stamp == m.stamp && !m.retain) run_lead(shard, p, m.hash);
    shard->plain.stamp = 0;
    message_done(&m);
    if (type != PACKET_NONE) {
        routing_finish(shard, &routing, gate_since(shard, puts));
    }
}

/* Refused: say so where the version can, and go on. A 3.x client learns of
 * nothing. [MQTT3-3.3.5-2] */
static enum err publish_refuse(struct shard *shard, struct session *session,
                               const struct publish *p, enum err why)
{
    /* An acknowledgement of 3.x says that we have it. [MQTT3-4.8.0-2] */
    if (why == ERR_FULL && session->protocol != MQTT_50) {
        conn_doom(shard, session->conn);
        return OK;
    }
    assert(why != OK);
    assert(session->conn != NULL);
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    bool denied = why == ERR_NOT_AUTHORIZED;
    if (denied) stat_add(shard, STAT_DENIED_PUBLISH, 1);
    actions_note(shard->out, NOTE_WARNING, denied ? NOTE_DENIED : NOTE_DROPPED,
                 &session->conn->id,
                 "A publish of client %s to %.*s is refused: %s",
                 session_name(session), (int)p->topic.size,
                 (const char *)p->topic.data, err_text(why));
    if (p->qos == 0) {
        return why == ERR_PAYLOAD_FORMAT ? ERR_PAYLOAD_FORMAT : OK;
    }
    if (p->qos == 1) {
        inbound_acknowledge(shard, session, PACKET_PUBACK, p->packet_id,
                            err_code(why), 0);
        return OK;
    }
    size_t puts = shard->out->put_count;
    if (session->protocol == MQTT_50) {
        /* Known when it came before: the refusal frees its id. */
        (void)session_released(shard, session, p->packet_id);
    } else if (!idset_has(&session->inbound->received, p->packet_id)) {
        session_received(shard, session, p->packet_id, shard_stamp(shard),
                         (struct bytes){NULL, 0});
    }
    inbound_acknowledge(shard, session, PACKET_PUBREC, p->packet_id,
                        err_code(why), gate_since(shard, puts));
    return OK;
}

/* A QoS 2 PUBLISH that came before, and is not published again but to those
 * whom a crash kept from it: PUBREC, as soon as what it promises is true.
 * [MQTT-4.3.3-10] [MQTT3-4.3.3-2] */
static enum err publish_again(struct shard *shard, struct session *session,
                              const struct publish *p, uint64_t hash)
{
    struct inbound *inbound = session->inbound;
    struct receipt *receipt = inbound_receipt(inbound, p->packet_id);
    if (receipt != NULL) {
        receipt_again(shard, receipt);
        return OK;
    }
    const struct doubt *found = inbound_doubt(inbound, p->packet_id);
    if (found == NULL) {
        inbound_acknowledge(shard, session, PACKET_PUBREC, p->packet_id,
                            REASON_SUCCESS, 0);
        return OK;
    }
    enum err e = publish_accept(shard, session, p, hash);
    if (e == ERR_FULL) {
        /* A refusal would free the id, and who asked again without having seen
         * it would be somebody new to those who have the message. */
        conn_doom(shard, session->conn);
        return OK;
    }
    if (e != OK) return publish_refuse(shard, session, p, e);
    uint8_t space[LACK_BYTES_MAX];
    struct bytes lack = bytes_at(space, found->lack.size);
    memcpy(space, found->lack.data, lack.size);
    inbound_doubt_drop(inbound, shard->pool, p->packet_id);
    publish_route(shard, session, p, hash, PACKET_PUBREC, lack);
    return OK;
}

/* Decode it; a topic that was just seen need not be looked at again: `*hash` is
 * then that of it, or that of one that was foreseen, else 0. */
static enum err publish_read(struct shard *shard, const struct conn *conn,
                             const struct frame *frame, struct publish *p,
                             uint64_t *hash)
{
    enum protocol protocol = (enum protocol)conn->protocol;
    struct bytes topic = publish_topic(frame);
    if (shard->lookahead.looked) {
        *hash = lookahead_hash(shard, topic);
        if (*hash != 0) return publish_decode(frame, protocol, p);
    }
    const struct hot_topic *known = hot_find(&shard->hot, topic);
    *hash = known == NULL ? 0 : known->hash;
    return known != NULL ? publish_decode_known(frame, protocol, p)
                         : publish_decode(frame, protocol, p);
}

enum err publish_in(struct shard *shard, struct conn *conn,
                    const struct frame *frame)
{
    static const enum packet_type ANSWERS[] = {PACKET_NONE, PACKET_PUBACK,
                                               PACKET_PUBREC};
    struct session *session = conn->session;
    assert(session != NULL && session->conn == conn);
    struct publish p;
    uint64_t hash;
    enum err e = publish_read(shard, conn, frame, &p, &hash);
    if (e != OK) return e;
    const uint8_t *seen = p.topic.data;
    e = publish_check(conn, &p);
    if (e != OK) return e;
    e = alias_in_settle(shard->pool, conn, conn->limits.alias_max,
                        (uint16_t)p.properties.topic_alias, &p.topic);
    if (e != OK) return e;
    e = mount_topic(shard, conn, &p.topic);
    if (e != OK) return e;
    if (p.topic.data != seen) hash = 0;
    stat_add(shard, STAT_PUBLISH_IN, 1);
    stat_add(shard, STAT_PUBLISH_BYTES_IN, p.payload.size);
    if (p.qos == 2 && idset_has(&session->inbound->received, p.packet_id)) {
        return publish_again(shard, session, &p, hash);
    }
    if (p.qos > 0) inbound_count(shard, session);
    e = publish_accept(shard, session, &p, hash);
    if (e != OK) return publish_refuse(shard, session, &p, e);
    publish_route(shard, session, &p, hash, ANSWERS[p.qos],
                  (struct bytes){NULL, 0});
    return OK;
}
