/* memory.h - memory of the load generator, which ends when there is none:
 * a figure measured without it would mean nothing. */
#ifndef MOGI_BENCH_MEMORY_H
#define MOGI_BENCH_MEMORY_H

#include <stddef.h>

/* `count` zeroed objects of `size` bytes, for free(); never NULL (but for no
 * bytes at all): ends the program when there is no memory. */
void *bench_array(size_t count, size_t size);

/* As realloc to `size` > 0 bytes, and ends the program when it fails. */
void *bench_grow(void *old, size_t size);

#endif
