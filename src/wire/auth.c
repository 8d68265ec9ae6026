/* auth.c - AUTH. MQTT 5.0, 3.15 */
#include "wire/auth.h"

#include "wire/reason.h"

#include <assert.h>

enum err auth_decode(const struct frame *f, enum protocol protocol,
                     struct auth *a)
{
    assert(f->type == PACKET_AUTH);
    *a = (struct auth){.properties = PROPERTIES_NONE};
    if (protocol != MQTT_50) return ERR_PROTOCOL;
    if (f->body.size == 0) return OK;

    struct reader r = reader_of(f->body);
    a->reason = read_u8(&r);
    enum err e = properties_decode(&r, PACKET_AUTH, &a->properties);
    if (e != OK) return e;
    if (reader_left(&r) > 0) return ERR_MALFORMED;
    if (!reason_allowed(PACKET_AUTH, a->reason)) return ERR_PROTOCOL;
    /* 3.15.2.2.2: leaving the method out is a protocol error. */
    bool named = properties_has(&a->properties, PROPERTY_AUTH_METHOD);
    return named ? OK : ERR_PROTOCOL;
}

static size_t body_size(const struct auth *a)
{
    size_t region = a->properties.raw.size;
    if (region == 0 && a->reason == REASON_SUCCESS) return 0;
    return 1 + properties_size(region);
}

size_t auth_size(const struct auth *a)
{
    return frame_size(body_size(a));
}

void auth_encode(const struct auth *a, struct writer *w)
{
    assert(reason_allowed(PACKET_AUTH, a->reason));
    size_t size = body_size(a);
    assert(size != 1);
    frame_write(w, PACKET_AUTH, 0, size);
    if (size == 0) return;
    write_u8(w, a->reason);
    properties_write(w, a->properties.raw);
}
