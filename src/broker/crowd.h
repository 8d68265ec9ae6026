/* crowd.h - connections that something is still to be done about.
 *
 * A connection may be in it twice, or have ended since, and another may have
 * its slot: whoever goes through a crowd asks each what is to be done. So a
 * connection itself needs no place for it.
 */
#ifndef MOGI_BROKER_CROWD_H
#define MOGI_BROKER_CROWD_H

#include "base/pool.h"
#include "core/id.h"

/* All zero is an empty one. */
struct crowd {
    struct conn_id *list;
    size_t count, capacity;
};

/* One more; memory from `pool`. */
void crowd_add(struct crowd *crowd, struct pool *pool, struct conn_id conn);

/* Give its memory back. */
void crowd_fini(struct crowd *crowd, struct pool *pool);

#endif
