/* crowd.c - see crowd.h. */
#include "broker/crowd.h"

#include <assert.h>

enum { CROWD_FIRST = 64 };

void crowd_add(struct crowd *crowd, struct pool *pool, struct conn_id conn)
{
    if (crowd->count == crowd->capacity) {
        size_t capacity = 2 * crowd->capacity;
        if (capacity == 0) capacity = CROWD_FIRST;
        crowd->list = pool_resize(pool, crowd->list,
                                  crowd->capacity * sizeof *crowd->list,
                                  capacity * sizeof *crowd->list);
        crowd->capacity = capacity;
    }
    assert(crowd->count < crowd->capacity);
    crowd->list[crowd->count++] = conn;
}

void crowd_fini(struct crowd *crowd, struct pool *pool)
{
    pool_give(pool, crowd->list, crowd->capacity * sizeof *crowd->list);
    *crowd = (struct crowd){0};
}
