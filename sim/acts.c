/* acts.c - parts of steps, and their luck. */
#include "sim/acts.h"

#include "sim/words_codec.h"

#include <assert.h>
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
    if (acts == NULL) return true;
    return step < acts->count && (acts->kept[step] & part) != 0;
}

uint64_t acts_luck(uint64_t seed, uint32_t step, enum part part)
{
    uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + step;
    x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + (uint64_t)part;
    x = (x ^ x >> 32) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}
