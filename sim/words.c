/* words.c - fields by name: lists, comparison, printing. */
#include "sim/words.h"

#include "sim/words_codec.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BIT(type) (1u << (type))

enum {
    ALL = 0xffff,
    WILL = BIT(0),
    CONNECT = BIT(PACKET_CONNECT),
    CONNACK = BIT(PACKET_CONNACK),
    PUBLISH = BIT(PACKET_PUBLISH),
    ACKS = BIT(PACKET_PUBACK) | BIT(PACKET_PUBREC) | BIT(PACKET_PUBREL) |
           BIT(PACKET_PUBCOMP),
    SUBSCRIBE = BIT(PACKET_SUBSCRIBE),
    SUBACK = BIT(PACKET_SUBACK) | BIT(PACKET_UNSUBACK),
    UNSUBSCRIBE = BIT(PACKET_UNSUBSCRIBE),
    DISCONNECT = BIT(PACKET_DISCONNECT),
    AUTH = BIT(PACKET_AUTH),
    NUMBERED = PUBLISH | ACKS | SUBSCRIBE | SUBACK | UNSUBSCRIBE,
    SHOWN_BYTES_MAX = 60
};

static const struct field_rule rules[] = {
    {"name", 0, FIELD_TEXT, CONNECT},
    {"v", 0, FIELD_NUMBER, CONNECT},
    {"listener", 0, FIELD_NUMBER, CONNECT},
    {"identity", 0, FIELD_TEXT, CONNECT},
    {"level", 0, FIELD_NUMBER, CONNECT},
    {"flags", 0, FIELD_NUMBER, CONNECT},
    {"clean", 0, FIELD_NUMBER, CONNECT},
    {"keepalive", 0, FIELD_NUMBER, CONNECT},
    {"id", 0, FIELD_TEXT, CONNECT},
    {"user", 0, FIELD_TEXT, CONNECT},
    {"pass", 0, FIELD_TEXT, CONNECT},
    {"will", 0, FIELD_TEXT, CONNECT},
    {"will_payload", 0, FIELD_TEXT, CONNECT},
    {"will_qos", 0, FIELD_NUMBER, CONNECT},
    {"will_retain", 0, FIELD_NUMBER, CONNECT},
    {"present", 0, FIELD_NUMBER, CONNACK},
    {"reason", 0, FIELD_NUMBER, CONNACK | ACKS | DISCONNECT | AUTH},
    {"topic", 0, FIELD_TEXT, PUBLISH},
    {"payload", 0, FIELD_TEXT, PUBLISH},
    {"size", 0, FIELD_NUMBER, PUBLISH},
    {"bare", 0, FIELD_NUMBER, PUBLISH},
    {"qos", 0, FIELD_NUMBER, PUBLISH | SUBSCRIBE},
    {"dup", 0, FIELD_NUMBER, PUBLISH},
    {"retain", 0, FIELD_NUMBER, PUBLISH},
    {"pid", 0, FIELD_NUMBER, NUMBERED},
    {"code", 0, FIELD_NUMBER, SUBACK},
    {"filter", 0, FIELD_TEXT, SUBSCRIBE | UNSUBSCRIBE},
    {"nl", 0, FIELD_NUMBER, SUBSCRIBE},
    {"rap", 0, FIELD_NUMBER, SUBSCRIBE},
    {"rh", 0, FIELD_NUMBER, SUBSCRIBE},
    {"raw", 0, FIELD_TEXT, ALL},
    {"format", 0x01, FIELD_U8, PUBLISH},
    {"expiry", 0x02, FIELD_U32, PUBLISH},
    {"content_type", 0x03, FIELD_STRING, PUBLISH},
    {"response", 0x08, FIELD_STRING, PUBLISH},
    {"correlation", 0x09, FIELD_STRING, PUBLISH},
    {"id", 0x0b, FIELD_VARINT, PUBLISH | SUBSCRIBE},
    {"will_format", 0x01, FIELD_U8, WILL},
    {"will_expiry", 0x02, FIELD_U32, WILL},
    {"will_content_type", 0x03, FIELD_STRING, WILL},
    {"will_response", 0x08, FIELD_STRING, WILL},
    {"will_correlation", 0x09, FIELD_STRING, WILL},
    {"will_delay", 0x18, FIELD_U32, WILL},
    {"will_user", 0x26, FIELD_PAIR, WILL},
    {"expiry", 0x11, FIELD_U32, CONNECT | CONNACK | DISCONNECT},
    {"assigned", 0x12, FIELD_STRING, CONNACK},
    {"server_keepalive", 0x13, FIELD_U16, CONNACK},
    {"auth_method", 0x15, FIELD_STRING, CONNECT | CONNACK | AUTH},
    {"auth_data", 0x16, FIELD_STRING, CONNECT | CONNACK | AUTH},
    {"problem_info", 0x17, FIELD_U8, CONNECT},
    {"response_info", 0x19, FIELD_U8, CONNECT},
    {"response_info", 0x1a, FIELD_STRING, CONNACK},
    {"server_ref", 0x1c, FIELD_STRING, CONNACK | DISCONNECT},
    {"reason_text", 0x1f, FIELD_STRING,
     CONNACK | ACKS | SUBACK | DISCONNECT | AUTH},
    {"receive_max", 0x21, FIELD_U16, CONNECT | CONNACK},
    {"alias_max", 0x22, FIELD_U16, CONNECT | CONNACK},
    {"alias", 0x23, FIELD_U16, PUBLISH},
    {"max_qos", 0x24, FIELD_U8, CONNACK},
    {"retain_available", 0x25, FIELD_U8, CONNACK},
    {"user", 0x26, FIELD_PAIR, ALL & ~CONNECT & ~WILL},
    {"property", 0x26, FIELD_PAIR, CONNECT},
    {"max_packet", 0x27, FIELD_U32, CONNECT | CONNACK},
    {"wildcards", 0x28, FIELD_U8, CONNACK},
    {"sub_ids", 0x29, FIELD_U8, CONNACK},
    {"shared", 0x2a, FIELD_U8, CONNACK},
};

