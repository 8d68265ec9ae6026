/* connack.c - CONNACK. MQTT 5.0, 3.2 */
#include "wire/connack.h"

#include "wire/reason.h"

#include <assert.h>

enum { FLAG_SESSION_PRESENT = 0x01 };

/* In 3.x the codes above 5 are reserved. [MQTT3-3.2.2-6] */
static bool code_valid(uint8_t code, enum protocol protocol)
{
    if (protocol == MQTT_50) return reason_allowed(PACKET_CONNACK, code);
    return code <= 5;
}

/* A server that has no 5.0 says so in the shape of its own version.
 * [MQTT3-3.1.2-2] */
static bool older_refuses(struct bytes body)
{
    static const uint8_t UNACCEPTABLE_VERSION[] = {0, 1};
    return bytes_equal(
        body, bytes_at(UNACCEPTABLE_VERSION, sizeof UNACCEPTABLE_VERSION));
}

enum err connack_decode(const struct frame *f, enum protocol protocol,
                        struct connack *c)
{
    assert(f->type == PACKET_CONNACK);
    assert(protocol != MQTT_NONE);
    *c = (struct connack){.properties = PROPERTIES_NONE};
    if (protocol == MQTT_50 && older_refuses(f->body)) {
        c->code = REASON_UNSUPPORTED_VERSION;
        return OK;
    }
    struct reader r = reader_of(f->body);
    uint8_t flags = read_u8(&r);
    c->code = read_u8(&r);
    if (r.failed) return ERR_MALFORMED;
    if (protocol == MQTT_50) {
        enum err e = properties_decode(&r, PACKET_CONNACK, &c->properties);
        if (e != OK) return e;
    }
    if (reader_left(&r) > 0) return ERR_MALFORMED;
    if (!code_valid(c->code, protocol)) return ERR_PROTOCOL;

    /* 3.1 has no flags: its servers may put anything there. */
    if (protocol == MQTT_31) return OK;
    if ((flags & (uint8_t)~FLAG_SESSION_PRESENT) != 0) return ERR_MALFORMED;
    c->session_present = (flags & FLAG_SESSION_PRESENT) != 0;
    return c->session_present && c->code != 0 ? ERR_PROTOCOL : OK;
}

static size_t body_size(const struct connack *c, enum protocol protocol)
{
    if (protocol != MQTT_50) return 2;
    return 2 + properties_size(c->properties.raw.size);
}

size_t connack_size(const struct connack *c, enum protocol protocol)
{
    return frame_size(body_size(c, protocol));
}

void connack_encode(const struct connack *c, enum protocol protocol,
                    struct writer *w)
{
    assert(protocol != MQTT_NONE);
    assert(!c->session_present || c->code == 0);
    assert(code_valid(c->code, protocol));
    bool present = c->session_present && protocol != MQTT_31;
    frame_write(w, PACKET_CONNACK, 0, body_size(c, protocol));
    write_u8(w, present ? FLAG_SESSION_PRESENT : 0);
    write_u8(w, c->code);
    if (protocol == MQTT_50) properties_write(w, c->properties.raw);
}
