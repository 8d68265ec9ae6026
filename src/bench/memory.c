/* memory.c - see memory.h. */
#include "bench/memory.h"

#include <stdio.h>
#include <stdlib.h>

static void *checked(void *memory, size_t size)
{
    if (memory == NULL && size > 0) {
        (void)fprintf(stderr, "mogi bench: no memory for %zu bytes\n", size);
        exit(1);
    }
    return memory;
}

void *bench_array(size_t count, size_t size)
{
    return checked(calloc(count, size), count * size);
}

void *bench_grow(void *old, size_t size)
{
    return checked(realloc(old, size), size);
}
