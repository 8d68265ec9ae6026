/* play.c - plays: the file, the stage, and what happens to the world. */
#include "sim/play.h"

#include "core/bounds.h"
#include "sim/play_state.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    VERSIONS_MAX = 3,
    LINE_MAX_BYTES = 65536,
    REPEATS_MAX = 1000000,
    NUMBER_MAX = 12
};

bool play_fail(struct play *play, const char *format, ...)
{
    if (play->error[0] != 0) return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(play->error, sizeof(play->error), format, arguments);
    va_end(arguments);
    return false;
}

static bool clients_read(void *context)
{
    struct play *play = context;
    bool busy = false;
    for (struct actor *at = play->actors; at != NULL; at = at->next) {
        busy = client_read(at->client) || busy;
    }
    return busy;
}

static size_t memory_now(const struct play *play)
{
    size_t sum = 0;
    for (uint16_t i = 0; i < play->world_config.shards; i++) {
        sum += world_bytes(play->world, i);
    }
    return sum;
}

void play_begin(struct play *play)
{
    if (play->world != NULL) return;
    play->world = world_new(&play->world_config);
    world_clients_set(play->world, clients_read, play);
    world_settle(play->world);
    play->memory_start = memory_now(play);
}

/* What any client saw the broker do wrong. */
static bool clients_check(struct play *play)
{
    for (struct actor *at = play->actors; at != NULL; at = at->next) {
        if (at->client->error[0] == 0) continue;
        return play_fail(play, "%s gets what it must not get: %s",
                         at->client->name, at->client->error);
    }
    return true;
}

bool play_settle(struct play *play)
{
    if (play->world == NULL) return true;
    if (!play->by_hand) world_settle(play->world);
    return clients_check(play);
}

struct actor *play_actor(struct play *play, const char *name)
{
    struct actor **at = &play->actors;
    for (; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->client->name, name) == 0) return *at;
    }
    *at = words_memory(NULL, sizeof(**at));
    **at = (struct actor){.client = client_new(play->world, name)};
    (*at)->client->remembers = true;
    return *at;
}

static bool do_options(struct play *play, const struct statement *s)
{
    if (play->world != NULL) return play_fail(play, "options come first");
    for (size_t i = 1; i < s->count; i++) {
        if (!play_option(play, &play->world_config.options, &s->tokens[i])) {
            return false;
        }
    }
    return true;
}

struct options play_options(const struct play *play)
{
    return play->world == NULL ? play->world_config.options
                               : *world_options(play->world);
}

void play_set_options(struct play *play, const struct options *options)
{
    if (play->world == NULL) {
        play->world_config.options = *options;
    } else {
        world_reload(play->world, options);
    }
}

static bool do_reload(struct play *play, const struct statement *s)
{
    play_begin(play);
    struct options options = play_options(play);
    for (size_t i = 1; i < s->count; i++) {
        if (!play_option(play, &options, &s->tokens[i])) return false;
    }
    play_set_options(play, &options);
    return true;
}

static bool do_wait(struct play *play, const struct statement *s)
{
    uint64_t ms;
    if (s->count != 2 || !token_ms(&s->tokens[1], &ms)) {
        return play_fail(play, "wait wants a time, as 5s or 300ms");
    }
    play_begin(play);
    if (token_is(&s->tokens[0], "jump")) {
        world_jump(play->world, ms);
    } else {
        world_wait(play->world, ms);
    }
    return true;
}

/* cut, close, stall, unstall: of each client that is named. */
static bool do_network(struct play *play, const struct statement *s)
{
    play_begin(play);
    for (size_t i = 1; i < s->count; i++) {
        const char *name = (const char *)s->tokens[i].text.data;
        struct client *client = play_actor(play, name)->client;
        if (client->cable.v == 0) {
            return play_fail(play, "%s is not connected", name);
        }
        if (token_is(&s->tokens[0], "cut")) client_hang_up(client, true);
        if (token_is(&s->tokens[0], "close")) client_hang_up(client, false);
        if (token_is(&s->tokens[0], "stall")) {
            world_stall(play->world, client->cable, true);
        }
        if (token_is(&s->tokens[0], "expel")) {
            world_expel(play->world, client->cable, ERR_NOT_AUTHORIZED);
        }
        if (token_is(&s->tokens[0], "unstall")) {
            world_stall(play->world, client->cable, false);
        }
    }
    return s->count > 1 || play_fail(play, "of whom?");
}

/* loads hold|fail|work */
static bool do_loads(struct play *play, const struct statement *s)
{
    const struct token *how = &s->tokens[s->count - 1];
    play_begin(play);
    enum loads loads = LOADS_WORK;
    if (token_is(how, "hold")) {
        loads = LOADS_HELD;
    } else if (token_is(how, "fail")) {
        loads = LOADS_FAIL;
    } else if (!token_is(how, "work")) {
        return play_fail(play, "loads hold|fail|work");
    }
    world_loads(play->world, loads);
    return true;
}

