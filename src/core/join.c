/* join.c - what waits for answers from other shards. */
#include "core/join.h"

#include "core/inbound.h"
#include "core/recall.h"
#include "core/state.h"
#include "core/subscribe.h"

#include <assert.h>

enum { JOINS_FIRST = 64 };

void joins_init(struct joins *joins)
{
    *joins = (struct joins){0};
}

void joins_fini(struct joins *joins, struct pool *pool)
{
    assert(joins->free_count <= joins->capacity);
    pool_give(pool, joins->slots, joins->capacity * sizeof *joins->slots);
    pool_give(pool, joins->free, joins->capacity * sizeof *joins->free);
    joins_init(joins);
}

/* Twice as many slots; all new ones are free. */
static void joins_grow(struct joins *joins, struct pool *pool)
{
    assert(joins->free_count == 0);
    uint32_t old = joins->capacity;
    uint32_t capacity = old == 0 ? JOINS_FIRST : old * 2;
    assert(capacity > old);
    joins->slots = pool_resize(pool, joins->slots, old * sizeof *joins->slots,
                               capacity * sizeof *joins->slots);
    joins->free = pool_resize(pool, joins->free, old * sizeof *joins->free,
                              capacity * sizeof *joins->free);
    for (uint32_t slot = capacity; slot > old; slot--) {
        joins->slots[slot - 1] = (struct join){0};
        joins->free[joins->free_count++] = slot - 1;
    }
    joins->capacity = capacity;
    assert(joins->free_count == capacity - old);
}

struct join_ref join_new(struct shard *shard, enum join_kind kind, void *owner)
{
    assert(kind != JOIN_NONE);
    assert(owner != NULL);
    struct joins *joins = &shard->joins;
    if (joins->free_count == 0) joins_grow(joins, shard->pool);
    uint32_t slot = joins->free[--joins->free_count];
    joins->generation += 1;
    if (joins->generation == 0) joins->generation = 1;
    assert(joins->slots[slot].kind == JOIN_NONE);
    joins->slots[slot] = (struct join){
        .generation = joins->generation, .kind = (uint8_t)kind, .owner = owner};
    return (struct join_ref){slot, joins->generation, shard->place.index};
}

struct join *join_find(struct shard *shard, struct join_ref ref)
{
    if (ref.generation == 0 || ref.shard != shard->place.index) return NULL;
    assert(ref.slot < shard->joins.capacity);
    struct join *join = &shard->joins.slots[ref.slot];
    return join->generation == ref.generation ? join : NULL;
}

void join_free(struct shard *shard, struct join_ref ref)
{
    struct join *join = join_find(shard, ref);
    if (join == NULL) return;
    assert(join->kind != JOIN_NONE);
    *join = (struct join){0};
    shard->joins.free[shard->joins.free_count++] = ref.slot;
    assert(shard->joins.free_count <= shard->joins.capacity);
}

void join_expect(struct shard *shard, struct join_ref ref)
{
    if (ref.generation == 0) return;
    if (ref.shard != shard->place.index) {
        actions_post(shard->out, ref.shard, POST_EXPECT)->join = ref;
        return;
    }
    struct join *join = join_find(shard, ref);
    if (join != NULL) join->waiting += 1;
}

/* The last answer has come: tell the owner, who frees the join. */
static void join_finish(struct shard *shard, struct join *join)
{
    assert(join->waiting == 0);
    switch ((enum join_kind)join->kind) {
    case JOIN_RECEIPT:
        receipt_joined(shard, join->owner, join->count, join->reason);
        return;
    case JOIN_SUBSCRIBE:
        subscribing_joined(shard, join->owner, join->reason);
        return;
    case JOIN_RECALL: recall_joined(shard, join->owner); return;
    case JOIN_NONE: break;
    }
    assert(false && "a join without a kind");
}

void join_answer(struct shard *shard, struct join_ref ref, uint32_t count,
                 enum err reason)
{
    if (ref.generation == 0) return;
    if (ref.shard != shard->place.index) {
        struct post *post = actions_post(shard->out, ref.shard, POST_DONE);
        post->join = ref;
        post->count = count;
        post->reason = (uint8_t)reason;
        return;
    }
    struct join *join = join_find(shard, ref);
    if (join == NULL) return;
    assert(join->waiting > 0);
    join->count += count;
    if (join->reason == OK) join->reason = (uint8_t)reason;
    join->waiting -= 1;
    if (join->waiting == 0) join_finish(shard, join);
}
