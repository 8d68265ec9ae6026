/* flap.h - client ids that come again and again: two clients that take one id
 * from each other, or one that fails at once each time.
 *
 * Remembers ids by their hash, in a table of fixed size: of those that would
 * have the same place, the one that comes most often is counted, the others are
 * let in. Nobody is held off for what others did. Counts only clients that were
 * let in: a stranger cannot have somebody else's id held off. Owned by the
 * shard that the id is at home on.
 */
#ifndef MOGI_CORE_FLAP_H
#define MOGI_CORE_FLAP_H

#include "base/pool.h"
#include "core/options.h"

struct flap {
    uint64_t hash;     /* of the id */
    uint64_t since_ms; /* when its window began */
    uint64_t until_ms; /* it is held off until then */
    uint32_t count;    /* of its connections in the window */
};

struct flaps {
    struct flap *list; /* FLAP_SLOTS */
};

/* Nobody came yet; memory comes from `pool`. */
void flaps_init(struct flaps *flaps, struct pool *pool);

/* May the client whose id has this hash come in at `now_ms`? Counts it.
 * `*first` becomes true when this is the time that it is first held off. */
bool flaps_allow(struct flaps *flaps, const struct options *options,
                 uint64_t hash, uint64_t now_ms, bool *first);

/* Give all memory back. */
void flaps_fini(struct flaps *flaps, struct pool *pool);

#endif
