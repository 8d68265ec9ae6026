/* packet.h - the fixed header: where one packet ends and the next begins.
 *
 *       7 6 5 4   3 2 1 0
 *     [  type   |  flags  ][ remaining length: 1..4 bytes ][ body ... ]
 *                                                          <-------->
 *                                                      remaining length
 * MQTT 5.0, 2.1
 */
#ifndef MOGI_WIRE_PACKET_H
#define MOGI_WIRE_PACKET_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"

enum packet_type {
    PACKET_NONE = 0, /* never on the wire */
    PACKET_CONNECT = 1,
    PACKET_CONNACK = 2,
    PACKET_PUBLISH = 3,
    PACKET_PUBACK = 4,
    PACKET_PUBREC = 5,
    PACKET_PUBREL = 6,
    PACKET_PUBCOMP = 7,
    PACKET_SUBSCRIBE = 8,
    PACKET_SUBACK = 9,
    PACKET_UNSUBSCRIBE = 10,
    PACKET_UNSUBACK = 11,
    PACKET_PINGREQ = 12,
    PACKET_PINGRESP = 13,
    PACKET_DISCONNECT = 14,
    PACKET_AUTH = 15, /* 5.0 only; in 3.x a frame, but no legal packet */
};

/* The value is the protocol level of CONNECT. */
enum protocol {
    MQTT_NONE = 0, /* before CONNECT was understood */
    MQTT_31 = 3,
    MQTT_311 = 4,
    MQTT_50 = 5,
};

enum {
    PACKET_SIZE_MAX = 1 + VARINT_SIZE_MAX + VARINT_MAX, /* 268,435,460 */
    FRAME_HEAD_SIZE_MAX = 1 + VARINT_SIZE_MAX,
};

struct frame {
    enum packet_type type;
    uint8_t flags; /* low four bits of the first byte */
    struct bytes body;
    size_t size; /* of the whole packet, header included */
};

/* Cut the first packet off `in`.
 *
 *   in               what has come so far, starting at a packet's first byte
 *   protocol         what CONNECT said; MQTT_NONE before it. 3.1 leaves the
 *                    flags of all but PUBLISH to the sender (it sets DUP on a
 *                    repeated PUBREL); the others reserve them.
 *   packet_size_max  largest packet accepted, whole, header included
 *   f                on OK, the packet; f->body points into `in`
 *
 * OK, or
 * ERR_MORE       the packet is not whole; f->size is its size when that is
 *                known already, else 0; f->type is set when in.size > 0
 * ERR_MALFORMED  type 0, reserved flags [MQTT-2.1.3-1] [MQTT3-2.2.2-2], length
 *                over-long or in five bytes
 * ERR_TOO_LARGE  f->size is over packet_size_max; told as soon as the length is
 *                there, so that nobody gathers bytes for nothing */
MUST_USE
enum err frame_next(struct bytes in, enum protocol protocol,
                    uint32_t packet_size_max, struct frame *f);

/* The size of a packet whose body has `body_size` <= VARINT_MAX bytes. */
size_t frame_size(size_t body_size);

/* Write the fixed header; fails when body_size > VARINT_MAX. */
void frame_write(struct writer *w, enum packet_type type, uint8_t flags,
                 size_t body_size);

/* "CONNECT" ... "AUTH", or "NONE"; static memory. */
const char *packet_name(enum packet_type type);

#endif
