/* scratch.c - see scratch.h. */
#include "auth/scratch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct spare {
    void *block;
    size_t size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct spare spares[SCRATCH_BLOCKS_MAX];
static size_t count;

void *scratch_take(size_t size)
{
    void *block = NULL;
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count && block == NULL; i++) {
        if (spares[i].size != size) continue;
        block = spares[i].block;
        spares[i] = spares[--count];
    }
    (void)pthread_mutex_unlock(&lock);
    return block != NULL ? block : malloc(size);
}

void scratch_give(void *block, size_t size)
{
    if (block == NULL) return;
    bool kept = false;
    (void)pthread_mutex_lock(&lock);
    if (count < SCRATCH_BLOCKS_MAX && size <= SCRATCH_BYTES_MAX) {
        spares[count++] = (struct spare){block, size};
        kept = true;
    }
    (void)pthread_mutex_unlock(&lock);
    if (!kept) free(block);
}

size_t scratch_trim(void)
{
    struct spare old[SCRATCH_BLOCKS_MAX];
    (void)pthread_mutex_lock(&lock);
    size_t freed = count;
    for (size_t i = 0; i < count; i++)
        old[i] = spares[i];
    count = 0;
    (void)pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < freed; i++)
        free(old[i].block);
    return freed;
}
