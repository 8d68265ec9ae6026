/* spare_linux.c - spare.h for Linux: the allocator that the program was linked
 * with is the one that can be found. */
#include "broker/spare.h"

#include <stdbool.h>
#include <stddef.h>

/* Of mimalloc 1.0 and later, and of glibc; NULL without them. */
__attribute__((weak)) void mi_collect(bool force);
__attribute__((weak)) int malloc_trim(size_t pad);

void spare_release(void)
{
    if (mi_collect != NULL) {
        mi_collect(true);
    } else if (malloc_trim != NULL) {
        (void)malloc_trim(0);
    }
}
