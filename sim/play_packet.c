/* play_packet.c - packets and options as a play writes them. */
#include "sim/play_state.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

struct option_rule {
    const char *name;
    size_t offset;
    size_t size;
};

#define OPTION_AS(name, field)                                                 \
    {                                                                          \
        name, offsetof(struct options, field),                                 \
            sizeof(((struct options *)NULL)->field)                            \
    }
#define OPTION(field)   OPTION_AS(#field, field)
#define LISTENER(field) OPTION_AS(#field, listener.field)

static const struct option_rule option_rules[] = {
    OPTION(connect_timeout_s),
    OPTION(max_keepalive),
    LISTENER(allow_zero_length_clientid),
    LISTENER(auto_id_prefix),
    OPTION(persistent_client_expiration_s),
    OPTION(max_packet_size),
    OPTION(message_size_limit),
    LISTENER(max_topic_alias),
    LISTENER(max_topic_alias_broker),
    LISTENER(max_qos),
    LISTENER(allow_anonymous),
    LISTENER(ask),
    LISTENER(use_username_as_clientid),
    LISTENER(bind_clientid),
    LISTENER(protocols),
    OPTION(retain_available),
    OPTION(wildcard_subscriptions),
    OPTION(shared_subscriptions),
    OPTION(check_payload_format),
    OPTION(max_topic_levels),
    OPTION(receive_maximum),
    OPTION(max_inflight_messages),
    OPTION(max_inflight_bytes),
    OPTION(max_queued_messages),
    OPTION(max_queued_bytes),
    OPTION(queue_overflow),
    OPTION(queue_memory_messages),
    OPTION(queue_qos0_messages),
    OPTION(upgrade_outgoing_qos),
    OPTION(allow_duplicate_messages),
    OPTION(max_subscriptions),
    OPTION(retained_limit),
    OPTION(retained_bytes_limit),
    OPTION(max_packets_per_second),
    OPTION(max_bytes_per_second),
    OPTION(rate_overflow),
    OPTION(max_topic_bytes),
    OPTION(flapping_count),
    OPTION(flapping_window_s),
    OPTION(flapping_hold_s),
    OPTION(check_retain_source),
    OPTION(retain_expiry_interval_s),
    OPTION(sys_interval_s),
    OPTION(persistence),
};

static void option_store(void *at, size_t size, uint32_t number)
{
    assert(at != NULL);
    uint8_t u8 = (uint8_t)number;
    uint16_t u16 = (uint16_t)number;
    uint64_t u64 = number;
    switch (size) {
    case 1: memcpy(at, &u8, 1); break;
    case 2: memcpy(at, &u16, 2); break;
    case 4: memcpy(at, &number, 4); break;
    default: memcpy(at, &u64, 8); break;
    }
}

/* Where an option that is a text has its place. */
struct option_text {
    char *at; /* NULL: it is none */
    size_t size;
};

static struct option_text option_text(struct options *options, const char *name)
{
    struct options_listener *listener = &options->listener;
    if (strcmp(name, "auto_id_prefix") == 0) {
        return (struct option_text){listener->auto_id_prefix,
                                    sizeof(listener->auto_id_prefix)};
    }
    if (strcmp(name, "clientid_prefixes") == 0) {
        return (struct option_text){listener->clientid_prefixes,
                                    sizeof(listener->clientid_prefixes)};
    }
    if (strcmp(name, "mount_point") == 0) {
        return (struct option_text){listener->mount_point,
                                    sizeof(listener->mount_point)};
    }
    return (struct option_text){NULL, 0};
}

bool play_option(struct play *play, struct options *options,
                 const struct token *token)
{
    const char *text = (const char *)token->text.data;
    uint32_t number = 0;
    struct option_text place = option_text(options, token->key);
    if (place.at != NULL) {
        if (token->text.size >= place.size) {
            return play_fail(play, "the text is too long");
        }
        memcpy(place.at, text, token->text.size + 1);
        return true;
    }
    if (strcmp(text, "oldest") == 0 || strcmp(text, "newest") == 0) {
        number = text[0] == 'o' ? OVERFLOW_OLDEST : OVERFLOW_NEWEST;
    } else if (!token_number(token, &number)) {
        return play_fail(play, "'%s' wants a number", token->key);
    }
    if (strcmp(token->key, "max_connections") == 0) {
        play->world_config.connections_max = number;
        return true;
    }
    if (strcmp(token->key, "max_memory") == 0) {
        play->world_config.memory_max = number;
        return true;
    }
    for (size_t i = 0; i < sizeof(option_rules) / sizeof(option_rules[0]);
         i++) {
        const struct option_rule *rule = &option_rules[i];
        if (strcmp(rule->name, token->key) != 0) continue;
        option_store((char *)options + rule->offset, rule->size, number);
        return true;
    }
    return play_fail(play, "there is no option '%s'", token->key);
}

