/* index.h - where in the log the newest change of each key is.
 *
 * Keys are known by 128 bits of keyed hash and not kept: nobody outside can
 * bring about two that are equal. Not safe for threads by itself.
 */
#ifndef MOGI_STORE_INDEX_H
#define MOGI_STORE_INDEX_H

#include "base/err.h"
#include "base/hash.h"
#include "base/map.h"

struct index {
    struct pool *pool;
    struct map map;
    struct hash_key keys[2];
};

/* A key. */
struct index_key {
    uint64_t first, second;
};

/* A change: the segment's number, and the offset in the file. */
struct index_place {
    uint64_t segment;
    uint32_t offset;
};

/* Empty; hashes are keyed with `luck`. ERR_NO_MEMORY. */
MUST_USE
enum err index_init(struct index *index, const uint8_t luck[16]);
void index_fini(struct index *index);

/* What `key` is called. Any thread. */
struct index_key index_key(const struct index *index, struct bytes key);

/* The newest change of `key` is at `place`. */
void index_set(struct index *index, struct index_key key,
               struct index_place place);

/* Is it? */
bool index_is(const struct index *index, struct index_key key,
              struct index_place place);

/* Forget `key`, if its newest change is at `place`. */
void index_drop(struct index *index, struct index_key key,
                struct index_place place);

/* Keys that are known. */
size_t index_count(const struct index *index);

#endif
