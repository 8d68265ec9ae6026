/* packet.c - cutting a stream into packets. */
#include "wire/packet.h"

#include <assert.h>

static bool flags_valid(enum packet_type type, uint8_t flags,
                        enum protocol protocol)
{
    assert(flags <= 0x0f);
    switch (type) {
    case PACKET_NONE: return false;
    case PACKET_PUBLISH: return true;
    case PACKET_PUBREL:
    case PACKET_SUBSCRIBE:
    case PACKET_UNSUBSCRIBE: return protocol == MQTT_31 || flags == 0x02;
    default: return protocol == MQTT_31 || flags == 0x00;
    }
}

/* The packet at the start of `in`, with a head of `head_size` bytes. */
static enum err frame_cut(struct frame *f, struct bytes in, size_t head_size,
                          size_t body_size, uint32_t packet_size_max)
{
    f->size = head_size + body_size;
    assert(f->size >= 2 && f->size <= PACKET_SIZE_MAX);
    if (f->size > packet_size_max) return ERR_TOO_LARGE;
    if (in.size < f->size) return ERR_MORE;
    f->body = bytes_skip(bytes_at(in.data, f->size), head_size);
    assert(f->body.size == body_size);
    return OK;
}

enum err frame_next(struct bytes in, enum protocol protocol,
                    uint32_t packet_size_max, struct frame *f)
{
    *f = (struct frame){0};
    if (in.size == 0) return ERR_MORE;
    f->type = (enum packet_type)(in.data[0] >> 4);
    f->flags = in.data[0] & 0x0f;
    if (!flags_valid(f->type, f->flags, protocol)) return ERR_MALFORMED;

    if (in.size > 1 && in.data[1] < 0x80) {
        return frame_cut(f, in, 2, in.data[1], packet_size_max);
    }
    struct reader r = reader_of(bytes_skip(in, 1));
    size_t head_left = reader_left(&r);
    if (head_left > VARINT_SIZE_MAX) head_left = VARINT_SIZE_MAX;
    size_t length_size = 0;
    while (length_size < head_left && (r.at[length_size] & 0x80) != 0)
        length_size++;
    if (length_size == head_left && head_left < VARINT_SIZE_MAX)
        return ERR_MORE;
    size_t body_size = read_varint(&r);
    if (r.failed) return ERR_MALFORMED;

    size_t head_size = (size_t)(r.at - in.data);
    return frame_cut(f, in, head_size, body_size, packet_size_max);
}

size_t frame_size(size_t body_size)
{
    if (body_size > VARINT_MAX) return FRAME_HEAD_SIZE_MAX + body_size;
    return 1 + varint_size((uint32_t)body_size) + body_size;
}

void frame_write(struct writer *w, enum packet_type type, uint8_t flags,
                 size_t body_size)
{
    assert(type >= PACKET_CONNECT && type <= PACKET_AUTH);
    assert(flags <= 0x0f);
    assert(flags_valid(type, flags, MQTT_50));
    if (body_size > VARINT_MAX) {
        w->failed = true;
        return;
    }
    write_u8(w, (uint8_t)((unsigned)type << 4 | flags));
    write_varint(w, (uint32_t)body_size);
}

const char *packet_name(enum packet_type type)
{
    static const char *const NAMES[] = {
        "NONE",      "CONNECT",  "CONNACK",     "PUBLISH",
        "PUBACK",    "PUBREC",   "PUBREL",      "PUBCOMP",
        "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK",
        "PINGREQ",   "PINGRESP", "DISCONNECT",  "AUTH",
    };
    assert((size_t)type < sizeof NAMES / sizeof NAMES[0]);
    return NAMES[type];
}
