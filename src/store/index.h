/* index.h - where in the log the newest change of each key is.
 *
 *     hash  -> one of INDEX_PARTS tables  [ . | key place | . | key place | . ]
 *
 * A key takes 32 bytes, of tables that are three eighths to three quarters
 * full, and is found with one look at memory. A table grows and shrinks by
 * itself, so that no single change is slow, and what is forgotten costs
 * nothing.
 *
 * Of a record that is counted, it knows the newest value, and whether anybody
 * refers to it once all of the log has happened:
 *
 *     LMDB      segment 7      segment 8
 *       -       HOLD "x"       HOLD, DROP, DROP      dead: stays in the log
 *      2 "x"    DROP           DROP                  LMDB has to hear of it
 *
 * It counts as if LMDB had no such record, so it never counts too many; and
 * where LMDB has none, it counts right.
 *
 * Keys are known by 128 bits of keyed hash and not kept: nobody outside can
 * bring about two that are equal. Not safe for threads by itself.
 */
#ifndef MOGI_STORE_INDEX_H
#define MOGI_STORE_INDEX_H

#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"

enum { INDEX_PARTS = 64 };

struct index_slot;

/* A table: open, and a power of two in size, or NULL while it is empty. */
struct index_part {
    struct index_slot *slots;
    uint32_t capacity, count;
};

struct index {
    struct pool *pool;
    struct index_part parts[INDEX_PARTS];
    struct hash_key keys[2];
};

/* A key. */
struct index_key {
    uint64_t first, second;
};

/* A change: the segment's number, and the offset in the file. Of the number the
 * index keeps 32 bits: there are never more than a few segments, and none has
 * the number 0. */
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

/* `key` will be asked about soon. */
void index_expect(const struct index *index, struct index_key key);

/* The newest change of `key` is at `place`. */
void index_set(struct index *index, struct index_key key,
               struct index_place place);

/* A HOLD of `key`, with a value or without, or a DROP, is at `place`. */
void index_hold(struct index *index, struct index_key key,
                struct index_place place, bool value);
void index_drop(struct index *index, struct index_key key);

/* Does nobody refer to `key` at the end of the log, if LMDB has no such record
 * now? */
bool index_dead(const struct index *index, struct index_key key);

/* A HOLD or DROP of `key` in `segment` is in LMDB now. */
void index_settle(struct index *index, struct index_key key, uint64_t segment);

/* Where the newest change of `key` is, or the newest value of one that is
 * counted. False: the log has none. */
bool index_find(const struct index *index, struct index_key key,
                struct index_place *place);

/* Is it? */
bool index_is(const struct index *index, struct index_key key,
              struct index_place place);

/* Forget those keys of table `part`, below INDEX_PARTS, whose newest change is
 * in `segment` or one before it, but for those that are counted. */
void index_sweep(struct index *index, size_t part, uint64_t segment);

/* Keys that are known. */
size_t index_count(const struct index *index);

#endif
