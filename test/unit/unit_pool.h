/* unit_pool.h - a pool for a test, on the C library's memory, so that the
 * sanitizers see every block. */
#ifndef MOGI_UNIT_POOL_H
#define MOGI_UNIT_POOL_H

#include "base/pool.h"
#include "check.h"

#include <stdlib.h>

CHECK_UNUSED static void *unit_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

CHECK_UNUSED static struct pool *unit_pool(void)
{
    struct memory memory = {unit_grow, NULL};
    struct pool *pool = pool_new(memory, 0);
    REQUIRE(pool != NULL);
    return pool;
}

#endif
