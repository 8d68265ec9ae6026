/* fetch.h - have the processor bring memory near before it is needed.
 *
 * To wait for memory takes as long as hundreds of instructions. Who knows what
 * comes next asks for it, does something else, and finds it near. Asking
 * changes nothing, whatever the address.
 */
#ifndef MOGI_BASE_FETCH_H
#define MOGI_BASE_FETCH_H

#include <stddef.h>
#include <stdint.h>

/* Of a processor's cache; where lines have another size, it is only slower. */
enum { FETCH_LINE_SIZE = 64 };

/* Ask for the line of `address`, which need not be valid. */
static inline void fetch(const void *address)
{
    __builtin_prefetch(address);
}

/* Ask for the lines of the `size` > 0 bytes at `address`, at most two of them:
 * the first and the last. */
static inline void fetch_block(const void *address, size_t size)
{
    uintptr_t first = (uintptr_t)address, last = first + size - 1;
    fetch(address);
    if (first / FETCH_LINE_SIZE == last / FETCH_LINE_SIZE) return;
    fetch((const void *)last);
}

#endif
