/* ping.c - PINGREQ and PINGRESP. MQTT 5.0, 3.12 and 3.13 */
#include "wire/ping.h"

#include <assert.h>

static bool is_ping(enum packet_type type)
{
    return type == PACKET_PINGREQ || type == PACKET_PINGRESP;
}

enum err ping_decode(const struct frame *f)
{
    assert(is_ping(f->type));
    return f->body.size == 0 ? OK : ERR_MALFORMED;
}

void ping_encode(enum packet_type type, struct writer *w)
{
    assert(is_ping(type));
    frame_write(w, type, 0, 0);
}
