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

#include "base/bytes.h"

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

/* Is `part` of `step` lived? Always, when `acts` is NULL. */
bool acts_has(const struct acts *acts, uint32_t step, enum part part);

/* What `part` of `step` draws its luck from. */
uint64_t acts_luck(uint64_t seed, uint32_t step, enum part part);

#endif