static const char *const type_names[] = {
    "none",    "connect",  "connack",    "publish", "puback",      "pubrec",
    "pubrel",  "pubcomp",  "subscribe",  "suback",  "unsubscribe", "unsuback",
    "pingreq", "pingresp", "disconnect", "auth"};

void *words_memory(void *block, size_t size)
{
    void *grown = realloc(block, size == 0 ? 1 : size);
    if (grown == NULL) abort();
    return grown;
}

struct words *words_new(enum packet_type type)
{
    struct words *words = words_memory(NULL, sizeof(*words));
    *words = (struct words){.type = type};
    return words;
}

void words_free(struct words *words)
{
    if (words == NULL) return;
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i].text);
    free(words->list);
    free(words->raw);
    free(words);
}

enum packet_type words_type(const char *name)
{
    for (unsigned i = 1; i <= PACKET_AUTH; i++) {
        if (strcmp(type_names[i], name) == 0) return (enum packet_type)i;
    }
    return PACKET_NONE;
}

const char *words_type_name(enum packet_type type)
{
    assert((unsigned)type <= PACKET_AUTH);
    return type_names[type];
}

const struct field_rule *words_rule(enum packet_type type, const char *name)
{
    uint32_t types = BIT(type) | (type == PACKET_CONNECT ? WILL : 0);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if ((rules[i].types & types) == 0) continue;
        if (strcmp(rules[i].name, name) == 0) return &rules[i];
    }
    return NULL;
}

const struct field_rule *words_property(uint32_t types, uint8_t property)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].property != property) continue;
        if ((rules[i].types & types) != 0) return &rules[i];
    }
    return NULL;
}

bool field_is_number(const struct field_rule *rule)
{
    return rule->kind != FIELD_TEXT && rule->kind != FIELD_STRING &&
           rule->kind != FIELD_PAIR;
}

struct field *words_field_add(struct words *words,
                              const struct field_rule *rule)
{
    assert(rule != NULL);
    if (words->count == words->capacity) {
        words->capacity = words->capacity == 0 ? 8 : words->capacity * 2;
        words->list =
            words_memory(words->list, words->capacity * sizeof(words->list[0]));
    }
    struct field *field = &words->list[words->count++];
    *field = (struct field){.rule = rule};
    return field;
}

void words_number_add(struct words *words, const char *name, uint32_t number)
{
    words_field_add(words, words_rule(words->type, name))->number = number;
}

void field_text_set(struct field *field, struct bytes text)
{
    field->text = words_memory(NULL, text.size);
    field->size = text.size;
    if (text.size > 0) memcpy(field->text, text.data, text.size);
}

void words_text_add(struct words *words, const char *name, struct bytes text)
{
    field_text_set(words_field_add(words, words_rule(words->type, name)), text);
}

