/* words_codec.c - packets in words to bytes and back. */
#include "sim/words_codec.h"

#include <assert.h>

static void put_u8(struct buffer *out, uint32_t value)
{
    uint8_t byte = (uint8_t)value;
    buffer_append(out, bytes_at(&byte, 1));
}

static void put_u16(struct buffer *out, uint32_t value)
{
    put_u8(out, value >> 8);
    put_u8(out, value);
}

static void put_u32(struct buffer *out, uint32_t value)
{
    put_u16(out, value >> 16);
    put_u16(out, value);
}

static void put_varint(struct buffer *out, size_t value)
{
    do {
        uint32_t digit = (uint32_t)(value & 0x7f);
        value >>= 7;
        put_u8(out, digit | (value > 0 ? 0x80 : 0));
    } while (value > 0);
}

static void put_string(struct buffer *out, struct bytes text)
{
    put_u16(out, (uint32_t)text.size);
    buffer_append(out, text);
}

static void put_field(struct buffer *out, const struct words *words,
                      const char *name)
{
    put_string(out, words_text(words, name));
}

/* "name:value" as two strings. */
static void put_pair(struct buffer *out, struct bytes pair)
{
    const uint8_t *colon =
        pair.size == 0 ? NULL : memchr(pair.data, ':', pair.size);
    size_t name = colon == NULL ? pair.size : (size_t)(colon - pair.data);
    put_string(out, bytes_at(pair.data, name));
    put_string(out, colon == NULL ? (struct bytes){NULL, 0}
                                  : bytes_skip(pair, name + 1));
}

static void put_property(struct buffer *out, const struct field *field)
{
    struct bytes text = bytes_at(field->text, field->size);
    put_u8(out, field->rule->property);
    switch (field->rule->kind) {
    case FIELD_U8: put_u8(out, field->number); break;
    case FIELD_U16: put_u16(out, field->number); break;
    case FIELD_U32: put_u32(out, field->number); break;
    case FIELD_VARINT: put_varint(out, field->number); break;
    case FIELD_STRING: put_string(out, text); break;
    case FIELD_PAIR: put_pair(out, text); break;
    case FIELD_NUMBER:
    case FIELD_TEXT: assert(false);
    }
}

/* All properties of the packet, or of its will. */
static void put_properties(struct buffer *out, const struct words *words,
                           bool will)
{
    struct buffer all;
    buffer_init(&all, out->pool);
    for (size_t i = 0; i < words->count; i++) {
        const struct field *field = &words->list[i];
        if (field->rule->property == 0 || field->want != WANT_EXACT) continue;
        bool of_will = (field->rule->types & 1) != 0;
        if (of_will == will) put_property(&all, field);
    }
    put_varint(out, all.size);
    buffer_append(out, buffer_bytes(&all));
    buffer_fini(&all);
}

static bool has_property(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->list[i].rule->property != 0) return true;
    }
    return false;
}

static uint32_t connect_flags(const struct words *w)
{
    bool will = words_find(w, "will") != NULL;
    return words_number(w, "clean", 1) << 1 | (will ? 4u : 0) |
           words_number(w, "will_qos", 0) << 3 |
           words_number(w, "will_retain", 0) << 5 |
           (words_find(w, "pass") != NULL ? 0x40u : 0) |
           (words_find(w, "user") != NULL ? 0x80u : 0);
}

static void encode_connect(const struct words *w, unsigned version,
                           struct buffer *out)
{
    struct bytes name = bytes_of(version == 3 ? "MQIsdp" : "MQTT");
    if (words_find(w, "name") != NULL) name = words_text(w, "name");
    put_string(out, name);
    put_u8(out, words_number(w, "level", version));
    put_u8(out, words_number(w, "flags", connect_flags(w)));
    put_u16(out, words_number(w, "keepalive", 0));
    if (version == 5) put_properties(out, w, false);
    put_field(out, w, "id");
    if (words_find(w, "will") != NULL) {
        if (version == 5) put_properties(out, w, true);
        put_field(out, w, "will");
        put_field(out, w, "will_payload");
    }
    if (words_find(w, "user") != NULL) put_field(out, w, "user");
    if (words_find(w, "pass") != NULL) put_field(out, w, "pass");
}

