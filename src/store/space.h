/* space.h - large blocks of memory, which go back to the system at once.
 *
 * What an allocator is given back it may keep, and what it takes for a moment
 * it may never let go. So what is needed now and then, and is large, comes from
 * here.
 */
#ifndef MOGI_STORE_SPACE_H
#define MOGI_STORE_SPACE_H

#include <stddef.h>

/* `size` > 0 bytes, zeroed, or NULL: there are none. */
void *space_take(size_t size);

/* Give back a block of `size` bytes; NULL is fine. */
void space_give(void *block, size_t size);

/* A block of `size` bytes with the first `used` of `block`, which has
 * `old_size` (0: it is NULL) and is given back. NULL: there is none, and
 * `block` is as it was. */
void *space_resize(void *block, size_t old_size, size_t used, size_t size);

#endif
