/* disconnect.c - DISCONNECT. MQTT 5.0, 3.14 */
#include "wire/disconnect.h"

#include "wire/reason.h"

#include <assert.h>

enum err disconnect_decode(const struct frame *f, enum protocol protocol,
                           struct disconnect *d)
{
    assert(f->type == PACKET_DISCONNECT);
    assert(protocol != MQTT_NONE);
    *d = (struct disconnect){.properties = PROPERTIES_NONE};
    if (f->body.size == 0) return OK;
    if (protocol != MQTT_50) return ERR_MALFORMED;

    struct reader r = reader_of(f->body);
    d->reason = read_u8(&r);
    assert(!r.failed);
    if (reader_left(&r) > 0) {
        enum err e = properties_decode(&r, PACKET_DISCONNECT, &d->properties);
        if (e != OK) return e;
    }
    if (reader_left(&r) > 0) return ERR_MALFORMED;
    return reason_allowed(PACKET_DISCONNECT, d->reason) ? OK : ERR_PROTOCOL;
}

static size_t body_size(const struct disconnect *d, enum protocol protocol)
{
    if (protocol != MQTT_50) return 0;
    size_t region = d->properties.raw.size;
    if (region > 0) return 1 + properties_size(region);
    return d->reason == REASON_NORMAL_DISCONNECTION ? 0 : 1;
}

size_t disconnect_size(const struct disconnect *d, enum protocol protocol)
{
    return frame_size(body_size(d, protocol));
}

void disconnect_encode(const struct disconnect *d, enum protocol protocol,
                       struct writer *w)
{
    assert(protocol != MQTT_50 || reason_allowed(PACKET_DISCONNECT, d->reason));
    size_t size = body_size(d, protocol);
    frame_write(w, PACKET_DISCONNECT, 0, size);
    if (size >= 1) write_u8(w, d->reason);
    if (size > 1) properties_write(w, d->properties.raw);
}
