/* answer.c - see answer.h. */
#include "tiny/answer.h"

#include "tiny/aliasbook.h"
#include "tiny/engine.h"
#include "tiny/flight.h"
#include "tiny/outbox.h"
#include "wire/ack.h"
#include "wire/connack.h"
#include "wire/disconnect.h"
#include "wire/ping.h"
#include "wire/publish.h"
#include "wire/reason.h"
#include "wire/subscribe.h"

#include <assert.h>

/* The server's limits, and the defaults where it says nothing. */
static void limits_take(struct mogi_tiny *t, const struct properties *p)
{
    t->server_receive_max = (uint16_t)p->receive_max;
    t->server_alias_max = (uint16_t)p->topic_alias_max;
    t->server_packet_size_max = p->packet_size_max;
    t->server_qos_max = (uint8_t)p->maximum_qos;
    t->server_retain = p->retain_available != 0;
    if (properties_has(p, PROPERTY_SERVER_KEEP_ALIVE)) {
        t->keep_alive_s = (uint16_t)p->server_keep_alive_s;
    }
}

static enum err connack_in(struct mogi_tiny *t, const struct frame *f,
                           struct mogi_event *event)
{
    struct connack c;
    enum err e = connack_decode(f, engine_protocol(t), &c);
    if (e != OK) return e;
    /* [MQTT-3.2.2-2] [MQTT3-3.2.2-1] */
    if (c.session_present && t->clean_start) return ERR_PROTOCOL;
    event->reason = c.code;
    event->session_present = c.session_present;
    event->properties = engine_view(c.properties.raw);
    if (c.code != 0) {
        event->kind = MOGI_REFUSED;
        t->state = ENGINE_CLOSING;
        return OK;
    }
    event->kind = MOGI_CONNECTED;
    limits_take(t, &c.properties);
    if (!c.session_present) t->received_used = 0;
    t->state = ENGINE_CONNECTED;
    flight_opened(t, c.session_present);
    return OK;
}

static void ack_out(struct mogi_tiny *t, enum packet_type type, uint16_t id,
                    uint8_t reason)
{
    struct ack ack = {.type = type, .packet_id = id, .reason = reason};
    struct writer w;
    bool room = outbox_open(t, ack_size(&ack, engine_protocol(t)), &w);
    assert(room);
    ack_encode(&ack, engine_protocol(t), &w);
    outbox_close(t, &w);
}

/* The place of `id` among the received QoS 2 messages; received_used when it is
 * not there. */
static size_t received_find(const struct mogi_tiny *t, uint16_t id)
{
    size_t i = 0;
    while (i < t->received_used && t->memory.received[i] != id)
        i++;
    return i;
}

/* Replace a topic alias by its topic. MQTT 5.0, 3.3.2.3.4 */
static enum err alias_resolve(struct mogi_tiny *t, struct publish *p)
{
    uint16_t alias = (uint16_t)p->properties.topic_alias;
    if (alias == 0) return OK;
    if (alias > t->alias_max) return ERR_ALIAS;
    if (p->topic.size == 0) {
        return aliasbook_get(t, alias, &p->topic) ? OK : ERR_PROTOCOL;
    }
    return aliasbook_set(t, alias, p->topic) ? OK : ERR_QUOTA;
}

/* Acknowledge a PUBLISH; `again`: it is a QoS 2 message that was seen before.
 * MQTT 5.0, 4.3 */
static enum err publish_ack(struct mogi_tiny *t, const struct publish *p,
                            bool *again)
{
    *again = false;
    if (p->qos == 0) return OK;
    if (p->qos == 1) {
        ack_out(t, PACKET_PUBACK, p->packet_id, REASON_SUCCESS);
        return OK;
    }
    *again = received_find(t, p->packet_id) < t->received_used;
    if (!*again) {
        if (t->received_used == t->memory.received_count) {
            return ERR_RECEIVE_MAX;
        }
        t->memory.received[t->received_used] = p->packet_id;
        t->received_used += 1;
    }
    ack_out(t, PACKET_PUBREC, p->packet_id, REASON_SUCCESS);
    return OK;
}

