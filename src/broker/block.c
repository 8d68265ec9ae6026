/* block.c - see block.h. */
#include "broker/block.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void *block_grow(void *block, size_t size)
{
    assert(size > 0);
    void *grown = realloc(block, size);
    if (grown == NULL) {
        (void)fprintf(stderr, "mogi: out of memory: %zu bytes wanted\n", size);
        abort();
    }
    return grown;
}
