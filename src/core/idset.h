/* idset.h - a set of packet ids: a short list, or a bit for each. */
#ifndef MOGI_CORE_IDSET_H
#define MOGI_CORE_IDSET_H

#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>

enum { IDSET_LIST_MAX = 32 };

struct idset {
    uint16_t *list; /* while there are few */
    uint64_t *bits; /* 65,536 of them, once there are many */
    uint32_t count;
    uint32_t capacity; /* of the list */
};

/* Empty, holding nothing. */
void idset_init(struct idset *set);

/* Give all memory back; empty then. */
void idset_fini(struct idset *set, struct pool *pool);

/* Is `id` in it? */
bool idset_has(const struct idset *set, uint16_t id);

/* Put in `id`, which is not there. */
void idset_add(struct idset *set, struct pool *pool, uint16_t id);

/* Take out `id`; false when it was not there. An empty set holds no memory. */
bool idset_remove(struct idset *set, struct pool *pool, uint16_t id);

/* Call `visit` with each id. */
void idset_each(const struct idset *set,
                void (*visit)(uint16_t id, void *context), void *context);

#endif