static enum err publish_in(struct mogi_tiny *t, const struct frame *f,
                           struct mogi_event *event)
{
    struct publish p;
    bool again;
    enum err e = publish_decode(f, engine_protocol(t), &p);
    if (e == OK) e = alias_resolve(t, &p);
    if (e == OK) e = publish_ack(t, &p, &again);
    if (e != OK) return e;
    if (again) return OK;
    event->kind = MOGI_MESSAGE;
    event->message.topic = engine_view(p.topic);
    event->message.payload = engine_view(p.payload);
    event->message.properties = engine_view(p.properties.raw);
    event->message.packet_id = p.packet_id;
    event->message.qos = p.qos;
    event->message.retain = p.retain;
    event->message.dup = p.dup;
    return OK;
}

static void settled(struct mogi_tiny *t, struct mogi_tiny_slot *slot,
                    uint8_t reason, struct bytes properties,
                    struct mogi_event *event)
{
    event->kind = MOGI_PUBLISHED;
    event->packet_id = slot->packet_id;
    event->reason = reason;
    event->properties = engine_view(properties);
    flight_free(t, slot);
}

/* The QoS of the stored packet that `slot` has sent and that is not answered
 * yet; 0 when there is no such. */
static unsigned sent_qos(const struct mogi_tiny *t,
                         const struct mogi_tiny_slot *slot)
{
    if (slot->state != FLIGHT_SENT) return 0;
    return t->memory.store[slot->offset] >> 1 & 3;
}

static enum err puback_in(struct mogi_tiny *t, const struct frame *f,
                          struct mogi_event *event)
{
    struct ack ack;
    enum err e = ack_decode(f, engine_protocol(t), &ack);
    if (e != OK) return e;
    struct mogi_tiny_slot *slot = flight_find(t, ack.packet_id);
    if (slot == NULL) return OK;
    if (sent_qos(t, slot) != 1) return ERR_PROTOCOL;
    settled(t, slot, ack.reason, ack.properties, event);
    return OK;
}

/* A failure settles the message; otherwise it must not be sent again, and
 * PUBREL says that the receiver may forget its id. [MQTT-4.3.3-4]
 * [MQTT-4.3.3-6] An id of an earlier life is released too, lest the server
 * keeps it for ever. */
static enum err pubrec_in(struct mogi_tiny *t, const struct frame *f,
                          struct mogi_event *event)
{
    struct ack ack;
    enum err e = ack_decode(f, engine_protocol(t), &ack);
    if (e != OK) return e;
    bool failed = ack.reason >= REASON_FAILURE;
    struct mogi_tiny_slot *slot = flight_find(t, ack.packet_id);
    if (slot == NULL) {
        if (!failed) {
            ack_out(t, PACKET_PUBREL, ack.packet_id,
                    REASON_PACKET_ID_NOT_FOUND);
        }
        return OK;
    }
    bool again = slot->state == FLIGHT_RELEASED;
    if (!again && sent_qos(t, slot) != 2) return ERR_PROTOCOL;
    if (failed) {
        settled(t, slot, ack.reason, ack.properties, event);
        return OK;
    }
    if (!again) flight_release(t, slot);
    ack_out(t, PACKET_PUBREL, ack.packet_id, REASON_SUCCESS);
    return OK;
}

static enum err pubrel_in(struct mogi_tiny *t, const struct frame *f,
                          struct mogi_event *event)
{
    (void)event;
    struct ack ack;
    enum err e = ack_decode(f, engine_protocol(t), &ack);
    if (e != OK) return e;
    size_t i = received_find(t, ack.packet_id);
    uint8_t reason = REASON_PACKET_ID_NOT_FOUND;
    if (i < t->received_used) {
        t->received_used -= 1;
        t->memory.received[i] = t->memory.received[t->received_used];
        reason = REASON_SUCCESS;
    }
    ack_out(t, PACKET_PUBCOMP, ack.packet_id, reason);
    return OK;
}

