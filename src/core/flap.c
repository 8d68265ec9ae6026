/* flap.c - see flap.h. */
#include "core/flap.h"

#include "core/bounds.h"

#include <assert.h>

_Static_assert((FLAP_SLOTS & (FLAP_SLOTS - 1)) == 0, "a power of two");

void flaps_init(struct flaps *flaps, struct pool *pool)
{
    flaps->list = pool_take(pool, FLAP_SLOTS * sizeof *flaps->list);
}

/* The place of the id, or NULL when another has it. Who has a place and comes
 * often keeps it; each that wants it wears it down. */
static struct flap *flap_find(struct flaps *flaps, uint64_t hash,
                              uint64_t now_ms)
{
    struct flap *flap = &flaps->list[hash & (FLAP_SLOTS - 1)];
    if (flap->hash == hash) return flap;
    if (now_ms < flap->until_ms) return NULL;
    if (flap->count > 0) {
        flap->count -= 1;
        return NULL;
    }
    *flap = (struct flap){.hash = hash};
    return flap;
}

bool flaps_allow(struct flaps *flaps, const struct options *options,
                 uint64_t hash, uint64_t now_ms, bool *first)
{
    *first = false;
    if (options->flapping_count == 0) return true;
    struct flap *flap = flap_find(flaps, hash, now_ms);
    if (flap == NULL) return true;
    if (now_ms < flap->until_ms) return false;
    uint64_t window_ms = options->flapping_window_s * 1000ull;
    if (flap->count == 0 || now_ms - flap->since_ms >= window_ms) {
        flap->since_ms = now_ms;
        flap->count = 0;
    }
    assert(flap->since_ms <= now_ms);
    flap->count += 1;
    if (flap->count <= options->flapping_count) return true;
    flap->count = 0;
    flap->until_ms = now_ms + options->flapping_hold_s * 1000ull;
    *first = true;
    return false;
}

void flaps_fini(struct flaps *flaps, struct pool *pool)
{
    pool_give(pool, flaps->list, FLAP_SLOTS * sizeof *flaps->list);
    flaps->list = NULL;
}
