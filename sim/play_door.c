/* play_door.c - who may come and do what: access lists, listeners, answers. */
#include "sim/play_state.h"
#include "sim/words_codec.h"

static const char *text_of(const struct token *token)
{
    return (const char *)token->text.data;
}

/* --- access lists --------------------------------------------------------- */

/* What `topic` and `pattern` may be for; false: it is none of these words. */
static bool access_of(const struct token *token, enum acl_access *access)
{
    static const char *const names[] = {"deny", "read", "write", "readwrite"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!token_is(token, names[i])) continue;
        *access = (enum acl_access)i;
        return true;
    }
    return false;
}

/* `topic read a/#`: what begins at token `*at`, which moves behind it. */
static bool rule_read(struct play *play, struct rules *rules,
                      const struct statement *s, size_t *at)
{
    bool pattern = token_is(&s->tokens[*at], "pattern");
    enum acl_access access = ACL_READWRITE;
    *at += 1;
    if (*at < s->count && access_of(&s->tokens[*at], &access)) *at += 1;
    if (*at == s->count) return play_fail(play, "a rule wants a filter");
    struct bytes filter = s->tokens[*at].text;
    *at += 1;
    return rules_add(rules, pattern, access, filter) ||
           play_fail(play, "that is no filter, or one rule too many");
}

/* The list that tokens from `at` on say; NULL: wrong. */
static const struct acl *rules_read(struct play *play,
                                    const struct statement *s, size_t at)
{
    struct rules *rules = rules_new();
    rules->next = play->rules;
    play->rules = rules;
    while (at < s->count) {
        const struct token *token = &s->tokens[at];
        if (token_is(token, "user") && at + 1 < s->count) {
            if (!rules_user(rules, s->tokens[at + 1].text)) return NULL;
            at += 2;
        } else if (token_is(token, "topic") || token_is(token, "pattern")) {
            if (!rule_read(play, rules, s, &at)) return NULL;
        } else {
            play_fail(play, "'%s' is no part of an access list",
                      text_of(token));
            return NULL;
        }
    }
    return rules_seal(rules);
}

/* `acl off`, `acl user ann topic read a ...`: for all listeners. */
bool play_acl(struct play *play, const struct statement *s)
{
    struct options options = play_options(play);
    const struct acl *acl = NULL;
    bool off = s->count == 2 && token_is(&s->tokens[1], "off");
    if (!off) acl = rules_read(play, s, 1);
    if (!off && acl == NULL) return play_fail(play, "too many users");
    options.listener.acl = acl;
    for (size_t i = 0; i < options.listener_count; i++) {
        play->listeners[i] = options.listeners[i];
        play->listeners[i].acl = acl;
    }
    options.listeners = play->listeners;
    play_set_options(play, &options);
    return true;
}

/* --- listeners ------------------------------------------------------------ */

/* `listener 1 KEY=VALUE ...`: there it is other than elsewhere. */
bool play_listener(struct play *play, const struct statement *s)
{
    uint32_t number;
    struct options options = play_options(play);
    if (s->count < 2 || !token_number(&s->tokens[1], &number) ||
        number >= LISTENERS_MAX) {
        return play_fail(play, "listener wants a number below %d",
                         LISTENERS_MAX);
    }
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        play->listeners[i] = *options_of(&options, (uint16_t)i);
    }
    struct options own = options;
    own.listener = play->listeners[number];
    for (size_t i = 2; i < s->count; i++) {
        if (!play_option(play, &own, &s->tokens[i])) return false;
    }
    play->listeners[number] = own.listener;
    options.listeners = play->listeners;
    if (options.listener_count <= number) options.listener_count = number + 1;
    play_set_options(play, &options);
    return true;
}

/* --- questions and answers ------------------------------------------------ */

static const struct {
    const char *name;
    enum err why;
} refusals[] = {
    {"credentials", ERR_CREDENTIALS}, {"not_authorized", ERR_NOT_AUTHORIZED},
    {"method", ERR_AUTH_METHOD},      {"unavailable", ERR_UNAVAILABLE},
    {"banned", ERR_BANNED},           {"quota", ERR_QUOTA},
};

static bool refusal_read(const struct token *token, struct answer *answer)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (!token_is(token, refusals[i].name)) continue;
        answer->why = refusals[i].why;
        return true;
    }
    return false;
}

