/* play_act.c - what clients of a play do. */
#include "sim/play_state.h"
#include "sim/words_codec.h"

#include <stdio.h>
#include <stdlib.h>

enum { SESSION_EXPIRY_S = 3600 };

/* Connect as nothing but the name says, and take the CONNACK. */
static bool act_greet(struct play *play, struct actor *actor)
{
    static const struct statement nothing;
    struct client *client = actor->client;
    struct words *connect =
        play_packet(play, PACKET_CONNECT, &nothing, 0, false);
    words_text_add(connect, "id", bytes_of(client->name));
    actor->connected = true;
    client_open(client, play->version);
    client_connect(client, connect);
    words_free(connect);
    if (!play_settle(play)) return false;
    struct words *connack = client->first;
    if (connack == NULL || connack->type != PACKET_CONNACK ||
        words_number(connack, "reason", 1) != 0) {
        return play_fail(play, "%s could not connect", client->name);
    }
    words_free(client_take(client, connack));
    return true;
}

/* A client that has never connected does so by itself. */
static bool act_ready(struct play *play, struct actor *actor)
{
    if (!actor->connected) return act_greet(play, actor);
    if (client_connected(actor->client)) return true;
    return play_fail(play, "%s is not connected", actor->client->name);
}

/* Where a client connects, and as whom, if the play says so. */
static void act_place(struct client *client, const struct words *words)
{
    struct bytes identity = words_text(words, "identity");
    client->listener = (uint16_t)words_number(words, "listener", 0);
    snprintf(client->identity, sizeof(client->identity), "%.*s",
             (int)identity.size, (const char *)identity.data);
}

static bool act_open(struct play *play, struct actor *actor,
                     const struct statement *s)
{
    struct words *words = play_packet(play, PACKET_CONNECT, s, 2, false);
    if (words == NULL) return false;
    actor->connected = true;
    actor->close_due = false;
    act_place(actor->client, words);
    client_open(actor->client, words_number(words, "v", play->version));
    words_free(words);
    return true;
}

static bool act_connect(struct play *play, struct actor *actor,
                        const struct statement *s)
{
    struct words *words = play_packet(play, PACKET_CONNECT, s, 2, false);
    if (words == NULL) return false;
    unsigned version = words_number(words, "v", play->version);
    if (words_find(words, "id") == NULL) {
        words_text_add(words, "id", bytes_of(actor->client->name));
    }
    bool keeps = words_number(words, "clean", 1) == 0;
    if (version == 5 && keeps && words_find(words, "expiry") == NULL) {
        words_number_add(words, "expiry", SESSION_EXPIRY_S);
    }
    actor->connected = true;
    actor->close_due = false;
    act_place(actor->client, words);
    client_open(actor->client, version);
    client_connect(actor->client, words);
    words_free(words);
    return true;
}

/* CONNECT on the connection that is open already. */
static bool act_connect_again(struct play *play, struct actor *actor,
                              const struct statement *s)
{
    struct words *words = play_packet(play, PACKET_CONNECT, s, 2, false);
    if (words == NULL) return false;
    if (words_find(words, "id") == NULL) {
        words_text_add(words, "id", bytes_of(actor->client->name));
    }
    bool ready = act_ready(play, actor);
    if (ready) client_connect(actor->client, words);
    words_free(words);
    return ready;
}

static bool act_packet(struct play *play, struct actor *actor,
                       const struct statement *s, enum packet_type type)
{
    if (!act_ready(play, actor)) return false;
    struct words *words = play_packet(play, type, s, 2, false);
    if (words == NULL) return false;
    bool wants_pid = type == PACKET_SUBSCRIBE || type == PACKET_UNSUBSCRIBE ||
                     words_number(words, "qos", 0) > 0;
    if (wants_pid && words_find(words, "pid") == NULL) {
        words_number_add(words, "pid", client_pid(actor->client));
    }
    client_say(actor->client, words);
    words_free(words);
    return true;
}

/* Where a bracket began, while raw bytes are gathered. */
enum { BRACKETS_MAX = 8 };

struct raw {
    struct buffer bytes;
    size_t brackets[BRACKETS_MAX];
    size_t depth;
};

