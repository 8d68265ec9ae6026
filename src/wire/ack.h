/* ack.h - PUBACK, PUBREC, PUBREL, PUBCOMP: one form. MQTT 5.0, 3.4 to 3.7
 *
 *     [ packet id ][ reason ][ properties ]
 *                   <------ 5.0; each may be left out at the end ----->
 */
#ifndef MOGI_WIRE_ACK_H
#define MOGI_WIRE_ACK_H

#include "wire/properties.h"

struct ack {
    enum packet_type type;
    uint16_t packet_id;      /* never 0 */
    uint8_t reason;          /* 5.0; REASON_SUCCESS in 3.x and when left out */
    struct bytes properties; /* 5.0: checked region; see property_next_of */
};

/* The size of an acknowledgement without properties is at most this. */
enum { ACK_SIZE = 5 };

/* Decode a frame of any of the four types. `a` borrows from the frame.
 *
 * OK, or
 * ERR_MALFORMED  cut short, bytes left over, bad properties
 * ERR_PROTOCOL   packet id 0; a reason code that this type has not
 *                [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1];
 *                bad property use */
MUST_USE
enum err ack_decode(const struct frame *f, enum protocol protocol,
                    struct ack *a);

/* The whole packet's size: 4, 5 or more. */
size_t ack_size(const struct ack *a, enum protocol protocol);

/* Write the packet in its shortest form. 3.x writes the packet id alone. */
void ack_encode(const struct ack *a, enum protocol protocol, struct writer *w);

#endif