void words_want_add(struct words *words, const char *name, enum field_want want)
{
    words_field_add(words, words_rule(words->type, name))->want = want;
}

const struct field *words_find(const struct words *words, const char *name)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->list[i].rule->name, name) == 0) {
            return &words->list[i];
        }
    }
    return NULL;
}

uint32_t words_number(const struct words *words, const char *name,
                      uint32_t otherwise)
{
    const struct field *field = words_find(words, name);
    return field == NULL ? otherwise : field->number;
}

struct bytes words_text(const struct words *words, const char *name)
{
    const struct field *field = words_find(words, name);
    if (field == NULL) return (struct bytes){NULL, 0};
    return bytes_at(field->text, field->size);
}

/* Append printf text, as much as there is room for. */
__attribute__((format(printf, 3, 4))) static void print(char *text, size_t size,
                                                        const char *format, ...)
{
    size_t used = strlen(text);
    if (used + 1 >= size) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

static void print_text(char *text, size_t size, const struct field *field,
                       size_t shown_max)
{
    print(text, size, "\"");
    for (size_t i = 0; i < field->size && i < shown_max; i++) {
        uint8_t c = field->text[i];
        bool plain = c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
        print(text, size, plain ? "%c" : "\\x%02x", c);
    }
    if (field->size > shown_max) {
        print(text, size, "... (%zu bytes)", field->size);
    }
    print(text, size, "\"");
}

static void print_words(const struct words *words, char *text, size_t size,
                        size_t shown_max)
{
    assert(size > 0);
    text[0] = 0;
    print(text, size, "%s", type_names[words->type]);
    for (size_t i = 0; i < words->count; i++) {
        const struct field *field = &words->list[i];
        print(text, size, " %s=", field->rule->name);
        if (field->want != WANT_EXACT) {
            print(text, size, field->want == WANT_ANY ? "*" : "-");
        } else if (strcmp(field->rule->name, "reason") == 0 ||
                   strcmp(field->rule->name, "code") == 0) {
            print(text, size, "0x%02x", field->number);
        } else if (field_is_number(field->rule)) {
            print(text, size, "%u", field->number);
        } else {
            print_text(text, size, field, shown_max);
        }
    }
}

void words_print(const struct words *words, char *text, size_t size)
{
    print_words(words, text, size, SHOWN_BYTES_MAX);
}

void words_write(const struct words *words, char *text, size_t size)
{
    print_words(words, text, size, SIZE_MAX);
    assert(strlen(text) + 1 < size);
}

static bool field_equal(const struct field *a, const struct field *b)
{
    if (field_is_number(a->rule)) return a->number == b->number;
    return bytes_equal(bytes_at(a->text, a->size), bytes_at(b->text, b->size));
}

/* How many fields of `words` have this name, or equal `like` if it is given. */
static size_t field_count(const struct words *words, const char *name,
                          const struct field *like)
{
    size_t count = 0;
    for (size_t i = 0; i < words->count; i++) {
        const struct field *field = &words->list[i];
        if (strcmp(field->rule->name, name) != 0) continue;
        count += like == NULL || field_equal(field, like);
    }
    return count;
}

/* The field of this name that has `index` others before it, or NULL. */
static const struct field *field_nth(const struct words *words,
                                     const char *name, size_t index)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->list[i].rule->name, name) != 0) continue;
        if (index-- == 0) return &words->list[i];
    }
    return NULL;
}

bool words_match(const struct words *want, const struct words *got)
{
    if (want->type != got->type) return false;
    for (size_t i = 0; i < want->count; i++) {
        const struct field *field = &want->list[i];
        const char *name = field->rule->name;
        size_t there = field_count(got, name, NULL);
        if (strcmp(name, "raw") == 0) {
            if (!bytes_equal(bytes_at(field->text, field->size),
                             bytes_at(got->raw, got->raw_size))) {
                return false;
            }
            continue;
        }
        if (field->want == WANT_ANY && there > 0) continue;
        if (field->want == WANT_NONE && there == 0) continue;
        if (field->want != WANT_EXACT) return false;
        if (there != field_count(want, name, NULL)) return false;
        if (strcmp(name, "id") == 0) {
            if (field_count(got, name, field) !=
                field_count(want, name, field)) {
                return false;
            }
            continue;
        }
        size_t before = 0;
        for (size_t k = 0; k < i; k++) {
            before += strcmp(want->list[k].rule->name, name) == 0;
        }
        if (!field_equal(field, field_nth(got, name, before))) return false;
    }
    return true;
}
