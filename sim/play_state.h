/* play_state.h - a play under way. For play*.c alone. */
#ifndef MOGI_SIM_PLAY_STATE_H
#define MOGI_SIM_PLAY_STATE_H

#include "sim/client.h"
#include "sim/play.h"
#include "sim/rules.h"
#include "sim/script.h"

enum {
    ERROR_MAX = 2048,
    VARIABLES_MAX = 16,
    CAPTURES_MAX = 8,
    LISTENERS_MAX = 4
};

struct actor {
    struct actor *next;
    struct client *client;
    bool connected; /* it once was: from then on nothing is automatic */
    bool close_due; /* the play knows that the broker closed */
    const struct words *seen; /* of its past, up to here by `saw next` */
};

struct variable {
    char name[KEY_MAX + 1];
    struct bytes text; /* owned */
};

/* A field whose value a variable is to take. */
struct capture {
    const struct field_rule *rule;
    struct variable *variable;
};

struct play {
    const struct play_config *config;
    const char *file;
    unsigned line;
    unsigned version; /* of clients that do not say another */
    struct world_config world_config;
    struct world *world; /* NULL until the first client or wait */
    struct options_listener listeners[LISTENERS_MAX];
    struct rules *rules; /* all that ever were */
    size_t memory_start;
    bool curtain; /* what nobody expected does not matter */
    bool by_hand; /* nobody has a turn or reads but when told */
    struct actor *actors;
    struct variable variables[VARIABLES_MAX];
    size_t variable_count;
    struct capture captures[CAPTURES_MAX];
    size_t capture_count;
    char error[ERROR_MAX]; /* "" while all is well */
};

/* Record what is wrong; false always. */
bool play_fail(struct play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The world begins, with the options said so far; harmless when it has. */
void play_begin(struct play *play);

/* Let everything happen; false when a client saw a rule broken. */
bool play_settle(struct play *play);

/* The actor called `name`, made when there is none. */
struct actor *play_actor(struct play *play, const char *name);

/* The packet that tokens from `from` on say, or NULL: wrong. With `want` they
 * are what is expected. Freed with words_free. */
struct words *play_packet(struct play *play, enum packet_type type,
                          const struct statement *s, size_t from, bool want);

/* Set one option of the core, or of the host; false: wrong. */
bool play_option(struct play *play, struct options *options,
                 const struct token *token);

/* The options in force, or those that the world will begin with. */
struct options play_options(const struct play *play);

/* From now on these are. */
void play_set_options(struct play *play, const struct options *options);

/* `acl`, `listener`, `grant` and `asked`: who may come and do what. */
bool play_acl(struct play *play, const struct statement *s);
bool play_listener(struct play *play, const struct statement *s);
bool play_grant(struct play *play, const struct statement *s);
bool play_asked(struct play *play, const struct statement *s);

/* `NAME VERB ...`: a client acts. */
bool play_act(struct play *play, const struct statement *s);

/* `NAME expect ...`, the words of it from `from` on. */
bool play_expect(struct play *play, struct actor *actor,
                 const struct statement *s, size_t from);

/* `one NAME NAME ... expect ...` */
bool play_expect_one(struct play *play, const struct statement *s);

/* `NAME saw ...`, the words of it from `from` on. */
bool play_saw(struct play *play, struct actor *actor, const struct statement *s,
              size_t from);

/* `all NAME NAME ... saw ...` */
bool play_saw_all(struct play *play, const struct statement *s);

/* At the end nobody has a packet that no one expected. */
bool play_end(struct play *play);

#endif
