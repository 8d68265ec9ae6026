/* rng.c - xoshiro256**, its state filled by splitmix64 as its authors ask. */
#include "base/rng.h"

#include <assert.h>

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t splitmix_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++) {
        rng->s[i] = splitmix_next(&seed);
    }
    assert((rng->s[0] | rng->s[1] | rng->s[2] | rng->s[3]) != 0);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    assert(bound > 0);
    /* Below the largest multiple of `bound` only, so that none is favoured:
     * 2^64 mod bound numbers are drawn again. */
    uint64_t excess = (UINT64_MAX % bound + 1) % bound;
    uint64_t drawn = rng_next(rng);
    while (drawn > UINT64_MAX - excess) {
        drawn = rng_next(rng);
    }
    return drawn % bound;
}

uint64_t rng_between(struct rng *rng, uint64_t low, uint64_t high)
{
    assert(low <= high);
    uint64_t span = high - low;
    if (span == UINT64_MAX) return rng_next(rng);
    return low + rng_below(rng, span + 1);
}

bool rng_chance(struct rng *rng, uint64_t parts, uint64_t whole)
{
    return rng_below(rng, whole) < parts;
}

void rng_fill(struct rng *rng, void *data, size_t size)
{
    uint8_t *at = data;
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0) bits = rng_next(rng);
        at[i] = (uint8_t)(bits >> (8 * (i % 8)));
    }
}
