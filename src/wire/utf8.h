/* utf8.h - what MQTT calls a UTF-8 Encoded String. MQTT 5.0, 1.5.4 */
#ifndef MOGI_WIRE_UTF8_H
#define MOGI_WIRE_UTF8_H

#include "base/bytes.h"
#include "base/cursor.h"

/* Is `b` well-formed UTF-8 that holds no U+0000? Refuses over-long forms,
 * surrogates U+D800..U+DFFF, above U+10FFFF, and cut sequences. The empty
 * string is valid. Control characters and non-characters are let through:
 * they SHOULD NOT be sent, but a receiver may take them.
 * [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT3-1.5.3-1] [MQTT3-1.5.3-2] */
bool utf8_valid(struct bytes b);

/* Is `b` well-formed UTF-8, U+0000 allowed? It is what Payload Format
 * Indicator 1 promises of a payload. MQTT 5.0, 3.3.2.3.2 */
bool utf8_payload_valid(struct bytes b);

/* A two-byte size and that many bytes of utf8_valid text; empty, and `r`
 * failed, when it is not. */
struct bytes read_string(struct reader *r);

#endif
