/* disconnect.h - DISCONNECT. MQTT 5.0, 3.14
 *
 *     [ reason ][ properties ]
 *      <-- 5.0; each may be left out at the end; 3.x has no body -->
 */
#ifndef MOGI_WIRE_DISCONNECT_H
#define MOGI_WIRE_DISCONNECT_H

#include "wire/properties.h"

struct disconnect {
    uint8_t reason; /* 5.0; REASON_NORMAL_DISCONNECTION in 3.x and left out */
    struct properties properties; /* 5.0 only, else none */
};

/* The size of a DISCONNECT without properties is at most this. */
enum { DISCONNECT_SIZE = 3 };

/* Decode a frame of type PACKET_DISCONNECT. `d` borrows from the frame.
 *
 * OK, or
 * ERR_MALFORMED  cut short, bytes left over, a body in 3.x, bad properties
 * ERR_PROTOCOL   a reason code that DISCONNECT has not [MQTT-3.14.2-1]; bad
 *                property use
 *
 * What one side alone may send (reason_disconnect_from_client, a Session Expiry
 * from a server [MQTT-3.14.2-2]) is the caller's to judge. */
MUST_USE
enum err disconnect_decode(const struct frame *f, enum protocol protocol,
                           struct disconnect *d);

/* The whole packet's size: 2, 3 or more. */
size_t disconnect_size(const struct disconnect *d, enum protocol protocol);

/* Write the packet in its shortest form. 3.x writes no body. */
void disconnect_encode(const struct disconnect *d, enum protocol protocol,
                       struct writer *w);

#endif
