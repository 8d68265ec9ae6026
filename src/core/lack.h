/* lack.h - who may lack a QoS 2 message that crashes have interrupted.
 *
 *     of 5 shards   [ . 1 . . 4 ]   what was at home on 1 or 4 lacked it
 *     of 3 shards   [ . . 2 ]       and, later, on 2
 *
 * A row says which of so many shards had not written the message down when a
 * crash came: what was at home on the others has it. Somebody lacks it only if
 * each row says so. Where a session was at home each time follows from its id,
 * a group and what is retained from their texts; so it comes once, whatever the
 * number of crashes, and of shards in between.
 *
 * Bytes, as in a record and a post; rows one behind the other, the newest last,
 * each of another number of shards. No row: nobody lacks it.
 *
 *     [ shards:1 | lacking:8 ]
 */
#ifndef MOGI_CORE_LACK_H
#define MOGI_CORE_LACK_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "core/bounds.h"

enum {
    LACK_ROW_BYTES = 9,
    LACK_BYTES_MAX = SHARDS_MAX * LACK_ROW_BYTES /* all numbers there are */
};

struct lack_row {
    uint16_t shards;  /* 1..SHARDS_MAX: how many there were */
    uint64_t lacking; /* bit i: what was at home on shard i */
};

/* Append to `w`, which has room for LACK_BYTES_MAX more, what is left of `lack`
 * when only those of `row` lack it: that is its newest row then. One of the
 * same number of shards goes; if nobody is left, all go. */
void lack_add(struct writer *w, struct bytes lack, const struct lack_row *row);

/* The newest row, which there is. */
struct lack_row lack_newest(struct bytes lack);

/* Is it what lack_add writes? */
bool lack_valid(struct bytes lack);

/* May it be lacking to the session with this id, to the group
 * "$share/group/filter", as what is retained on this topic? `key` is that of
 * the places of all shards. */
bool lack_has(struct bytes lack, const struct hash_key *key, struct bytes text);

#endif