static bool do_commits(struct play *play, const struct statement *s)
{
    const struct token *how = &s->tokens[s->count - 1];
    play_begin(play);
    if (token_is(how, "hold") || token_is(how, "release")) {
        world_hold(play->world, token_is(how, "hold"));
        return true;
    }
    if (token_is(how, "fail") || token_is(how, "work")) {
        world_storage(play->world, token_is(how, "fail"));
        return true;
    }
    return play_fail(play, "commits hold|release|fail|work");
}

static bool do_crash(struct play *play, const struct statement *s)
{
    uint32_t numbers[2] = {0, 0}; /* commits, shards */
    play_begin(play);
    if (s->count > 3) return play_fail(play, "crash [COMMITS [SHARDS]]");
    for (size_t i = 1; i < s->count; i++) {
        if (token_number(&s->tokens[i], &numbers[i - 1])) continue;
        return play_fail(play, "crash [COMMITS [SHARDS]]");
    }
    if (numbers[1] > SHARDS_MAX) return play_fail(play, "too many shards");
    world_crash(play->world, numbers[0]);
    for (struct actor *at = play->actors; at != NULL; at = at->next) {
        client_hang_up(at->client, true);
    }
    world_restart(play->world, (uint16_t)numbers[1]);
    return true;
}

static bool do_note(struct play *play, const struct statement *s)
{
    if (s->count != 3) return play_fail(play, "note expect|never TEXT");
    const char *text = (const char *)s->tokens[2].text.data;
    play_begin(play);
    bool never = token_is(&s->tokens[1], "never");
    bool found = world_note_find(play->world, text);
    if (found == !never) return true;
    return play_fail(play, "the log %s '%s'; it ends: %s",
                     never ? "says" : "does not say", text,
                     world_note_last(play->world));
}

static bool do_memory(struct play *play, const struct statement *s)
{
    uint32_t most;
    if (s->count != 2 || !token_number(&s->tokens[1], &most)) {
        return play_fail(play, "memory wants a number of bytes");
    }
    play_begin(play);
    size_t now = memory_now(play);
    if (now <= play->memory_start + most) return true;
    return play_fail(play, "%zu bytes more than at the start, not at most %u",
                     now - play->memory_start, most);
}

static bool do_records(struct play *play, const struct statement *s)
{
    uint32_t most;
    if (s->count != 2 || !token_number(&s->tokens[1], &most)) {
        return play_fail(play, "records wants a number");
    }
    play_begin(play);
    size_t now = world_records(play->world);
    return now <= most ||
           play_fail(play, "%zu records are on disk, not at most %u", now,
                     most);
}

/* From now on nobody has a turn or reads but when told; or all by itself. */
static bool do_by(struct play *play, const struct statement *s)
{
    play_begin(play);
    play->by_hand = token_is(&s->tokens[0], "by_hand");
    return true;
}

static bool do_turn(struct play *play, const struct statement *s)
{
    (void)s;
    play_begin(play);
    (void)world_turn(play->world);
    return true;
}

/* What comes by luck from now on begins with this number. */
static bool do_luck(struct play *play, const struct statement *s)
{
    if (s->count != 2) return play_fail(play, "luck wants a number");
    play_begin(play);
    const char *text = (const char *)s->tokens[1].text.data;
    rng_init(world_rng(play->world), strtoull(text, NULL, 10));
    return true;
}

/* What came and was not expected is no mistake. */
static bool do_curtain(struct play *play, const struct statement *s)
{
    (void)s;
    play->curtain = true;
    return true;
}

static bool do_stop(struct play *play, const struct statement *s)
{
    (void)s;
    play_begin(play);
    world_stop(play->world);
    return true;
}

static bool do_freeze(struct play *play, const struct statement *s)
{
    play_begin(play);
    world_freeze(play->world, token_is(&s->tokens[0], "freeze"));
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct play *play, const struct statement *s);
} verbs[] = {
    {"options", do_options},     {"reload", do_reload},
    {"wait", do_wait},           {"cut", do_network},
    {"close", do_network},       {"stall", do_network},
    {"unstall", do_network},     {"commits", do_commits},
    {"crash", do_crash},         {"note", do_note},
    {"memory", do_memory},       {"stop", do_stop},
    {"freeze", do_freeze},       {"thaw", do_freeze},
    {"one", play_expect_one},    {"acl", play_acl},
    {"listener", play_listener}, {"grant", play_grant},
    {"asked", play_asked},       {"jump", do_wait},
    {"records", do_records},     {"all", play_saw_all},
    {"expel", do_network},       {"by_hand", do_by},
    {"by_itself", do_by},        {"turn", do_turn},
    {"luck", do_luck},           {"curtain", do_curtain},
    {"loads", do_loads},
};

static bool run_statement(struct play *play, const struct statement *s)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (token_is(&s->tokens[0], verbs[i].name)) {
            return verbs[i].run(play, s) && play_settle(play);
        }
    }
    return play_act(play, s) && play_settle(play);
}

static bool run_text(struct play *play, const char **at);

