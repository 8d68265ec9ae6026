/* inflight.h - the packet ids of one client's deliveries. MQTT 5.0, 2.2.1
 *
 *     id & mask --> slots  [ . | d9 | . | d3 ]   a power of two, half free
 *
 * An id is given out only when its slot is free, so ids in flight are unique
 * and found at once. They count up, and begin again after 65,535.
 */
#ifndef MOGI_CORE_INFLIGHT_H
#define MOGI_CORE_INFLIGHT_H

#include "base/pool.h"

struct delivery;

/* Zero is nothing in flight. */
struct inflight {
    struct delivery **slots;
    uint32_t slot_count; /* a power of two, or 0 */
    uint32_t used;
    uint16_t next; /* the last id that was given out */
};

/* Give `delivery`, which has none, the next id whose slot is free. Fewer than
 * 65,535 are in use. [MQTT-2.2.1-4] */
void inflight_take(struct inflight *inflight, struct pool *pool,
                   struct delivery *delivery);

/* `delivery` came back with the id that it has. False: it is in use. */
bool inflight_put(struct inflight *inflight, struct pool *pool,
                  struct delivery *delivery);

/* The id of `delivery` is free again; harmless when it has none. */
void inflight_give(struct inflight *inflight, struct delivery *delivery);

/* The delivery under `packet_id`, or NULL. */
struct delivery *inflight_find(const struct inflight *inflight,
                               uint16_t packet_id);

/* Give the slots back; none is in use. */
void inflight_fini(struct inflight *inflight, struct pool *pool);

#endif
