/* join.h - what waits for answers from other shards. Owned by the shard.
 *
 *     PUBLISH in --> join (2 answers) --> POST, POST
 *     PUBACK out <-- finished         <-- DONE, DONE
 *
 * A join is found by slot and generation: an answer that comes when nobody
 * waits any more (the session has ended) falls on the floor.
 */
#ifndef MOGI_CORE_JOIN_H
#define MOGI_CORE_JOIN_H

#include "base/err.h"
#include "base/pool.h"
#include "core/id.h"

struct shard;

enum join_kind {
    JOIN_NONE,
    JOIN_RECEIPT,   /* `owner` is a struct receipt */
    JOIN_SUBSCRIBE, /* `owner` is a struct subscribing */
    JOIN_RECALL     /* `owner` is a struct recall */
};

struct join {
    uint32_t generation;
    uint32_t waiting; /* answers still to come */
    uint32_t count;   /* receivers told of so far */
    uint8_t kind;     /* enum join_kind */
    uint8_t reason;   /* enum err: the first that was not OK */
    void *owner;
};

struct joins {
    struct join *slots;
    uint32_t *free;
    uint32_t capacity, free_count;
    uint32_t generation;
};

/* No joins, no memory. */
void joins_init(struct joins *joins);

/* Give the memory back; nobody is answered. */
void joins_fini(struct joins *joins, struct pool *pool);

/* A join of `kind` for `owner` that waits for nothing yet. */
struct join_ref join_new(struct shard *shard, enum join_kind kind, void *owner);

/* The join that `ref` means, or NULL when it is no more, is another shard's,
 * or `ref` is nothing. Valid until the next join_new. */
struct join *join_find(struct shard *shard, struct join_ref ref);

/* Forget it; harmless when it is no more. */
void join_free(struct shard *shard, struct join_ref ref);

/* `ref`, of any shard, must wait for one answer more: told before whoever will
 * answer hears of it. Nothing when `ref` is nothing. */
void join_expect(struct shard *shard, struct join_ref ref);

/* One answer to `ref`, of any shard: `count` receivers, or `reason`. */
void join_answer(struct shard *shard, struct join_ref ref, uint32_t count,
                 enum err reason);

#endif