/* `repeat N STATEMENT`, with the number of the round for %i, from 1 on. */
static bool run_repeat(struct play *play, const char **at)
{
    char *body;
    unsigned long rounds = strtoul(*at + strlen("repeat"), &body, 10);
    size_t size = strcspn(body, ";\n");
    *at = body + size + (body[size] == ';');
    if (rounds == 0 || rounds > REPEATS_MAX || size >= LINE_MAX_BYTES) {
        return play_fail(play, "repeat wants a number");
    }
    char *text = words_memory(NULL, size * NUMBER_MAX + 1);
    bool good = true;
    for (unsigned long i = 1; i <= rounds && good; i++) {
        size_t used = 0;
        for (size_t k = 0; k < size; k++) {
            if (body[k] == '%' && body[k + 1] == 'i' && k + 1 < size) {
                used += (size_t)snprintf(text + used, NUMBER_MAX, "%lu", i);
                k += 1;
            } else {
                text[used++] = body[k];
            }
        }
        text[used] = 0;
        const char *start = text;
        good = run_text(play, &start);
    }
    free(text);
    return good;
}

/* The next statement from `*at` on. */
static bool run_text(struct play *play, const char **at)
{
    struct statement *s = words_memory(NULL, sizeof(*s));
    const char *error = statement_read(at, s);
    bool good = error == NULL;
    if (!good) play_fail(play, "%s", error);
    if (good && s->count > 0) good = run_statement(play, s);
    statement_free(s);
    free(s);
    return good;
}

static bool run_lines(struct play *play, const char *text)
{
    play->line = 1;
    for (const char *at = text; *at != 0;) {
        while (*at == ' ' || *at == '\t')
            at += 1;
        if (*at == '#') at += strcspn(at, "\n");
        if (*at == '\n') {
            play->line += 1;
            at += 1;
            continue;
        }
        if (*at == 0) break;
        bool repeat = strncmp(at, "repeat ", 7) == 0;
        if (!(repeat ? run_repeat(play, &at) : run_text(play, &at))) {
            return false;
        }
    }
    return play_settle(play) && (play->curtain || play_end(play));
}

static void play_clean(struct play *play)
{
    while (play->actors != NULL) {
        struct actor *actor = play->actors;
        play->actors = actor->next;
        client_free(actor->client);
        free(actor);
    }
    for (size_t i = 0; i < play->variable_count; i++) {
        free((void *)(uintptr_t)play->variables[i].text.data);
    }
    if (play->world != NULL) world_free(play->world);
    while (play->rules != NULL) {
        struct rules *rules = play->rules;
        play->rules = rules->next;
        rules_free(rules);
    }
}

static bool run_version(const char *file, const char *text, unsigned version,
                        const struct play_config *config)
{
    struct play play = {.config = config, .file = file, .version = version};
    play.world_config = (struct world_config){.shards = config->shards,
                                              .seed = config->seed,
                                              .trace = config->trace,
                                              .chaos = config->chaos,
                                              .split = config->split};
    options_init(&play.world_config.options);
    play.world_config.options.sys_interval_s = 0;
    bool good = run_lines(&play, text);
    if (!good) {
        fprintf(stderr, "%s:%u: %s\n    (%u shards, version %u)\n", file,
                play.line, play.error, config->shards, version);
    }
    play_clean(&play);
    return good;
}

static char *file_read(const char *file)
{
    FILE *f = fopen(file, "rb");
    if (f == NULL) return NULL;
    size_t size = 0, room = LINE_MAX_BYTES;
    char *text = words_memory(NULL, room + 1);
    for (;;) {
        size_t got = fread(text + size, 1, room - size, f);
        size += got;
        if (got == 0) break;
        if (size < room) continue;
        room *= 2;
        text = words_memory(text, room + 1);
    }
    fclose(f);
    text[size] = 0;
    return text;
}

/* What the line "# NAME: ..." says, or NULL. */
static const char *header(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    if (line == NULL || (line != text && line[-1] != '\n')) return NULL;
    return line + strlen(name);
}

/* The number that the line "# NAME: N" says, or `otherwise`. */
static uint64_t header_number(const char *text, const char *name,
                              uint64_t otherwise)
{
    const char *at = header(text, name);
    return at == NULL ? otherwise : strtoull(at, NULL, 10);
}

int play_text_run(const char *file, const char *text,
                  const struct play_config *config)
{
    struct play_config own = *config;
    uint64_t shards = header_number(text, "# shards: ", own.shards);
    own.shards = (uint16_t)(shards < SHARDS_MAX ? shards : SHARDS_MAX);
    own.seed = header_number(text, "# seed: ", own.seed);
    if (header_number(text, "# chaos: ", 0) > 0) own.chaos = true;
    own.split = (uint32_t)header_number(text, "# split: ", own.split);
    const char *versions = header(text, "# versions:");
    if (versions == NULL) versions = " 5";
    bool good = true;
    for (const char *at = versions; *at != 0 && *at != '\n'; at++) {
        if (!isdigit((unsigned char)*at)) continue;
        good = run_version(file, text, (unsigned)(*at - '0'), &own) && good;
    }
    return good ? 0 : 1;
}

int play_run(const char *file, const struct play_config *config)
{
    char *text = file_read(file);
    if (text == NULL) {
        perror(file);
        return 2;
    }
    int result = play_text_run(file, text, config);
    free(text);
    return result;
}
