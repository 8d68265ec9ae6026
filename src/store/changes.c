/* changes.c - see changes.h. */
#include "store/changes.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 1024 };

enum err changes_add(struct changes *changes,
                     const struct logframe_change *change)
{
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity * 2 + CAPACITY_MIN;
        struct lmdb_change *list =
            realloc(changes->list, capacity * sizeof *list);
        if (list == NULL) return ERR_NO_MEMORY;
        changes->list = list;
        changes->capacity = capacity;
    }
    size_t order = changes->count++;
    changes->list[order] = (struct lmdb_change){.key = change->key,
                                                .value = change->value,
                                                .kind = change->kind,
                                                .order = order};
    return OK;
}

void changes_free(struct changes *changes)
{
    free(changes->list);
    *changes = (struct changes){NULL, 0, 0};
}
