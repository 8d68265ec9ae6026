/* properties.c - one table, and walks over regions by it. */
#include "wire/properties.h"

#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>

struct row {
    uint8_t kind;
    uint16_t packets;
    uint16_t member; /* offset in struct properties */
    uint32_t low;
    uint32_t high;
};

/* Indexed by id. */
static const struct row ROWS[PROPERTY_ID_MAX + 1] = {
#define X(name, id, kind, packets, low, high, member)                          \
    [id] = {PROPERTY_KIND_##kind, (packets),                                   \
            offsetof(struct properties, member), (low), (high)},
    PROPERTY_LIST(X)
#undef X
};

#define BIT(id) ((uint64_t)1 << (id))

/* A server keeps these to itself. */
#define NOT_FORWARDED                                                          \
    (BIT(PROPERTY_MESSAGE_EXPIRY) | BIT(PROPERTY_SUBSCRIPTION_ID) |            \
     BIT(PROPERTY_TOPIC_ALIAS) | BIT(PROPERTY_WILL_DELAY))

const struct properties PROPERTIES_NONE = {
    .request_problem_info = 1,
    .receive_max = UINT16_MAX,
    .maximum_qos = 2,
    .retain_available = 1,
    .packet_size_max = UINT32_MAX,
    .wildcard_available = 1,
    .subscription_id_available = 1,
    .shared_available = 1,
};

struct properties properties_of(struct bytes raw)
{
    struct properties p = PROPERTIES_NONE;
    p.raw = raw;
    return p;
}

static bool may_repeat(enum property_id id, unsigned where)
{
    if (id == PROPERTY_USER) return true;
    return id == PROPERTY_SUBSCRIPTION_ID && where == PACKET_PUBLISH;
}

/* Does the value itself keep the rules? */
static enum err value_check(const struct property *property)
{
    const struct row *row = &ROWS[property->id];
    if (property->id == PROPERTY_TOPIC_ALIAS && property->number == 0)
        return ERR_ALIAS;
    if (property->number < row->low || property->number > row->high)
        return ERR_PROTOCOL;
    if (property->id == PROPERTY_RESPONSE_TOPIC &&
        !topic_name_valid(property->text))
        return ERR_PROTOCOL;
    return OK;
}

static void value_store(struct properties *p, const struct property *property)
{
    const struct row *row = &ROWS[property->id];
    void *member = (char *)p + row->member;
    switch ((enum property_kind)row->kind) {
    case PROPERTY_KIND_U8:
    case PROPERTY_KIND_U16:
    case PROPERTY_KIND_U32:
        memcpy(member, &property->number, sizeof property->number);
        break;
    case PROPERTY_KIND_VARINT:
        if (p->subscription_id_count == 0)
            p->subscription_id = property->number;
        p->subscription_id_count++;
        break;
    case PROPERTY_KIND_BINARY:
    case PROPERTY_KIND_STRING:
        memcpy(member, &property->text, sizeof property->text);
        break;
    case PROPERTY_KIND_PAIR: p->user_count++; break;
    case PROPERTY_KIND_NONE: assert(false);
    }
    p->present |= BIT(property->id);
}

/* Take one property, which stands at `start`, into `p`. */
static enum err property_take(struct properties *p, unsigned where,
                              const uint8_t *start,
                              const struct property *property)
{
    if (!property_allowed(property->id, where)) return ERR_MALFORMED;
    if (properties_has(p, property->id) && !may_repeat(property->id, where))
        return ERR_PROTOCOL;
    enum err e = value_check(property);
    if (e != OK) return e;
    if (property->id == PROPERTY_USER && p->user_count == 0)
        p->user = bytes_skip(p->raw, (size_t)(start - p->raw.data));
    value_store(p, property);
    assert(properties_has(p, property->id));
    return OK;
}

enum err properties_decode(struct reader *r, unsigned where,
                           struct properties *p)
{
    struct bytes region = read_bytes(r, read_varint(r));
    *p = PROPERTIES_NONE;
    if (r->failed) return ERR_MALFORMED;
    return properties_check(region, where, p);
}

enum err properties_check(struct bytes region, unsigned where,
                          struct properties *p)
{
    assert(where <= PACKET_AUTH);
    *p = PROPERTIES_NONE;
    p->raw = region;
    if (region.size > VARINT_MAX) return ERR_MALFORMED;
    if (region.size == 0) return OK;

    struct reader at = reader_of(p->raw);
    const uint8_t *start = at.at;
    struct property property;
    while (property_next(&at, &property)) {
        enum err e = property_take(p, where, start, &property);
        if (e != OK) return e;
        start = at.at;
    }
    if (at.failed) return ERR_MALFORMED;
    if (properties_has(p, PROPERTY_AUTH_DATA) &&
        !properties_has(p, PROPERTY_AUTH_METHOD))
        return ERR_PROTOCOL;
    assert(reader_left(&at) == 0);
    assert((p->user_count > 0) == properties_has(p, PROPERTY_USER));
    return OK;
}

