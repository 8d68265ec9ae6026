/* block.h - memory for what goes from thread to thread.
 *
 * A shard's pool is its own. What one thread makes and another frees comes from
 * the system.
 */
#ifndef MOGI_BROKER_BLOCK_H
#define MOGI_BROKER_BLOCK_H

#include <stddef.h>

/* `block`, or with NULL a new one, at `size` > 0 bytes, as realloc has it;
 * freed with free(). Never NULL: when there is no memory, the process ends with
 * a message, as for a pool. */
void *block_grow(void *block, size_t size);

#endif
