/* ping.h - PINGREQ and PINGRESP: a fixed header alone. MQTT 5.0, 3.12, 3.13 */
#ifndef MOGI_WIRE_PING_H
#define MOGI_WIRE_PING_H

#include "wire/packet.h"

enum { PING_SIZE = 2 };

/* Check a frame of type PACKET_PINGREQ or PACKET_PINGRESP: OK, or ERR_MALFORMED
 * when it has a body. */
MUST_USE
enum err ping_decode(const struct frame *f);

/* Write PACKET_PINGREQ or PACKET_PINGRESP: PING_SIZE bytes. */
void ping_encode(enum packet_type type, struct writer *w);

#endif
