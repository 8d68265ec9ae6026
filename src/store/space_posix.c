/* space_posix.c - see space.h. */
#include "store/space.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

void *space_take(size_t size)
{
    assert(size > 0);
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? NULL : block;
}

void space_give(void *block, size_t size)
{
    if (block == NULL) return;
    int result = munmap(block, size);
    assert(result == 0);
}

void *space_resize(void *block, size_t old_size, size_t used, size_t size)
{
    assert(used <= old_size && used <= size);
    void *larger = space_take(size);
    if (larger == NULL) return NULL;
    if (used > 0) memcpy(larger, block, used);
    space_give(block, old_size);
    return larger;
}
