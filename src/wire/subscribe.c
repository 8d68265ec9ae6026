/* subscribe.c - SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK. 3.8 to 3.11 */
#include "wire/subscribe.h"

#include "wire/reason.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>

enum {
    OPTION_QOS = 0x03,
    OPTION_NO_LOCAL = 0x04,
    OPTION_AS_PUBLISHED = 0x08,
    OPTION_HANDLING = 0x30,
    OPTION_RESERVED_5 = 0xc0,
    OPTION_RESERVED_3 = 0xfc,
    HANDLING_SHIFT = 4,
};

static bool is_subscribe(enum packet_type type)
{
    return type == PACKET_SUBSCRIBE || type == PACKET_UNSUBSCRIBE;
}

static bool is_suback(enum packet_type type)
{
    return type == PACKET_SUBACK || type == PACKET_UNSUBACK;
}

static enum err options_check(struct bytes filter, uint8_t options,
                              enum protocol protocol)
{
    uint8_t reserved =
        protocol == MQTT_50 ? OPTION_RESERVED_5 : OPTION_RESERVED_3;
    if ((options & reserved) != 0) return ERR_MALFORMED;
    if ((options & OPTION_QOS) == OPTION_QOS) return ERR_MALFORMED;
    if ((options & OPTION_HANDLING) == OPTION_HANDLING) return ERR_PROTOCOL;
    if ((options & OPTION_NO_LOCAL) != 0 && topic_is_shared(filter))
        return ERR_PROTOCOL;
    return OK;
}

/* Read one filter of the payload and judge all but the filter's own form. */
static enum err filter_decode(struct reader *r, enum packet_type type,
                              enum protocol protocol)
{
    struct bytes filter = read_string(r);
    if (type == PACKET_UNSUBSCRIBE) return r->failed ? ERR_MALFORMED : OK;
    uint8_t options = read_u8(r);
    if (r->failed) return ERR_MALFORMED;
    return options_check(filter, options, protocol);
}

enum err subscribe_decode(const struct frame *f, enum protocol protocol,
                          struct subscribe *s)
{
    assert(is_subscribe(f->type));
    assert(protocol != MQTT_NONE);
    *s = (struct subscribe){.type = f->type, .properties = PROPERTIES_NONE};
    struct reader r = reader_of(f->body);
    s->packet_id = read_u16(&r);
    if (r.failed) return ERR_MALFORMED;
    if (protocol == MQTT_50) {
        enum err e = properties_decode(&r, f->type, &s->properties);
        if (e != OK) return e;
    }
    s->filters = bytes_at(r.at, reader_left(&r));
    while (reader_left(&r) > 0) {
        enum err e = filter_decode(&r, f->type, protocol);
        if (e != OK) return e;
        s->count++;
    }
    assert(!r.failed);
    return s->packet_id == 0 || s->count == 0 ? ERR_PROTOCOL : OK;
}

bool subscribe_filter_next(struct reader *at, struct subscribe_filter *filter)
{
    if (reader_left(at) == 0) return false;
    struct bytes text = read_binary(at);
    uint8_t options = read_u8(at);
    assert(!at->failed);
    *filter = (struct subscribe_filter){
        .filter = text,
        .qos = options & OPTION_QOS,
        .no_local = (options & OPTION_NO_LOCAL) != 0,
        .retain_as_published = (options & OPTION_AS_PUBLISHED) != 0,
        .retain_handling = (options & OPTION_HANDLING) >> HANDLING_SHIFT,
    };
    assert(filter->qos <= 2);
    return true;
}

bool unsubscribe_filter_next(struct reader *at, struct bytes *filter)
{
    if (reader_left(at) == 0) return false;
    *filter = read_binary(at);
    assert(!at->failed);
    return true;
}

void subscribe_filter_write(struct writer *w, const struct subscribe_filter *s)
{
    assert(s->qos <= 2);
    assert(s->retain_handling <= RETAIN_SEND_NOT);
    unsigned options = s->qos;
    if (s->no_local) options |= OPTION_NO_LOCAL;
    if (s->retain_as_published) options |= OPTION_AS_PUBLISHED;
    options |= (unsigned)s->retain_handling << HANDLING_SHIFT;
    write_binary(w, s->filter);
    write_u8(w, (uint8_t)options);
}

void unsubscribe_filter_write(struct writer *w, struct bytes filter)
{
    write_binary(w, filter);
}

static size_t subscribe_body_size(const struct subscribe *s,
                                  enum protocol protocol)
{
    size_t size = 2 + s->filters.size;
    if (protocol == MQTT_50) size += properties_size(s->properties.raw.size);
    return size;
}

size_t subscribe_size(const struct subscribe *s, enum protocol protocol)
{
    return frame_size(subscribe_body_size(s, protocol));
}

void subscribe_encode(const struct subscribe *s, enum protocol protocol,
                      struct writer *w)
{
    assert(is_subscribe(s->type));
    assert(s->packet_id != 0);
    assert(s->filters.size > 0);
    frame_write(w, s->type, 0x02, subscribe_body_size(s, protocol));
    write_u16(w, s->packet_id);
    if (protocol == MQTT_50) properties_write(w, s->properties.raw);
    write_bytes(w, s->filters);
}

static bool code_valid(enum packet_type type, enum protocol protocol,
                       uint8_t code)
{
    if (protocol == MQTT_50) return reason_allowed(type, code);
    return code <= 2 || code == REASON_FAILURE;
}

static enum err codes_check(const struct suback *s, enum protocol protocol)
{
    bool bare = s->type == PACKET_UNSUBACK && protocol != MQTT_50;
    if (bare != (s->codes.size == 0)) return ERR_MALFORMED;
    for (size_t i = 0; i < s->codes.size; i++)
        if (!code_valid(s->type, protocol, s->codes.data[i]))
            return ERR_PROTOCOL;
    return s->packet_id == 0 ? ERR_PROTOCOL : OK;
}

enum err suback_decode(const struct frame *f, enum protocol protocol,
                       struct suback *s)
{
    assert(is_suback(f->type));
    assert(protocol != MQTT_NONE);
    *s = (struct suback){.type = f->type};
    struct reader r = reader_of(f->body);
    s->packet_id = read_u16(&r);
    if (r.failed) return ERR_MALFORMED;
    if (protocol == MQTT_50) {
        struct properties p;
        enum err e = properties_decode(&r, f->type, &p);
        if (e != OK) return e;
        s->properties = p.raw;
    }
    s->codes = read_rest(&r);
    assert(!r.failed);
    return codes_check(s, protocol);
}

static size_t suback_body_size(const struct suback *s, enum protocol protocol)
{
    if (protocol == MQTT_50)
        return 2 + properties_size(s->properties.size) + s->codes.size;
    return s->type == PACKET_UNSUBACK ? 2 : 2 + s->codes.size;
}

size_t suback_size(const struct suback *s, enum protocol protocol)
{
    return frame_size(suback_body_size(s, protocol));
}

void suback_encode(const struct suback *s, enum protocol protocol,
                   struct writer *w)
{
    assert(is_suback(s->type));
    assert(s->packet_id != 0);
    bool bare = s->type == PACKET_UNSUBACK && protocol != MQTT_50;
    assert(bare || s->codes.size > 0);
    frame_write(w, s->type, 0x00, suback_body_size(s, protocol));
    write_u16(w, s->packet_id);
    if (protocol == MQTT_50) properties_write(w, s->properties);
    if (!bare) write_bytes(w, s->codes);
}