static void encode_publish(const struct words *w, unsigned version,
                           struct buffer *out)
{
    put_field(out, w, "topic");
    if (words_number(w, "qos", 0) > 0) put_u16(out, words_number(w, "pid", 0));
    if (version == 5) put_properties(out, w, false);
    buffer_append(out, words_text(w, "payload"));
}

/* The options that follow a filter, up to the next filter. */
static void encode_options(const struct words *w, size_t filter,
                           struct buffer *out)
{
    uint32_t options = 0;
    for (size_t i = filter + 1; i < w->count; i++) {
        const struct field *field = &w->list[i];
        const char *name = field->rule->name;
        if (strcmp(name, "filter") == 0) break;
        if (strcmp(name, "qos") == 0) options |= field->number;
        if (strcmp(name, "nl") == 0) options |= field->number << 2;
        if (strcmp(name, "rap") == 0) options |= field->number << 3;
        if (strcmp(name, "rh") == 0) options |= field->number << 4;
    }
    put_u8(out, options);
}

static void encode_filters(const struct words *w, unsigned version,
                           struct buffer *out)
{
    put_u16(out, words_number(w, "pid", 0));
    if (version == 5) put_properties(out, w, false);
    for (size_t i = 0; i < w->count; i++) {
        const struct field *field = &w->list[i];
        if (strcmp(field->rule->name, "filter") != 0) continue;
        put_string(out, bytes_at(field->text, field->size));
        if (w->type == PACKET_SUBSCRIBE) encode_options(w, i, out);
    }
}

/* Acknowledgements, DISCONNECT, AUTH: what may be left out is. */
static void encode_reason(const struct words *w, unsigned version,
                          struct buffer *out)
{
    bool acks = w->type >= PACKET_PUBACK && w->type <= PACKET_PUBCOMP;
    if (acks) put_u16(out, words_number(w, "pid", 0));
    if (version < 5) return;
    bool properties = has_property(w);
    if (words_find(w, "reason") == NULL && !properties) return;
    put_u8(out, words_number(w, "reason", 0));
    if (properties) put_properties(out, w, false);
}

static uint32_t head_flags(const struct words *w)
{
    if (w->type == PACKET_PUBLISH) {
        return words_number(w, "dup", 0) << 3 | words_number(w, "qos", 0) << 1 |
               words_number(w, "retain", 0);
    }
    bool two = w->type == PACKET_PUBREL || w->type == PACKET_SUBSCRIBE ||
               w->type == PACKET_UNSUBSCRIBE;
    return two ? 2 : 0;
}

void words_encode(const struct words *words, unsigned version,
                  struct buffer *out)
{
    struct buffer body;
    buffer_init(&body, out->pool);
    switch (words->type) {
    case PACKET_CONNECT: encode_connect(words, version, &body); break;
    case PACKET_PUBLISH: encode_publish(words, version, &body); break;
    case PACKET_SUBSCRIBE:
    case PACKET_UNSUBSCRIBE: encode_filters(words, version, &body); break;
    case PACKET_PINGREQ: break;
    default: encode_reason(words, version, &body); break;
    }
    put_u8(out, (uint32_t)words->type << 4 | head_flags(words));
    put_varint(out, body.size);
    buffer_append(out, buffer_bytes(&body));
    buffer_fini(&body);
}

static void get_pair(struct reader *in, struct field *field)
{
    struct bytes name = read_binary(in);
    struct bytes value = read_binary(in);
    field->size = name.size + 1 + value.size;
    field->text = words_memory(NULL, field->size);
    if (name.size > 0) memcpy(field->text, name.data, name.size);
    field->text[name.size] = ':';
    if (value.size > 0) {
        memcpy(field->text + name.size + 1, value.data, value.size);
    }
}

static void get_properties(struct words *w, struct reader *in)
{
    struct reader all = reader_of(read_bytes(in, read_varint(in)));
    while (!in->failed && reader_left(&all) > 0) {
        uint8_t property = read_u8(&all);
        const struct field_rule *rule = words_property(1u << w->type, property);
        if (rule == NULL) {
            in->failed = true;
            return;
        }
        struct field *field = words_field_add(w, rule);
        switch (rule->kind) {
        case FIELD_U8: field->number = read_u8(&all); break;
        case FIELD_U16: field->number = read_u16(&all); break;
        case FIELD_U32: field->number = read_u32(&all); break;
        case FIELD_VARINT: field->number = read_varint(&all); break;
        case FIELD_STRING: field_text_set(field, read_binary(&all)); break;
        case FIELD_PAIR: get_pair(&all, field); break;
        case FIELD_NUMBER:
        case FIELD_TEXT: assert(false);
        }
        if (all.failed) in->failed = true;
    }
}

