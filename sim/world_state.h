/* world_state.h - what a world is made of. For its own files alone. */
#ifndef MOGI_SIM_WORLD_STATE_H
#define MOGI_SIM_WORLD_STATE_H

#include "base/buffer.h"
#include "base/list.h"
#include "core/event.h"
#include "core/post.h"
#include "sim/world.h"

struct reply;

/* Something that waits for a shard's turn. */
struct item {
    enum event_kind kind;
    uint32_t ask;        /* GRANTED */
    struct reply *reply; /* GRANTED; owned */
    uint32_t cable;      /* OPENED BYTES DRAINED CLOSED */
    uint32_t slot;
    bool refused;                  /* OPENED */
    enum err why;                  /* EXPELLED */
    bool failing;                  /* STORAGE */
    struct post post;              /* POSTED */
    uint8_t *packed;               /* POSTED: owned, what the post brings */
    uint64_t batch;                /* COMMITTED */
    const struct options *options; /* RELOADED */
    struct load *load;             /* LOADED: owned */
};

/* A LOAD that was asked for, and what was read. */
struct load {
    struct link link;
    uint16_t shard;
    bool read;
    bool failed;
    uint64_t token, end;
    uint8_t *asked; /* its bytes */
    size_t asked_size;
    uint8_t *page;
    size_t page_size;
};

/* Output up to `position` was asked to be reported. */
struct mark {
    uint64_t position;
};

/*
 *     client --- in ---> shard          received <--- out --- shard
 */
struct cable {
    bool client_here;
    bool broker_here; /* `slot` of `shard` means this cable */
    bool closing;     /* the broker closed; `out` is still delivered */
    bool ended;       /* the client sees the end behind `received` */
    bool refused;     /* one connection too many */
    bool paused, stalled;
    bool queued; /* a BYTES or CLOSED waits in the shard's inbox */
    bool lost;   /* the shard was told CLOSED in this turn */
    uint16_t shard, listener;
    uint32_t slot;
    uint32_t ask; /* the question about its client; 0: none */
    uint8_t ask_kind;
    uint16_t ask_shard; /* that asked, */
    uint32_t ask_slot;  /* and where it had the client */
    struct buffer asked, identity;
    struct buffer in, out, received;
    uint64_t written; /* bytes that ever left `out` */
    struct mark *marks;
    size_t mark_count, mark_capacity;
};

struct place {
    struct shard *shard;
    struct pool *pool;
    struct actions actions;
    struct item *inbox; /* from `head` on */
    size_t head, count, capacity;
    uint32_t *slots; /* cable of each slot, 0: free */
    size_t slot_count;
    uint64_t batch; /* the number of the next batch */
};

struct world {
    struct world_config config;
    struct rng rng;
    struct pool *pool; /* of the world's own things */
    uint64_t now_ms;
    uint64_t steps; /* since time last moved */
    bool frozen;
    struct place places[SHARDS_MAX];
    struct cable **cables; /* from 1 on */
    size_t cable_count, cable_capacity;
    struct options **options; /* all that ever were; the last is in force */
    size_t options_count;
    struct store *store;
    struct link loads; /* struct load, not yet answered */
    bool loads_held;
    struct hash_key key;
    char **notes;
    size_t note_count, note_capacity, note_seen;
    bool (*clients)(void *context);
    void *clients_context;
};

/* realloc for `count` things of `size`, that never fails. */
void *world_grow(void *block, size_t count, size_t size);

/* Put `item` into the inbox of `shard`. */
void world_push(struct world *world, uint16_t shard, const struct item *item);

/* --- disk.c -------------------------------------------------------------- */

/* The shard wants to read what `bytes` of a LOAD say. */
void load_ask(struct world *world, uint16_t shard, struct bytes bytes);

/* Answer one LOAD, if there is one that may be. */
bool load_answer(struct world *world);

/* Nobody wants it any more. */
void load_free(struct load *load);

/* All that is under way is lost. */
void loads_drop(struct world *world);

/* Give all shards the records that they want at start. */
void disk_restore(struct world *world,
                  void (*step)(struct world *world, uint16_t shard,
                               struct event *event));

/* The broker did what its contract forbids: say so and stop. */
void world_die(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* The cable in `slot` of `shard`. */
struct cable *cable_in(struct world *world, uint16_t shard, uint32_t slot);

/* Is an event of this cable still meant for this place? */
bool cable_at(const struct world *world, uint32_t cable, uint16_t shard,
              uint32_t slot);

/* Queue what has come for the shard, if it may have it. */
void cable_wake(struct world *world, uint32_t cable);

/* Move output to the client as far as it takes it. */
void cable_flush(struct world *world, uint32_t cable);

/* Next bytes for the shard, at most `size_max`: a block of its own, so that
 * reading past its end is caught. */
uint8_t *cable_take(struct cable *cable, size_t size_max, size_t *size);

/* What the actions ask. */
void cable_send(struct world *world, uint32_t cable, struct bytes bytes,
                struct bytes payload, bool notify);
void cable_close(struct world *world, uint32_t cable, bool linger);
void cable_move(struct world *world, uint32_t cable, uint16_t shard,
                struct bytes rest);
void cable_ask(struct world *world, uint32_t cable, const struct action *action,
               struct bytes said);
void cable_pause(struct world *world, uint32_t cable, bool pause);

/* What a reply says; it is freed with what it refers to. NULL is fine. */
const struct answer *reply_answer(const struct reply *reply);
void reply_free(struct reply *reply);

/* The shard has forgotten it: its slot is free. */
void cable_forget(struct world *world, uint32_t cable);

/* The broker crashed: the client sees the end. */
void cable_break(struct world *world, uint32_t cable);

/* Free all cables; nobody uses them any more. */
void cables_free(struct world *world);

#endif
