/* acts.c - parts of steps, and their luck. */
#include "sim/acts.h"

#include "sim/random.h"
#include "sim/words_codec.h"
#include "sim/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

void acts_init(struct acts *acts, uint32_t count)
{
    acts->count = count;
    acts->kept = words_memory(NULL, count == 0 ? 1 : count);
    memset(acts->kept, PARTS_ALL, count);
}

void acts_free(struct acts *acts)
{
    free(acts->kept);
    *acts = (struct acts){NULL, 0};
}

bool acts_has(const struct acts *acts, uint32_t step, enum part part)
{
    if (acts == NULL || step >= ACTS_FINALE) return true;
    return step < acts->count && (acts->kept[step] & part) != 0;
}

uint64_t acts_luck(uint64_t seed, uint32_t step, enum part part)
{
    uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + step;
    x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + (uint64_t)part;
    x = (x ^ x >> 32) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

bool acts_begin(const struct random_config *config, uint32_t step,
                enum part part, struct rng *rng, struct world *world)
{
    if (!acts_has(config->acts, step, part)) return false;
    uint64_t luck = acts_luck(config->seed, step, part);
    rng_init(rng, luck);
    if (world == NULL) return true;
    story_detail(config->story, "luck %" PRIu64, ~luck);
    rng_init(world_rng(world), ~luck);
    return true;
}
