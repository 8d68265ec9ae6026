/* auth.h - AUTH, 5.0 only. MQTT 5.0, 3.15
 *
 *     [ reason ][ properties ]       a body of 0 bytes means success
 */
#ifndef MOGI_WIRE_AUTH_H
#define MOGI_WIRE_AUTH_H

#include "wire/properties.h"

struct auth {
    uint8_t reason; /* REASON_SUCCESS, _CONTINUE_ or _RE_AUTHENTICATE */
    struct properties properties;
};

/* Decode a frame of type PACKET_AUTH. `a` borrows from the frame.
 *
 * OK, or
 * ERR_MALFORMED  cut short, bytes left over, bad properties
 * ERR_PROTOCOL   a reason code that AUTH has not [MQTT-3.15.2-1]; no
 *                Authentication Method (but an empty body is let through); bad
 *                property use; any AUTH in 3.x */
MUST_USE
enum err auth_decode(const struct frame *f, enum protocol protocol,
                     struct auth *a);

/* The whole packet's size. */
size_t auth_size(const struct auth *a);

/* Write the packet in its shortest form. */
void auth_encode(const struct auth *a, struct writer *w);

#endif