static void decode_connack(struct words *w, unsigned version, struct reader *in)
{
    words_number_add(w, "present", read_u8(in));
    words_number_add(w, "reason", read_u8(in));
    if (version == 5) get_properties(w, in);
}

static void decode_publish(struct words *w, unsigned version, unsigned flags,
                           struct reader *in)
{
    struct bytes topic = read_binary(in);
    words_text_add(w, "topic", topic);
    words_number_add(w, "bare", topic.size == 0);
    words_number_add(w, "qos", flags >> 1 & 3);
    words_number_add(w, "dup", flags >> 3);
    words_number_add(w, "retain", flags & 1);
    if ((flags & 6) != 0) words_number_add(w, "pid", read_u16(in));
    if (version == 5) get_properties(w, in);
    struct bytes payload = read_rest(in);
    words_text_add(w, "payload", payload);
    words_number_add(w, "size", (uint32_t)payload.size);
    if ((flags & 6) == 6) in->failed = true;
    if ((flags & 6) == 0 && (flags & 8) != 0) in->failed = true;
    if ((flags & 6) != 0 && words_number(w, "pid", 0) == 0) in->failed = true;
}

static void decode_codes(struct words *w, unsigned version, struct reader *in)
{
    words_number_add(w, "pid", read_u16(in));
    if (version == 5) get_properties(w, in);
    if (version < 5 && w->type == PACKET_UNSUBACK) return;
    if (reader_left(in) == 0) in->failed = true;
    while (reader_left(in) > 0)
        words_number_add(w, "code", read_u8(in));
}

static void decode_reason(struct words *w, unsigned version, struct reader *in)
{
    if (w->type <= PACKET_PUBCOMP) words_number_add(w, "pid", read_u16(in));
    bool short_form = version < 5 || reader_left(in) == 0;
    words_number_add(w, "reason", short_form ? 0 : read_u8(in));
    if (!short_form && reader_left(in) > 0) get_properties(w, in);
}

static bool decode_body(struct words *w, unsigned version, unsigned flags,
                        struct bytes body)
{
    struct reader in = reader_of(body);
    unsigned fixed = w->type == PACKET_PUBREL ? 2 : 0;
    if (w->type != PACKET_PUBLISH && flags != fixed) return false;
    switch (w->type) {
    case PACKET_CONNACK: decode_connack(w, version, &in); break;
    case PACKET_PUBLISH: decode_publish(w, version, flags, &in); break;
    case PACKET_SUBACK:
    case PACKET_UNSUBACK: decode_codes(w, version, &in); break;
    case PACKET_PINGRESP: break;
    case PACKET_DISCONNECT:
    case PACKET_AUTH:
        if (version < 5) return false;
        decode_reason(w, version, &in);
        break;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP: decode_reason(w, version, &in); break;
    default: return false;
    }
    return !in.failed && reader_left(&in) == 0;
}

enum err words_decode(struct bytes in, unsigned version, struct words **words,
                      size_t *size)
{
    size_t length = 0, at = 1;
    for (;; at++) {
        if (at > 4) return ERR_MALFORMED;
        if (at >= in.size) return ERR_MORE;
        length |= (size_t)(in.data[at] & 0x7f) << (7 * (at - 1));
        if ((in.data[at] & 0x80) == 0) break;
    }
    at += 1;
    if (in.size - at < length) return ERR_MORE;
    struct words *w = words_new((enum packet_type)(in.data[0] >> 4));
    *size = at + length;
    if (!decode_body(w, version, in.data[0] & 15,
                     bytes_at(in.data + at, length))) {
        words_free(w);
        return ERR_MALFORMED;
    }
    w->raw = words_memory(NULL, *size);
    w->raw_size = *size;
    memcpy(w->raw, in.data, *size);
    *words = w;
    return OK;
}