static struct variable *variable_find(struct play *play, const char *name)
{
    for (size_t i = 0; i < play->variable_count; i++) {
        if (strcmp(play->variables[i].name, name) == 0) {
            return &play->variables[i];
        }
    }
    if (play->variable_count == VARIABLES_MAX) return NULL;
    struct variable *v = &play->variables[play->variable_count++];
    *v = (struct variable){0};
    memcpy(v->name, name, strnlen(name, KEY_MAX));
    return v;
}

/* `key=%name`: the variable's value, or, when it has none, to be given one. */
static bool add_variable(struct play *play, struct words *words,
                         const struct field_rule *rule,
                         const struct token *token, bool want)
{
    struct variable *v =
        variable_find(play, (const char *)token->text.data + 1);
    if (v == NULL || field_is_number(rule)) {
        return play_fail(play, "no variable can stand here");
    }
    struct field *field = words_field_add(words, rule);
    if (v->text.data != NULL) {
        field_text_set(field, v->text);
        return true;
    }
    if (!want || play->capture_count == CAPTURES_MAX) {
        return play_fail(play, "%%%s has no value yet", v->name);
    }
    field->want = WANT_ANY;
    play->captures[play->capture_count++] = (struct capture){rule, v};
    return true;
}

/* `raw=HEX` */
static bool add_raw(struct play *play, struct words *words,
                    const struct field_rule *rule, const struct token *token)
{
    size_t size = token->text.size / 2;
    uint8_t *bytes = words_memory(NULL, size);
    const char *text = (const char *)token->text.data;
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        char *end;
        bytes[i] = (uint8_t)strtoul(pair, &end, 16);
        if (*end != 0) size = 0;
    }
    bool good = size > 0 && token->text.size % 2 == 0;
    field_text_set(words_field_add(words, rule), bytes_at(bytes, size));
    free(bytes);
    return good || play_fail(play, "raw= wants bytes in hex");
}

static bool add_field(struct play *play, struct words *words,
                      const struct field_rule *rule, const struct token *token,
                      bool want)
{
    bool bare = !token->quoted && token->text.size > 0;
    char first = bare ? (char)token->text.data[0] : 0;
    if (strcmp(rule->name, "raw") == 0) {
        return add_raw(play, words, rule, token);
    }
    if (first == '%') return add_variable(play, words, rule, token, want);
    if (bare && token->text.size == 1 && (first == '*' || first == '-')) {
        words_field_add(words, rule)->want =
            first == '*' ? WANT_ANY : WANT_NONE;
        return true;
    }
    uint32_t number;
    if (!field_is_number(rule)) {
        field_text_set(words_field_add(words, rule), token->text);
        return true;
    }
    if (!token_number(token, &number)) {
        return play_fail(play, "'%s' wants a number", rule->name);
    }
    words_field_add(words, rule)->number = number;
    return true;
}

/* What a token without a key says: `index` of them came before it. */
static const char *positional(enum packet_type type, size_t index, bool want)
{
    switch (type) {
    case PACKET_PUBLISH:
        return index == 0 ? "topic" : index == 1 ? "payload" : NULL;
    case PACKET_SUBSCRIBE:
    case PACKET_UNSUBSCRIBE: return "filter";
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP: return index == 0 ? "pid" : NULL;
    case PACKET_SUBACK:
    case PACKET_UNSUBACK: return want ? "code" : NULL;
    case PACKET_CONNACK:
    case PACKET_DISCONNECT:
    case PACKET_AUTH: return index == 0 ? "reason" : NULL;
    default: return NULL;
    }
}

struct words *play_packet(struct play *play, enum packet_type type,
                          const struct statement *s, size_t from, bool want)
{
    struct words *words = words_new(type);
    size_t index = 0;
    for (size_t i = from; i < s->count; i++) {
        const struct token *token = &s->tokens[i];
        const char *name = token->key;
        if (name[0] == 0) name = positional(type, index++, want);
        const struct field_rule *rule =
            name == NULL ? NULL : words_rule(type, name);
        if (rule == NULL) {
            play_fail(play, "'%s' says nothing about a %s",
                      name == NULL ? (const char *)token->text.data : name,
                      words_type_name(type));
            words_free(words);
            return NULL;
        }
        if (!add_field(play, words, rule, token, want)) {
            words_free(words);
            return NULL;
        }
    }
    return words;
}
