/* connack.h - CONNACK, server to client. MQTT 5.0, 3.2
 *
 *     [ flags: session present ][ code ][ properties ]        properties: 5.0
 */
#ifndef MOGI_WIRE_CONNACK_H
#define MOGI_WIRE_CONNACK_H

#include "wire/properties.h"

struct connack {
    bool session_present; /* false whenever code is not 0; not in 3.1 */
    uint8_t code; /* 5.0: reason code; 3.x: return code, see reason_connack3 */
    struct properties properties; /* 5.0 only, else none */
};

/* Decode a frame of type PACKET_CONNACK. `c` borrows from the frame. That an
 * older server refuses 5.0, in its own two bytes, becomes 5.0's reason code.
 *
 * OK, or
 * ERR_MALFORMED  cut short, reserved flags [MQTT-3.2.2-1], bytes left over, bad
 *                properties
 * ERR_PROTOCOL   session present with a failure [MQTT-3.2.2-6]
 *                [MQTT3-3.2.2-4]; a code that CONNACK has not [MQTT-3.2.2-8];
 *                bad property use */
MUST_USE
enum err connack_decode(const struct frame *f, enum protocol protocol,
                        struct connack *c);

/* The whole packet's size. */
size_t connack_size(const struct connack *c, enum protocol protocol);

/* Write the packet. */
void connack_encode(const struct connack *c, enum protocol protocol,
                    struct writer *w);

#endif