static enum err pubcomp_in(struct mogi_tiny *t, const struct frame *f,
                           struct mogi_event *event)
{
    struct ack ack;
    enum err e = ack_decode(f, engine_protocol(t), &ack);
    if (e != OK) return e;
    struct mogi_tiny_slot *slot = flight_find(t, ack.packet_id);
    if (slot == NULL) return OK;
    if (slot->state != FLIGHT_RELEASED) return ERR_PROTOCOL;
    /* 0x92 only says that the server had forgotten the id already: the message
     * itself had arrived. */
    settled(t, slot, REASON_SUCCESS, ack.properties, event);
    return OK;
}

static enum err suback_in(struct mogi_tiny *t, const struct frame *f,
                          struct mogi_event *event)
{
    struct suback s;
    enum err e = suback_decode(f, engine_protocol(t), &s);
    if (e != OK) return e;
    bool subscribe = f->type == PACKET_SUBACK;
    struct mogi_tiny_slot *slot = flight_find(t, s.packet_id);
    if (slot == NULL) return ERR_PROTOCOL;
    if (slot->state != (subscribe ? FLIGHT_SUBSCRIBE : FLIGHT_UNSUBSCRIBE)) {
        return ERR_PROTOCOL;
    }
    /* UNSUBACK of 3.x has no codes. */
    bool coded = subscribe || t->version == MOGI_MQTT_50;
    if (coded && s.codes.size != slot->filter_count) return ERR_PROTOCOL;
    event->kind = subscribe ? MOGI_SUBSCRIBED : MOGI_UNSUBSCRIBED;
    event->packet_id = s.packet_id;
    event->reasons = engine_view(s.codes);
    event->properties = engine_view(s.properties);
    flight_free(t, slot);
    return OK;
}

static enum err pingresp_in(struct mogi_tiny *t, const struct frame *f,
                            struct mogi_event *event)
{
    (void)event;
    enum err e = ping_decode(f);
    if (e == OK) t->ping_sent = false;
    return e;
}

static enum err disconnect_in(struct mogi_tiny *t, const struct frame *f,
                              struct mogi_event *event)
{
    /* A server of 3.x just closes. [MQTT3-3.14.1-1] */
    if (t->version != MOGI_MQTT_50) return ERR_PROTOCOL;
    struct disconnect d;
    enum err e = disconnect_decode(f, engine_protocol(t), &d);
    if (e != OK) return e;
    event->kind = MOGI_DISCONNECTED;
    event->reason = d.reason;
    event->properties = engine_view(d.properties.raw);
    t->state = ENGINE_CLOSING;
    return OK;
}

enum err answer_packet(struct mogi_tiny *t, const struct frame *f,
                       struct mogi_event *event)
{
    typedef enum err (*handler)(struct mogi_tiny *, const struct frame *,
                                struct mogi_event *);
    /* All others are never sent by a server, or by no server of ours: AUTH
     * answers a method that CONNECT did not name. */
    static const handler handlers[16] = {
        [PACKET_PUBLISH] = publish_in,       [PACKET_PUBACK] = puback_in,
        [PACKET_PUBREC] = pubrec_in,         [PACKET_PUBREL] = pubrel_in,
        [PACKET_PUBCOMP] = pubcomp_in,       [PACKET_SUBACK] = suback_in,
        [PACKET_UNSUBACK] = suback_in,       [PACKET_PINGRESP] = pingresp_in,
        [PACKET_DISCONNECT] = disconnect_in,
    };
    assert(outbox_room(t) >= ENGINE_ANSWER_SIZE);
    if (t->state == ENGINE_CONNECTING) {
        /* [MQTT-3.2.0-1] [MQTT3-3.2.0-1] */
        if (f->type != PACKET_CONNACK) return ERR_PROTOCOL;
        return connack_in(t, f, event);
    }
    assert(t->state == ENGINE_CONNECTED);
    handler handle = handlers[f->type];
    return handle == NULL ? ERR_PROTOCOL : handle(t, f, event);
}
