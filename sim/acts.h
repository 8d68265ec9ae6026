/* acts.h - a random life is made of acts, each with luck of its own.
 *
 *     step      0         1         2         3
 *     parts   [D A T P] [D A T P] [D A T P] [D A T P] ...
 *
 * What is drawn in one part depends on the seed, the step and the part, and on
 * nothing that was drawn before: so parts can be left out, and the others stay
 * what they were. That is how a long life that fails becomes a short one.
 */
#ifndef MOGI_SIM_ACTS_H
#define MOGI_SIM_ACTS_H

#include "base/rng.h"

struct random_config;
struct world;

/* Steps that are always lived: one before all others, and one behind them. */
#define ACTS_SETUP  UINT32_MAX
#define ACTS_FINALE (UINT32_MAX - 1)

enum part {
    PART_DISK = 1,  /* what befalls the broker */
    PART_ACT = 2,   /* what one client does */
    PART_TURNS = 4, /* who has turns, who reads */
    PART_PAUSE = 8, /* how time passes */
    PARTS_ALL = 15
};

struct acts {
    uint8_t *kept; /* by step: enum part, or-ed; owned */
    uint32_t count;
};

/* All parts of `count` steps. Freed with acts_free. */
void acts_init(struct acts *acts, uint32_t count);
void acts_free(struct acts *acts);

/* Is `part` of `step` lived? Always, when `acts` is NULL or `step` is one of
 * the two above. */
bool acts_has(const struct acts *acts, uint32_t step, enum part part);

/* What `part` of `step` draws its luck from. */
uint64_t acts_luck(uint64_t seed, uint32_t step, enum part part);

/* Is `part` of `step` lived in the life of `config`? Then `rng` has its luck,
 * and so has `world`, when there is one (NULL: not yet). */
bool acts_begin(const struct random_config *config, uint32_t step,
                enum part part, struct rng *rng, struct world *world);

#endif
