/* rng.h - random numbers that a seed repeats; not for secrets.
 *
 * xoshiro256** of Blackman and Vigna. The same seed gives the same numbers on
 * every machine. Owned by one place; copied like any value.
 */
#ifndef MOGI_BASE_RNG_H
#define MOGI_BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4]; /* never all zero */
};

/* Start from `seed`, any value. */
void rng_init(struct rng *rng, uint64_t seed);

/* 64 random bits. */
uint64_t rng_next(struct rng *rng);

/* A number in 0..bound-1, each as likely; `bound` > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* A number in low..high, both included; `low` <= `high`. */
uint64_t rng_between(struct rng *rng, uint64_t low, uint64_t high);

/* True `parts` times in `whole`; `whole` > 0, certain when parts >= whole. */
bool rng_chance(struct rng *rng, uint64_t parts, uint64_t whole);

/* Fill `size` bytes at `data`. */
void rng_fill(struct rng *rng, void *data, size_t size);

#endif
