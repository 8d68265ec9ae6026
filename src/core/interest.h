/* interest.h - which other shards want which topic.
 *
 * Exact filters cost 16 bytes and no text: a keyed hash and the set of shards.
 * Wildcard filters stand in a tree of levels. Telling twice is harmless. A
 * collision of two 64-bit keyed hashes would only cost a needless post, or,
 * when one of the two is withdrawn, is ruled out by keeping both counted.
 */
#ifndef MOGI_CORE_INTEREST_H
#define MOGI_CORE_INTEREST_H

#include "base/bytes.h"
#include "base/hash.h"
#include "base/pool.h"

struct interest;

struct interest *interest_new(struct pool *pool, struct hash_key key);
void interest_free(struct interest *interest);

/* Shard `shard` (< SHARDS_MAX) wants (`on`) or no longer wants what matches
 * `filter`, a valid filter without "$share/". */
void interest_set(struct interest *interest, struct bytes filter,
                  uint16_t shard, bool on);

/* The set of shards (bit i: shard i) that want `topic`, a valid name. */
uint64_t interest_match(struct interest *interest, struct bytes topic);

/* Counts up at each change, so that what was resolved before can be known to
 * be old. */
uint64_t interest_version(const struct interest *interest);

#endif
