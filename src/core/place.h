/* place.h - where a text is at home: one of the shards, by a keyed hash.
 *
 *     0 ...... hash of the text ...... 2^32
 *     [ shard 0 | shard 1 | ... | count - 1 ]
 *
 * With the same key and count it is always the same one, also after a start:
 * see lack.h.
 */
#ifndef MOGI_CORE_PLACE_H
#define MOGI_CORE_PLACE_H

#include "base/bytes.h"
#include "base/hash.h"

#include <stdint.h>

/* A shard's place. All shards of a broker get the same `count` and `key`. */
struct shard_place {
    uint16_t index; /* < count */
    uint16_t count; /* 1..SHARDS_MAX */
    struct hash_key key;
};

/* Which shard is home of `text` (a client id, a topic, "$share/group/filter"):
 * 0..place.count - 1. */
uint16_t place_home(const struct shard_place *place, struct bytes text);

#endif
