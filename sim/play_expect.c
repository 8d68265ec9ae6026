/* play_expect.c - what a play expects of the broker. */
#include "sim/play_state.h"
#include "sim/words_codec.h"

#include <stdlib.h>

enum { SHOWN_MAX = 400 };

/* Answers that nobody needs to mention when they say that all went well. */
static bool is_quiet(const struct words *packet)
{
    for (size_t i = 0; i < packet->count; i++) {
        const char *name = packet->list[i].rule->name;
        if (strcmp(name, "code") != 0 && strcmp(name, "reason") != 0) continue;
        if (packet->list[i].number >= 0x80) return false;
    }
    switch (packet->type) {
    case PACKET_CONNACK: return words_number(packet, "reason", 1) == 0;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP:
    case PACKET_SUBACK:
    case PACKET_UNSUBACK:
    case PACKET_PINGRESP: return true;
    default: return false;
    }
}

/* The first packet that is of `type`, or is not quiet. */
static struct words *next_packet(struct client *client, enum packet_type type)
{
    while (client->first != NULL && client->first->type != type &&
           is_quiet(client->first)) {
        words_free(client_take(client, client->first));
    }
    return client->first;
}

static bool fail_with(struct play *play, const struct client *client,
                      const char *want, const struct words *got)
{
    char text[SHOWN_MAX] = "nothing";
    bool closed =
        client->cable.v == 0 || world_closed(client->world, client->cable);
    if (got != NULL) words_print(got, text, sizeof(text));
    return play_fail(play, "%s expects %s\n    but gets: %s (%s)%s%s",
                     client->name, want, text, closed ? "closed" : "open",
                     world_note_last(play->world)[0] ? "\n    the log ends: "
                                                     : "",
                     world_note_last(play->world));
}

static void captures_keep(struct play *play, const struct words *got)
{
    for (size_t i = 0; i < play->capture_count; i++) {
        struct capture *capture = &play->captures[i];
        struct bytes text = words_text(got, capture->rule->name);
        uint8_t *copy = words_memory(NULL, text.size + 1);
        if (text.size > 0) memcpy(copy, text.data, text.size);
        capture->variable->text = bytes_at(copy, text.size);
    }
    play->capture_count = 0;
}

static struct words *match_any(struct client *client, const struct words *want)
{
    for (struct words *at = client->first; at != NULL; at = at->next) {
        if (words_match(want, at)) return at;
    }
    return NULL;
}

/* A packet like `want`: the next one, or with `any` any of those that came. */
static bool expect_packet(struct play *play, struct actor *actor,
                          const struct words *want, bool any)
{
    struct client *client = actor->client;
    char text[SHOWN_MAX];
    struct words *got =
        any ? match_any(client, want) : next_packet(client, want->type);
    if (got == NULL || !words_match(want, got)) {
        words_print(want, text, sizeof(text));
        return fail_with(play, client, text, got);
    }
    captures_keep(play, got);
    words_free(client_take(client, got));
    return true;
}

/* What `expect TYPE ...` from token `from` on wants. */
static struct words *expect_read(struct play *play, const struct statement *s,
                                 size_t from)
{
    const char *name = (const char *)s->tokens[from].text.data;
    enum packet_type type = words_type(name);
    play->capture_count = 0;
    if (type == PACKET_NONE) {
        play_fail(play, "there is no packet '%s'", name);
        return NULL;
    }
    struct words *want = play_packet(play, type, s, from + 1, true);
    if (want == NULL) return NULL;
    if (type == PACKET_CONNACK && words_find(want, "reason") == NULL) {
        words_number_add(want, "reason", 0);
    }
    return want;
}

/* Nothing that matters came; with `strict` nothing at all. */
static bool expect_nothing(struct play *play, struct actor *actor, bool strict)
{
    struct client *client = actor->client;
    struct words *got =
        strict ? client->first : next_packet(client, PACKET_NONE);
    if (got != NULL) {
        return fail_with(play, client, strict ? "silence" : "nothing", got);
    }
    if (strict || client_connected(client) || actor->close_due) return true;
    return fail_with(play, client, "an open connection", NULL);
}

static bool expect_close(struct play *play, struct actor *actor)
{
    struct client *client = actor->client;
    struct words *got = next_packet(client, PACKET_NONE);
    if (got != NULL || client_connected(client)) {
        return fail_with(play, client, "the end of the connection", got);
    }
    actor->close_due = true;
    return true;
}

/* At most that many bytes lie with the host for this client. */
static bool expect_unsent(struct play *play, struct actor *actor,
                          const struct statement *s, size_t from)
{
    uint32_t most;
    if (from >= s->count || !token_number(&s->tokens[from], &most)) {
        return play_fail(play, "unsent wants a number of bytes");
    }
    size_t unsent = world_unsent(play->world, actor->client->cable);
    if (unsent <= most) return true;
    return play_fail(play, "%zu bytes wait for %s, not at most %u", unsent,
                     actor->client->name, most);
}

