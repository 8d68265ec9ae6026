/* cache.c - direct-mapped: one place for each topic, one compare to know it. */
#include "core/cache.h"

#include "base/fetch.h"
#include "core/bounds.h"

#include <assert.h>

/* A block larger than this would push out too many others. */
enum { BLOCK_BYTES_MAX = TOPIC_CACHE_BYTES_MAX / 4 };

_Static_assert((TOPIC_CACHE_SLOTS & (TOPIC_CACHE_SLOTS - 1)) == 0 &&
                   (TOPIC_CACHE_SLOTS_MAX & (TOPIC_CACHE_SLOTS_MAX - 1)) == 0,
               "slots are found with a mask");

struct cache_slot {
    struct resolved *resolved; /* or NULL */
    uint64_t seen;             /* hash of what was offered last */
};

void cache_init(struct cache *cache, struct pool *pool)
{
    *cache = (struct cache){.pool = pool, .slot_count = TOPIC_CACHE_SLOTS};
    cache->slots = pool_take(pool, cache->slot_count * sizeof *cache->slots);
}

/* Forget what is in `slot`, if anything. */
static void slot_clear(struct cache *cache, struct cache_slot *slot)
{
    if (slot->resolved == NULL) return;
    size_t size = slot->resolved->size;
    assert(cache->bytes >= size);
    cache->bytes -= size;
    pool_give(cache->pool, slot->resolved, size);
    slot->resolved = NULL;
}

void cache_fini(struct cache *cache)
{
    for (size_t i = 0; i < cache->slot_count; i++) {
        slot_clear(cache, &cache->slots[i]);
    }
    assert(cache->bytes == 0);
    pool_give(cache->pool, cache->slots,
              cache->slot_count * sizeof *cache->slots);
    cache->slots = NULL;
}

static struct cache_slot *slot_of(const struct cache *cache, uint64_t hash)
{
    return &cache->slots[hash & (cache->slot_count - 1)];
}

/* Twice as many slots: what shared one may have one each. */
static void cache_grow(struct cache *cache)
{
    assert(cache->slot_count < TOPIC_CACHE_SLOTS_MAX);
    struct cache_slot *old = cache->slots;
    uint32_t count = cache->slot_count;
    cache->slot_count = 2 * count;
    cache->crowded = 0;
    cache->hand = 0;
    cache->slots =
        pool_take(cache->pool, cache->slot_count * sizeof *cache->slots);
    for (uint32_t i = 0; i < count; i++) {
        struct cache_slot *seen = slot_of(cache, old[i].seen);
        seen->seen = old[i].seen;
        if (old[i].resolved == NULL) continue;
        struct cache_slot *slot = slot_of(cache, old[i].resolved->hash);
        assert(slot->resolved == NULL);
        slot->resolved = old[i].resolved;
    }
    pool_give(cache->pool, old, count * sizeof *old);
}

static bool same_topic(const struct resolved *resolved, uint64_t hash,
                       struct bytes topic)
{
    return resolved->hash == hash && resolved->topic_size == topic.size &&
           memcmp(resolved->topic, topic.data, topic.size) == 0;
}

const struct resolved *cache_find(const struct cache *cache,
                                  const struct cache_key *key)
{
    const struct resolved *resolved = slot_of(cache, key->hash)->resolved;
    if (resolved == NULL || resolved->generation != cache->generation) {
        return NULL;
    }
    if (resolved->each != key->each) return NULL;
    return same_topic(resolved, key->hash, key->topic) ? resolved : NULL;
}

void cache_fetch(const struct cache *cache, uint64_t hash)
{
    fetch(slot_of(cache, hash));
}

const struct resolved *cache_guess(const struct cache *cache, uint64_t hash)
{
    const struct cache_slot *slot = slot_of(cache, hash);
    return slot->seen == hash ? slot->resolved : NULL;
}

bool cache_is_local(const struct resolved *resolved,
                    const struct session *session)
{
    for (uint32_t i = 0; i < resolved->local_count; i++) {
        if (resolved->locals[i] == session) return true;
    }
    return false;
}

