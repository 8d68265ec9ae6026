/* connect.h - CONNECT, client to server. MQTT 5.0, 3.1
 *
 *     [ name | level | flags | keep alive ][ properties ]     properties: 5.0
 *     [ client id ][ will properties, topic, payload ][ user name ][ password ]
 */
#ifndef MOGI_WIRE_CONNECT_H
#define MOGI_WIRE_CONNECT_H

#include "wire/properties.h"

struct connect_will {
    bool present;
    bool retain;
    uint8_t qos; /* 0..2 */
    struct bytes topic;
    struct bytes payload;         /* at most 65,535 bytes */
    struct properties properties; /* 5.0 only, else none */
};

struct connect {
    enum protocol protocol;
    uint8_t level;    /* as sent, less the bridge bit */
    bool bridge;      /* 0x80 of the level, 3.x: another broker's bridge */
    bool clean_start; /* Clean Session of 3.x */
    bool has_user_name;
    bool has_password; /* without a user name in 5.0 alone */
    uint16_t keep_alive_s;
    struct bytes client_id; /* may be empty: the caller judges it */
    struct bytes user_name;
    struct bytes password;        /* any bytes, NUL too */
    struct properties properties; /* 5.0 only, else none */
    struct connect_will will;
};

/* Decode a frame of type PACKET_CONNECT. `c` borrows from the frame.
 *
 * OK, or an error; then c->protocol says in whose form CONNACK can carry it:
 * MQTT_NONE means none, close without a word.
 *
 * ERR_VERSION    name known, level not (c->level). c->protocol is MQTT_50 for
 *                "MQTT" above 5 (answer 0x84 [MQTT-3.1.2-2]), else MQTT_311
 *                (answer 0x01 [MQTT3-3.1.2-2])
 * ERR_PROTOCOL   name not known, then c->protocol is MQTT_NONE
 *                [MQTT-3.1.2-1]; password without user name in 3.x
 *                [MQTT3-3.1.2-22]; bad property use
 * ERR_MALFORMED  anything that cannot be read; reserved flag set
 *                [MQTT-3.1.2-3] [MQTT3-3.1.2-3]; will QoS 3; will QoS or
 *                retain without a will (but 3.1 disregards them); bytes left
 *                over
 * ERR_TOPIC      will topic empty or with a wildcard
 *
 * 3.1 lets a packet end before a user name or password that its flags promise:
 * then they are absent. */
MUST_USE
enum err connect_decode(const struct frame *f, struct connect *c);

/* The whole packet's size, in c->protocol. */
size_t connect_size(const struct connect *c);

/* Write the packet in c->protocol; c->level is not looked at. Fails `w` when it
 * does not fit or a field is over 65,535 bytes. */
void connect_encode(const struct connect *c, struct writer *w);

#endif
