/* cache.h - resolved topics: who gets what, until a subscription changes.
 *
 *     slot = hash of the topic   [ . | * | . | . ]   TOPIC_CACHE_SLOTS or more
 *                                      |
 *     one block   [ resolved ][ receivers ][ groups ][ locals ][ ids ][ topic ]
 *
 * A part of topics. A topic is remembered when it comes a second time while its
 * slot saw no other: names that come once only do not push out the hot ones.
 * When topics have met another in their slot as often as there are slots, there
 * are twice as many, up to TOPIC_CACHE_SLOTS_MAX. Never more than
 * TOPIC_CACHE_BYTES_MAX.
 */
#ifndef MOGI_CORE_CACHE_H
#define MOGI_CORE_CACHE_H

#include "core/topics.h"

struct cache_slot;

struct cache {
    struct pool *pool;
    struct cache_slot *slots;
    uint32_t slot_count; /* a power of 2 */
    uint32_t crowded;    /* topics that met another, since there are so many */
    uint64_t generation; /* what is of an earlier one is old */
    size_t bytes;        /* of all blocks */
    size_t hand;         /* the slot that is cleared next for want of room */
};

/* What a block begins with. */
struct resolved {
    uint64_t hash;
    uint64_t generation;
    struct receivers receivers;
    const struct session *const *locals; /* with no-local subscriptions */
    const uint8_t *topic;
    size_t size; /* of the block */
    uint32_t local_count;
    uint32_t topic_size;
    bool each;
};

/* What there is to remember. */
struct cache_key {
    uint64_t hash; /* of `topic` */
    struct bytes topic;
    bool each;
};

/* An empty cache. */
void cache_init(struct cache *cache, struct pool *pool);
void cache_fini(struct cache *cache);

/* What is known of the topic, or NULL. Valid until the next call. */
const struct resolved *cache_find(const struct cache *cache,
                                  const struct cache_key *key);

/* Bring near the slot of the topic with this hash. */
void cache_fetch(const struct cache *cache, uint64_t hash);

/* What most likely is known of it, of which only the slot was looked at: maybe
 * it is of another topic, or old. NULL when nothing is. */
const struct resolved *cache_guess(const struct cache *cache, uint64_t hash);

/* Has `session` a no-local subscription in `resolved`? */
bool cache_is_local(const struct resolved *resolved,
                    const struct session *session);

/* Consider remembering `receivers` (copied), with the `local_count` sessions at
 * `locals`. */
void cache_offer(struct cache *cache, const struct cache_key *key,
                 const struct receivers *receivers,
                 const struct session *const *locals, size_t local_count);

/* Who gets this one topic may have changed. */
void cache_drop(struct cache *cache, uint64_t hash, struct bytes topic);

/* Who gets any topic may have changed. */
static inline void cache_outdate(struct cache *cache)
{
    cache->generation++;
}

#endif
