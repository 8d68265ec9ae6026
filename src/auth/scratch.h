/* scratch.h - the large blocks of memory that hashing a password takes, kept
 * from one hash to the next while many are under way.
 *
 *     take --> hash --> give --> [ block | block ] --> take ... --> trim
 *
 * To get such a block from the system page by page, and to give it back, costs
 * half as much as to hash in it. For all threads; what was in a block is wiped
 * by who gives it.
 */
#ifndef MOGI_AUTH_SCRATCH_H
#define MOGI_AUTH_SCRATCH_H

#include <stddef.h>

enum {
    SCRATCH_BLOCKS_MAX = 16,
    SCRATCH_BYTES_MAX = 64 * 1024 * 1024 /* of one that is kept */
};

/* `size` bytes, > 0; NULL when there is no memory. */
void *scratch_take(size_t size);

/* Give back what scratch_take returned for `size`. NULL is fine. */
void scratch_give(void *block, size_t size);

/* Free what nobody uses. Returns how many blocks. */
size_t scratch_trim(void);

#endif