/* One word about the answer; false: it is none of them. */
static bool answer_read(struct play *play, const struct token *token,
                        struct answer *answer)
{
    uint64_t ms;
    if (strcmp(token->key, "user") == 0) {
        answer->user = token->text;
        answer->has_user = true;
    } else if (strcmp(token->key, "data") == 0) {
        answer->data = token->text;
        answer->has_data = true;
    } else if (strcmp(token->key, "expires") == 0 && token_ms(token, &ms)) {
        answer->expires_ms = world_now(play->world) + ms;
    } else {
        return refusal_read(token, answer);
    }
    return true;
}

/* `grant b accept user=ann expires=5s [RULES]`, `grant b refuse [WHY]`,
 * `grant b more data=...` */
bool play_grant(struct play *play, const struct statement *s)
{
    static const char *const verdicts[] = {"accept", "refuse", "more"};
    struct answer answer = {.why = ERR_NOT_AUTHORIZED};
    enum ask_kind kind;
    struct ask said;
    play_begin(play);
    if (s->count < 3) return play_fail(play, "grant NAME accept|refuse|more");
    struct client *client = play_actor(play, text_of(&s->tokens[1]))->client;
    unsigned verdict = 0;
    while (verdict < 3 && !token_is(&s->tokens[2], verdicts[verdict]))
        verdict++;
    if (verdict == 3) return play_fail(play, "grant NAME accept|refuse|more");
    answer.verdict = (enum answer_verdict)verdict;
    size_t at = 3;
    while (at < s->count && answer_read(play, &s->tokens[at], &answer))
        at++;
    if (at < s->count) {
        answer.acl = rules_read(play, s, at);
        if (answer.acl == NULL) return play_fail(play, "what is granted?");
    }
    if (!world_asked(play->world, client->asked, &kind, &said)) {
        return play_fail(play, "nobody asks about %s", client->name);
    }
    world_answer(play->world, client->asked, &answer);
    return true;
}

/* What the question says under the name `key`, and whether it says it. */
static bool said_find(const struct ask *said, const char *key,
                      struct bytes *text, bool *there)
{
    const struct {
        const char *key;
        struct bytes text;
        bool there;
    } parts[] = {
        {"id", said->client_id, said->client_id.size > 0},
        {"user", said->user, said->has_user},
        {"pass", said->password, said->has_password},
        {"identity", said->identity, said->identity.size > 0},
        {"method", said->method, said->has_method},
        {"data", said->data, said->has_data},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(parts[i].key, key) != 0) continue;
        *text = parts[i].text;
        *there = parts[i].there;
        return true;
    }
    return false;
}

/* Does the question say what `token` wants: `user=ann`, or `user=-`? */
static bool said_check(struct play *play, const struct ask *said,
                       const struct token *token)
{
    struct bytes text;
    bool there;
    if (!said_find(said, token->key, &text, &there)) {
        return play_fail(play, "'%s' says nothing about a question",
                         token->key);
    }
    bool none = !token->quoted && bytes_equal(token->text, bytes_of("-"));
    if (none ? !there : there && bytes_equal(text, token->text)) return true;
    return play_fail(play, "what is asked has %s '%.*s', not '%s'", token->key,
                     (int)text.size, (const char *)text.data, text_of(token));
}

/* `asked b connect|continue|again user=ann ...`, `asked b nothing` */
bool play_asked(struct play *play, const struct statement *s)
{
    static const char *const kinds[] = {"connect", "continue", "again"};
    enum ask_kind kind;
    struct ask said;
    play_begin(play);
    if (s->count < 3) return play_fail(play, "asked NAME KIND ...");
    struct client *client = play_actor(play, text_of(&s->tokens[1]))->client;
    bool asked = world_asked(play->world, client->asked, &kind, &said);
    if (token_is(&s->tokens[2], "nothing")) {
        return !asked ||
               play_fail(play, "something is asked about %s", client->name);
    }
    if (!asked) return play_fail(play, "nobody asks about %s", client->name);
    if (!token_is(&s->tokens[2], kinds[kind])) {
        return play_fail(play, "the question is to %s", kinds[kind]);
    }
    for (size_t i = 3; i < s->count; i++) {
        if (!said_check(play, &said, &s->tokens[i])) return false;
    }
    return true;
}
