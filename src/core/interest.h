/* interest.h - which other shards want which topic.
 *
 * Filters without wildcard keep no text: two keyed hashes of 64 bits and the
 * set of shards, some 45 bytes each. Wildcard filters stand in a tree of
 * levels. A set knows no count: telling twice is harmless, and one withdrawal
 * ends it. Two filters with both hashes equal would be taken for one, so that
 * withdrawing one silenced the other: for a billion filters the odds are about
 * 2^-69, and without the key nobody can bring it about.
 */
#ifndef MOGI_CORE_INTEREST_H
#define MOGI_CORE_INTEREST_H

#include "base/bytes.h"
#include "base/hash.h"
#include "base/pool.h"

struct interest;

/* Nobody wants anything yet. `key` seeds the hashes. */
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
