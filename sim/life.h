/* life.h - a random life under way, for those who make it one.
 *
 *     random.c   the world, and its steps
 *       hardship.c    what befalls the broker
 *       actor.c       what clients say and hear
 *       undertaker.c  who gets their wills
 *       ending.c      all comes to rest, and is looked at
 *     life.c     what all of them need
 */
#ifndef MOGI_SIM_LIFE_H
#define MOGI_SIM_LIFE_H

#include "sim/client.h"
#include "sim/model.h"
#include "sim/random.h"
#include "sim/wills.h"

enum {
    ACTORS_MIN = 3,
    ACTORS_MAX = 12,
    RUDE_MAX = 3,
    OUTSTANDING_MAX = 64, /* messages of one actor not yet completed */
    RETAINED_TOPICS = 3,
    FILTER_RECALL = MODEL_FILTERS /* all retained ones; the model knows none */
};

/* One message on its way to the broker. */
struct sending {
    uint32_t message; /* of the model */
    uint16_t pid;
    bool released; /* PUBREL is sent */
    bool retained; /* no message of the model, but this: */
    unsigned topic, value;
};

/* Somebody at one of two cables: the other one may be taken over. */
struct actor {
    struct client *clients[2];
    struct client *client; /* one of them; the other was taken over */
    char name[CLIENT_NAME_MAX - 1];
    unsigned index;
    unsigned version;
    bool persistent;
    bool keeps;           /* its session, and what it has subscribed to */
    bool born;            /* it has been there */
    bool expects_session; /* it has been there and is kept */
    bool greeted;         /* CONNACK was seen */
    bool dismissed;       /* for want of room, in a life short of it */
    bool stalled;
    bool anchored; /* an answer has proved that the session is on disk */
    bool recalls;  /* it gets retained ones by a filter of the model too */
    bool unsure;   /* a crash may have lost the session, or its CONNACK */
    bool ended; /* it said that the session ends, and was perhaps not heard */
    struct cable_id leaving; /* where DISCONNECT is on its way, or 0 */
    struct sending sendings[OUTSTANDING_MAX];
    unsigned sending_count;
    uint16_t asked_pid; /* of SUBSCRIBE or UNSUBSCRIBE under way; 0: none */
    unsigned asked_filter, asked_qos;
    bool asked_subscribe;
    /* What was retained when it last asked for all, and the time before. */
    unsigned floors[2][ACTORS_MAX][RETAINED_TOPICS];
};

/* A topic with one publisher: what is there at the end is what it said last. */
struct retained {
    unsigned completed; /* the last value acknowledged; 0: none */
    unsigned sent;      /* the last value sent */
};

struct life {
    const struct random_config *config;
    struct world *world;
    struct rng rng; /* of the part that is lived */
    struct model *model;
    struct wills *wills;
    struct client *undertaker; /* who gets all wills; NULL: nobody */
    struct actor actors[ACTORS_MAX];
    unsigned actor_count;
    struct client *rude[RUDE_MAX];
    unsigned rude_count;
    struct retained retained[ACTORS_MAX][RETAINED_TOPICS];
    size_t memory_start; /* of one shard */
    uint16_t shards;
    bool held; /* commits wait */
    enum loads loads;
    uint64_t loads_ms; /* by then what failed was tried again */
    bool failing;      /* the disk takes nothing more */
    bool failed;       /* at some time it did */
    bool tight;        /* memory is short */
    unsigned bulk;     /* bytes of a payload, at most */
    bool jumped;       /* time did */
    bool moved;        /* a crash changed the number of shards */
    bool crowd;        /* most are members of groups, and come and go */
    bool restless;     /* one crash comes after the other */
    bool talkative;    /* who publishes often goes on, on the same topic */
    uint32_t step;
    uint32_t crash_at; /* there it crashes once more; ACTS_SETUP: nowhere */
    char error[LIFE_TEXT_MAX + 1];
};

/* Luck. */
uint64_t life_below(struct life *life, uint64_t bound);
bool life_chance(struct life *life, uint64_t parts, uint64_t whole);

/* What the shards have in use, in bytes. */
size_t life_memory(const struct life *life);

/* CONNECT of 3.1.1 for `client`, whose name is its id, with a session that
 * stays, or to end it. */
void life_greet(struct life *life, struct client *client, bool clean);

/* A promise is broken. Returns whether it is the first one. */
bool life_wrong(struct life *life, const char *who, const char *what);

/* The wills of this life, as of now. */
struct wills *life_wills(struct life *life);

/* `client` says `words`, which are freed, and the story is told of it. */
void life_say(struct life *life, struct client *client, struct words *words);

/* --- actor.c ------------------------------------------------------------- */

/* Who acts as `index`, for the first time. */
void actor_begin(struct life *life, unsigned index);
void actor_end(struct actor *actor);

/* CONNECT on a new cable; an older one is taken over. */
void actor_connect(struct life *life, struct actor *actor);

/* It has its CONNACK, and nothing has closed the connection. */
bool actor_ready(const struct actor *actor);

/* Has the broker heard its DISCONNECT? */
void actor_left(struct life *life, struct actor *actor);

/* The connection is gone, whoever ended it. */
void actor_lost(struct life *life, struct actor *actor);

/* The broker closed the connection: take that, if it had a right to. */
void actor_closed(struct life *life, struct actor *actor);

/* It does something, as luck has it. */
void actor_act(struct life *life, struct actor *actor);

/* Read what has come. Returns whether there was something. */
bool actor_read(struct life *life, struct actor *actor);

/* "r/ACTOR/NUMBER" means a topic of one publisher. */
bool actor_retained(const struct life *life, struct bytes topic,
                    unsigned *actor, unsigned *number);

/* The value that a retained message has; 0: none that anybody gave it. */
unsigned long actor_value(struct bytes payload);

/* --- undertaker.c -------------------------------------------------------- */

/* Somebody comes who wants all wills, and stays. */
void undertaker_begin(struct life *life);

/* The broker is gone, and comes back. */
void undertaker_lost(struct life *life);
void undertaker_return(struct life *life);

/* Read what has come. Returns whether there was something. */
bool undertaker_read(struct life *life);

/* All is quiet: is a will missing that no disk holds back? */
void undertaker_check(struct life *life);

/* The same at the end. It leaves for good. */
void undertaker_end(struct life *life);

/* --- hardship.c ---------------------------------------------------------- */

/* The disk fails, is late or comes back, the broker crashes: as luck has it, in
 * a life that has a disk. */
void hardship_act(struct life *life);

/* All works again. */
void hardship_end(struct life *life);

/* --- ending.c ------------------------------------------------------------ */

/* Everybody comes back, reads, and finishes what was begun. */
void ending_rest(struct life *life);

/* A new client sees the last retained value of each topic. */
void ending_retained(struct life *life);

/* Clear what is retained, end all sessions: hardly anything may be left. */
void ending_clear(struct life *life);

#endif