/* "]": put the length of what the bracket holds in front of it. */
static void raw_close(struct raw *raw)
{
    size_t start = raw->brackets[--raw->depth];
    size_t size = raw->bytes.size - start;
    uint8_t length[8];
    size_t count = 0;
    size_t left = size;
    do {
        length[count++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        left >>= 7;
    } while (left > 0);
    (void)buffer_reserve(&raw->bytes, count);
    raw->bytes.size += count;
    memmove(raw->bytes.data + start + count, raw->bytes.data + start, size);
    memcpy(raw->bytes.data + start, length, count);
}

static bool raw_hex(struct play *play, struct raw *raw,
                    const struct token *token)
{
    const char *text = (const char *)token->text.data;
    for (size_t i = 0; i < token->text.size; i += 2) {
        char pair[3] = {text[i], text[i + 1], 0};
        char *end;
        uint8_t byte = (uint8_t)strtoul(pair, &end, 16);
        if (*end != 0 || end != pair + 2) {
            return play_fail(play, "'%s' is no hex", text);
        }
        buffer_append(&raw->bytes, bytes_at(&byte, 1));
    }
    return true;
}

static bool raw_token(struct play *play, struct raw *raw,
                      const struct token *token)
{
    if (token_is(token, "[")) {
        if (raw->depth == BRACKETS_MAX) return play_fail(play, "too deep");
        raw->brackets[raw->depth++] = raw->bytes.size;
        return true;
    }
    if (token_is(token, "]")) {
        if (raw->depth == 0) return play_fail(play, "] without [");
        raw_close(raw);
        return true;
    }
    if (!token->quoted) return raw_hex(play, raw, token);
    if (token->counted) {
        uint8_t size[2] = {(uint8_t)(token->text.size >> 8),
                           (uint8_t)token->text.size};
        buffer_append(&raw->bytes, bytes_at(size, 2));
    }
    buffer_append(&raw->bytes, token->text);
    return true;
}

static bool act_send(struct play *play, struct actor *actor,
                     const struct statement *s)
{
    if (!act_ready(play, actor)) return false;
    struct raw raw = {.depth = 0};
    buffer_init(&raw.bytes, world_pool(play->world));
    bool good = true;
    for (size_t i = 2; i < s->count && good; i++) {
        good = raw_token(play, &raw, &s->tokens[i]);
    }
    if (good && raw.depth > 0) good = play_fail(play, "[ without ]");
    if (good) client_send(actor->client, buffer_bytes(&raw.bytes));
    buffer_fini(&raw.bytes);
    return good;
}

/* `a acks=0`: the client acknowledges only what the play says. `a deaf=1`: it
 * does not look at what it gets. */
static bool act_manner(struct play *play, struct actor *actor,
                       const struct token *token)
{
    uint32_t number;
    bool deaf = strcmp(token->key, "deaf") == 0;
    if (!token_number(token, &number)) {
        return play_fail(play, "%s= wants 0 or 1", token->key);
    }
    if (deaf) {
        actor->client->deaf = number != 0;
        if (number != 0) actor->close_due = true;
    } else {
        actor->client->acks = number != 0;
    }
    return true;
}

bool play_act(struct play *play, const struct statement *s)
{
    const char *name = (const char *)s->tokens[0].text.data;
    play_begin(play);
    struct actor *actor = play_actor(play, name);
    if (s->count < 2) return play_fail(play, "what does %s do?", name);
    const struct token *verb = &s->tokens[1];
    const char *text = (const char *)verb->text.data;
    if (strcmp(verb->key, "acks") == 0 || strcmp(verb->key, "deaf") == 0) {
        return act_manner(play, actor, verb);
    }
    if (token_is(verb, "expect")) return play_expect(play, actor, s, 2);
    if (token_is(verb, "saw")) return play_saw(play, actor, s, 2);
    if (token_is(verb, "read")) {
        (void)client_read(actor->client);
        return true;
    }
    if (token_is(verb, "open")) return act_open(play, actor, s);
    if (token_is(verb, "connect")) return act_connect(play, actor, s);
    if (token_is(verb, "connect_again")) {
        return act_connect_again(play, actor, s);
    }
    if (token_is(verb, "send")) return act_send(play, actor, s);
    if (token_is(verb, "ignore")) {
        client_forget(actor->client);
        actor->close_due = true;
        return true;
    }
    enum packet_type type =
        token_is(verb, "ping") ? PACKET_PINGREQ : words_type(text);
    if (type == PACKET_NONE) {
        return play_fail(play, "nobody knows how to '%s'", text);
    }
    return act_packet(play, actor, s, type);
}