/* Copy `size` bytes to `*at`, move `*at` behind them; the copy. */
static void *place(uint8_t **at, const void *from, size_t size)
{
    uint8_t *copy = *at;
    if (size > 0) memcpy(copy, from, size);
    *at += size;
    return copy;
}

/* All identifiers of `receivers`. */
static size_t identifier_count(const struct receivers *receivers)
{
    size_t count = 0;
    for (uint32_t i = 0; i < receivers->count; i++) {
        count += receivers->list[i].identifier_count;
    }
    return count;
}

/* Copy the identifiers of the `count` receivers at `list`, one after another,
 * and let them point to the copies. */
static void place_identifiers(uint8_t **at, struct receiver *list,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].identifier_count == 0) continue;
        list[i].identifiers =
            place(at, list[i].identifiers,
                  list[i].identifier_count * sizeof *list[i].identifiers);
    }
}

/* Make room for `size` bytes, going round the slots. */
static void make_room(struct cache *cache, size_t size)
{
    assert(size <= BLOCK_BYTES_MAX);
    while (cache->bytes + size > TOPIC_CACHE_BYTES_MAX) {
        slot_clear(cache, &cache->slots[cache->hand]);
        cache->hand = (cache->hand + 1) & (cache->slot_count - 1);
    }
}

/* A block with copies of everything; parts in order of their alignment. */
static struct resolved *resolved_new(struct cache *cache, size_t size,
                                     const struct cache_key *key,
                                     const struct receivers *from,
                                     const struct session *const *locals,
                                     size_t local_count)
{
    assert(key->topic.size > 0 && key->topic.size <= UINT16_MAX);
    struct resolved *resolved = pool_take(cache->pool, size);
    uint8_t *at = (uint8_t *)(resolved + 1);
    struct receiver *list =
        place(&at, from->list, from->count * sizeof *from->list);
    resolved->receivers = *from;
    resolved->receivers.list = list;
    resolved->receivers.groups =
        place(&at, from->groups, from->group_count * sizeof *from->groups);
    resolved->locals = place(&at, locals, local_count * sizeof *locals);
    place_identifiers(&at, list, from->count);
    resolved->topic = place(&at, key->topic.data, key->topic.size);
    assert(at == (uint8_t *)resolved + size);
    resolved->hash = key->hash;
    resolved->generation = cache->generation;
    resolved->size = size;
    resolved->local_count = (uint32_t)local_count;
    resolved->topic_size = (uint32_t)key->topic.size;
    resolved->each = key->each;
    return resolved;
}

void cache_offer(struct cache *cache, const struct cache_key *key,
                 const struct receivers *receivers,
                 const struct session *const *locals, size_t local_count)
{
    assert(local_count <= UINT32_MAX);
    if (cache->crowded > cache->slot_count) cache_grow(cache);
    struct cache_slot *slot = slot_of(cache, key->hash);
    if (slot->seen != key->hash) {
        bool room = cache->slot_count < TOPIC_CACHE_SLOTS_MAX;
        cache->crowded += slot->seen != 0 && room;
        slot->seen = key->hash;
        return;
    }
    size_t size =
        sizeof(struct resolved) + receivers->count * sizeof *receivers->list +
        receivers->group_count * sizeof *receivers->groups +
        local_count * sizeof *locals +
        identifier_count(receivers) * sizeof(uint32_t) + key->topic.size;
    slot_clear(cache, slot);
    if (size > BLOCK_BYTES_MAX) return;
    make_room(cache, size);
    slot->resolved =
        resolved_new(cache, size, key, receivers, locals, local_count);
    cache->bytes += size;
    assert(cache->bytes <= TOPIC_CACHE_BYTES_MAX);
}

void cache_drop(struct cache *cache, uint64_t hash, struct bytes topic)
{
    struct cache_slot *slot = slot_of(cache, hash);
    if (slot->resolved == NULL) return;
    if (same_topic(slot->resolved, hash, topic)) slot_clear(cache, slot);
}
