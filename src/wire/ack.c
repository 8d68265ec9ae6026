/* ack.c - PUBACK, PUBREC, PUBREL, PUBCOMP. MQTT 5.0, 3.4 to 3.7 */
#include "wire/ack.h"

#include "wire/reason.h"

#include <assert.h>

static bool is_ack(enum packet_type type)
{
    return type >= PACKET_PUBACK && type <= PACKET_PUBCOMP;
}

/* What may follow the packet id in 5.0: 3.4.2.1 and 3.4.2.2. */
static enum err rest_decode(struct reader *r, struct ack *a)
{
    assert(reader_left(r) > 0);
    a->reason = read_u8(r);
    if (reader_left(r) > 0) {
        struct properties p;
        enum err e = properties_decode(r, a->type, &p);
        if (e != OK) return e;
        a->properties = p.raw;
    }
    if (reader_left(r) > 0) return ERR_MALFORMED;
    return reason_allowed(a->type, a->reason) ? OK : ERR_PROTOCOL;
}

enum err ack_decode(const struct frame *f, enum protocol protocol,
                    struct ack *a)
{
    assert(is_ack(f->type));
    assert(protocol != MQTT_NONE);
    *a = (struct ack){.type = f->type};
    struct reader r = reader_of(f->body);
    a->packet_id = read_u16(&r);
    if (r.failed) return ERR_MALFORMED;
    if (reader_left(&r) > 0) {
        enum err e = protocol == MQTT_50 ? rest_decode(&r, a) : ERR_MALFORMED;
        if (e != OK) return e;
    }
    return a->packet_id == 0 ? ERR_PROTOCOL : OK;
}

static size_t body_size(const struct ack *a, enum protocol protocol)
{
    if (protocol != MQTT_50) return 2;
    if (a->properties.size > 0) return 3 + properties_size(a->properties.size);
    return a->reason == REASON_SUCCESS ? 2 : 3;
}

size_t ack_size(const struct ack *a, enum protocol protocol)
{
    return frame_size(body_size(a, protocol));
}

void ack_encode(const struct ack *a, enum protocol protocol, struct writer *w)
{
    assert(is_ack(a->type));
    assert(protocol != MQTT_NONE);
    assert(a->packet_id != 0);
    assert(protocol != MQTT_50 || reason_allowed(a->type, a->reason));
    size_t size = body_size(a, protocol);
    frame_write(w, a->type, a->type == PACKET_PUBREL ? 0x02 : 0x00, size);
    write_u16(w, a->packet_id);
    if (size >= 3) write_u8(w, a->reason);
    if (size > 3) properties_write(w, a->properties);
}
