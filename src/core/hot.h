/* hot.h - topic names that were published lately, so that the next message on
 * one of them need not be looked at again: its name is known to be valid, and
 * so is the hash of it that every table goes by.
 *
 *     size and some bytes --> slot --> [ hash | size | text ]
 *
 * One compare tells whether the text is the same, so whoever plans to collide
 * gains nothing but a slower publish of his own. When as many names have given
 * way to others as there are slots, there are twice as many, up to
 * HOT_TOPIC_SLOTS_MAX. Owned by the shard.
 */
#ifndef MOGI_CORE_HOT_H
#define MOGI_CORE_HOT_H

#include "base/bytes.h"
#include "base/hash.h"
#include "base/pool.h"

struct hot_topic {
    uint64_t hash;    /* as hash_bytes makes it */
    uint64_t others;  /* shards that want it, */
    uint64_t version; /* as of this interest_version; see route.c */
    uint64_t nobody;  /* as of this topics_version nobody here wants it */
    uint16_t size;
    uint8_t text[];
};

struct hot {
    struct pool *pool;
    struct hash_key key;
    struct hot_topic **slots;
    uint32_t slot_count; /* a power of 2 */
    uint32_t given_way;  /* names, since there are that many */
};

/* Nothing known yet. Hashes are those of hash_bytes under `key`. */
void hot_init(struct hot *hot, struct pool *pool, struct hash_key key);

/* Give the memory back. */
void hot_fini(struct hot *hot);

/* What is remembered of `topic`, or NULL. Valid until the next hot_remember. */
struct hot_topic *hot_find(const struct hot *hot, struct bytes topic);

/* Remember `topic`, a valid topic name that hot_find does not know. NULL when
 * it is longer than HOT_TOPIC_BYTES_MAX. */
struct hot_topic *hot_remember(struct hot *hot, struct bytes topic);

/* The hash of `topic`, a valid topic name, remembered from now on if it can
 * be. */
uint64_t hot_hash(struct hot *hot, struct bytes topic);

#endif