bool play_expect(struct play *play, struct actor *actor,
                 const struct statement *s, size_t from)
{
    if (from >= s->count) return play_fail(play, "expect what?");
    const struct token *what = &s->tokens[from];
    if (token_is(what, "nothing")) return expect_nothing(play, actor, false);
    if (token_is(what, "silence")) return expect_nothing(play, actor, true);
    if (token_is(what, "close")) return expect_close(play, actor);
    if (token_is(what, "unsent")) {
        return expect_unsent(play, actor, s, from + 1);
    }
    if (token_is(what, "open")) {
        if (client_connected(actor->client)) return true;
        return fail_with(play, actor->client, "an open connection", NULL);
    }
    bool any = token_is(what, "any") && from + 1 < s->count;
    struct words *want = expect_read(play, s, from + any);
    if (want == NULL) return false;
    bool good = expect_packet(play, actor, want, any);
    words_free(want);
    return good;
}

bool play_expect_one(struct play *play, const struct statement *s)
{
    size_t from = 1;
    while (from < s->count && !token_is(&s->tokens[from], "expect"))
        from += 1;
    if (from + 1 >= s->count) return play_fail(play, "one of whom?");
    struct words *want = expect_read(play, s, from + 1);
    if (want == NULL) return false;
    struct actor *actor = NULL;
    for (size_t i = 1; i < from; i++) {
        actor = play_actor(play, (const char *)s->tokens[i].text.data);
        const struct words *got = next_packet(actor->client, want->type);
        if (got != NULL && words_match(want, got)) break;
    }
    bool good = actor != NULL && expect_packet(play, actor, want, false);
    words_free(want);
    return good;
}

/* Did it count when it came: was it no repetition? */
static bool is_first(const struct words *packet)
{
    if (packet->type != PACKET_PUBLISH) return true;
    if (words_number(packet, "qos", 0) == 2) return !packet->again;
    return words_number(packet, "dup", 0) == 0;
}

/* `next TYPE ...`: behind what the last such statement found. */
static bool saw_next(struct play *play, struct actor *actor,
                     const struct words *want)
{
    char text[SHOWN_MAX];
    const struct words *at =
        actor->seen == NULL ? actor->client->past : actor->seen->next;
    while (at != NULL && !words_match(want, at))
        at = at->next;
    if (at != NULL) {
        actor->seen = at;
        return true;
    }
    words_print(want, text, sizeof(text));
    return play_fail(play, "%s did not see %s (behind the one before)",
                     actor->client->name, text);
}

/* How many like `want` came to the actor, in all its life. */
static unsigned saw_count(const struct actor *actor, const struct words *want,
                          bool first)
{
    unsigned count = 0;
    for (const struct words *at = actor->client->past; at != NULL;
         at = at->next) {
        count += words_match(want, at) && (!first || is_first(at));
    }
    return count;
}

/* `[at_most N] TYPE ...` of tokens 1..to-1, all of them together. */
static bool saw_some(struct play *play, const struct statement *s, size_t first,
                     size_t to, size_t from)
{
    char text[SHOWN_MAX];
    uint32_t most = UINT32_MAX;
    unsigned count = 0;
    if (token_is(&s->tokens[from], "at_most") && from + 2 < s->count) {
        if (!token_number(&s->tokens[from + 1], &most)) {
            return play_fail(play, "at_most wants a number");
        }
        from += 2;
    }
    struct words *want = expect_read(play, s, from);
    if (want == NULL) return false;
    for (size_t i = first; i < to; i++) {
        const char *name = (const char *)s->tokens[i].text.data;
        count += saw_count(play_actor(play, name), want, most < UINT32_MAX);
    }
    words_print(want, text, sizeof(text));
    words_free(want);
    if (most < UINT32_MAX ? count <= most : count > 0) return true;
    return play_fail(play, "%s saw %u times: %s",
                     (const char *)s->tokens[first].text.data, count, text);
}

bool play_saw(struct play *play, struct actor *actor, const struct statement *s,
              size_t from)
{
    if (from >= s->count) return play_fail(play, "saw what?");
    if (!token_is(&s->tokens[from], "next")) {
        return saw_some(play, s, 0, 1, from);
    }
    if (from + 1 >= s->count) return play_fail(play, "saw what?");
    struct words *want = expect_read(play, s, from + 1);
    if (want == NULL) return false;
    bool good = saw_next(play, actor, want);
    words_free(want);
    return good;
}

bool play_saw_all(struct play *play, const struct statement *s)
{
    size_t from = 1;
    while (from < s->count && !token_is(&s->tokens[from], "saw"))
        from += 1;
    if (from + 1 >= s->count) return play_fail(play, "all saw what?");
    play_begin(play);
    return saw_some(play, s, 1, from, from + 1);
}

bool play_end(struct play *play)
{
    for (struct actor *at = play->actors; at != NULL; at = at->next) {
        struct client *client = at->client;
        const struct words *got = next_packet(client, PACKET_NONE);
        if (got != NULL) {
            return fail_with(play, client, "nothing more at the end", got);
        }
        if (client->cable.v != 0 && !at->close_due &&
            !client_connected(client)) {
            return fail_with(play, client, "to stay connected", NULL);
        }
    }
    return true;
}
