/* publish.h - PUBLISH, both ways. MQTT 5.0, 3.3
 *
 *     [ topic ][ packet id ][ properties ][ payload ... ]
 *               qos 1, 2     5.0
 */
#ifndef MOGI_WIRE_PUBLISH_H
#define MOGI_WIRE_PUBLISH_H

#include "wire/properties.h"

struct publish {
    bool dup;
    bool retain;
    uint8_t qos;                  /* 0..2 */
    uint16_t packet_id;           /* 0 when qos is 0, and only then */
    struct bytes topic;           /* empty only when there is a topic alias */
    struct properties properties; /* 5.0 only, else none */
    struct bytes payload;
};

/* Decode a frame of type PACKET_PUBLISH. `p` borrows from the frame.
 *
 * OK, or
 * ERR_MALFORMED  QoS 3 [MQTT-3.3.1-4] [MQTT3-3.3.1-4]; in 3.x DUP with QoS 0
 *                [MQTT3-3.3.1-2]; cut short; bad text or properties
 * ERR_PROTOCOL   packet id 0 with QoS > 0 [MQTT-2.2.1-3]; in 5.0 DUP with QoS 0
 *                [MQTT-3.3.1-2], or neither topic nor topic alias; bad property
 *                use. A Subscription Identifier is let through (servers send
 *                it): who receives from a client refuses
 *                subscription_id_count > 0 [MQTT-3.3.4-6].
 * ERR_TOPIC      wildcard in the topic [MQTT-3.3.2-2] [MQTT3-3.3.2-2]; in 3.x
 *                empty topic
 * ERR_ALIAS      topic alias 0 [MQTT-3.3.2-8]; aliases over the announced
 *                maximum are the caller's to refuse
 *
 * On ERR_TOPIC and ERR_ALIAS p->qos and p->packet_id are right; on an error
 * nothing else of `p` may be looked at. */
MUST_USE
enum err publish_decode(const struct frame *f, enum protocol protocol,
                        struct publish *p);

/* The topic of a frame of type PACKET_PUBLISH as it stands there, not looked at
 * any further; empty when there is none, or the frame is cut. */
struct bytes publish_topic(const struct frame *f);

/* As publish_decode, for a frame whose publish_topic is known to be a valid
 * topic name: it is not checked once more. */
MUST_USE
enum err publish_decode_known(const struct frame *f, enum protocol protocol,
                              struct publish *p);

/* A PUBLISH to be written. Everything is borrowed. */
struct publish_out {
    bool dup;
    bool retain;
    uint8_t qos;
    uint16_t packet_id; /* 1..65,535 when qos > 0 */
    struct bytes topic; /* may be empty when there is an alias */
    struct bytes payload;

    /* 5.0 only; not written in 3.x. */
    struct bytes forward; /* region, see properties_forward_write */
    bool has_message_expiry;
    uint32_t message_expiry_s;
    uint16_t topic_alias;             /* 0: none */
    const uint32_t *subscription_ids; /* each 1..VARINT_MAX */
    size_t subscription_id_count;
};

/* The whole packet's size, payload included: what Maximum Packet Size is
 * compared with. [MQTT-3.1.2-24] */
size_t publish_size(const struct publish_out *p, enum protocol protocol);

/* Write all up to the payload, which the caller sends behind it unchanged:
 * publish_size - payload.size bytes. */
void publish_encode_head(const struct publish_out *p, enum protocol protocol,
                         struct writer *w);

/* Write the whole packet. */
void publish_encode(const struct publish_out *p, enum protocol protocol,
                    struct writer *w);

#endif