size_t properties_size(size_t region_size)
{
    if (region_size > VARINT_MAX) return VARINT_SIZE_MAX + region_size;
    return varint_size((uint32_t)region_size) + region_size;
}

void properties_write(struct writer *w, struct bytes region)
{
    if (region.size > VARINT_MAX) {
        w->failed = true;
        return;
    }
    write_varint(w, (uint32_t)region.size);
    write_bytes(w, region);
}

/* Read the value of property->id. */
static void value_read(struct reader *r, struct property *property)
{
    switch (property_kind(property->id)) {
    case PROPERTY_KIND_U8: property->number = read_u8(r); break;
    case PROPERTY_KIND_U16: property->number = read_u16(r); break;
    case PROPERTY_KIND_U32: property->number = read_u32(r); break;
    case PROPERTY_KIND_VARINT: property->number = read_varint(r); break;
    case PROPERTY_KIND_BINARY: property->text = read_binary(r); break;
    case PROPERTY_KIND_STRING: property->text = read_string(r); break;
    case PROPERTY_KIND_PAIR:
        property->key = read_string(r);
        property->text = read_string(r);
        break;
    case PROPERTY_KIND_NONE: r->failed = true; break;
    }
}

bool property_next(struct reader *at, struct property *property)
{
    if (reader_left(at) == 0) return false;
    /* An id is a variable byte integer, but all that exist take one byte: a
     * first byte of 0x80 and up is an unknown id either way. */
    *property = (struct property){.id = (enum property_id)read_u8(at)};
    value_read(at, property);
    assert(at->failed || property_kind(property->id) != PROPERTY_KIND_NONE);
    return !at->failed;
}

bool property_next_of(struct reader *at, enum property_id id,
                      struct property *property)
{
    assert(property_kind(id) != PROPERTY_KIND_NONE);
    while (property_next(at, property))
        if (property->id == id) return true;
    return false;
}

enum property_kind property_kind(uint32_t id)
{
    if (id > PROPERTY_ID_MAX) return PROPERTY_KIND_NONE;
    return (enum property_kind)ROWS[id].kind;
}

bool property_allowed(enum property_id id, unsigned where)
{
    assert(property_kind(id) != PROPERTY_KIND_NONE);
    assert(where <= PACKET_AUTH);
    return (ROWS[id].packets >> where & 1) != 0;
}

void property_write_number(struct writer *w, enum property_id id,
                           uint32_t value)
{
    enum property_kind kind = property_kind(id);
    assert(value >= ROWS[id].low && value <= ROWS[id].high);
    write_u8(w, (uint8_t)id);
    if (kind == PROPERTY_KIND_U8) {
        write_u8(w, (uint8_t)value);
    } else if (kind == PROPERTY_KIND_U16) {
        write_u16(w, (uint16_t)value);
    } else if (kind == PROPERTY_KIND_U32) {
        write_u32(w, value);
    } else {
        assert(kind == PROPERTY_KIND_VARINT);
        write_varint(w, value);
    }
}

void property_write_text(struct writer *w, enum property_id id,
                         struct bytes text)
{
    enum property_kind kind = property_kind(id);
    assert(kind == PROPERTY_KIND_BINARY || kind == PROPERTY_KIND_STRING);
    write_u8(w, (uint8_t)id);
    write_binary(w, text);
}

void property_write_user(struct writer *w, struct bytes key, struct bytes value)
{
    write_u8(w, PROPERTY_USER);
    write_binary(w, key);
    write_binary(w, value);
}

size_t properties_forward_size(const struct properties *p)
{
    if ((p->present & NOT_FORWARDED) == 0) return p->raw.size;
    size_t size = 0;
    struct reader at = reader_of(p->raw);
    const uint8_t *start = at.at;
    struct property property;
    while (property_next(&at, &property)) {
        if ((BIT(property.id) & NOT_FORWARDED) == 0)
            size += (size_t)(at.at - start);
        start = at.at;
    }
    assert(!at.failed);
    assert(size < p->raw.size);
    return size;
}

void properties_forward_write(const struct properties *p, struct writer *w)
{
    if ((p->present & NOT_FORWARDED) == 0) {
        write_bytes(w, p->raw);
        return;
    }
    struct reader at = reader_of(p->raw);
    const uint8_t *start = at.at;
    struct property property;
    while (property_next(&at, &property)) {
        if ((BIT(property.id) & NOT_FORWARDED) == 0)
            write_bytes(w, bytes_at(start, (size_t)(at.at - start)));
        start = at.at;
    }
    assert(!at.failed);
}
