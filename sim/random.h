/* random.h - a random life of the broker, with a model that watches it.
 *
 * One seed gives one story: clients of all versions that behave, and some that
 * do not; cut cables, slow readers, sessions that go and come back, several
 * shards. The model knows what was published and who had to get it.
 */
#ifndef MOGI_SIM_RANDOM_H
#define MOGI_SIM_RANDOM_H

#include "base/bytes.h"

struct random_config {
    uint64_t seed;
    uint16_t shards; /* 0: the seed decides */
    uint32_t steps;  /* what clients do, in number */
    bool trace;
};

/* Returns 0: nothing was found; 1: something was, and is printed. */
int random_run(const struct random_config *config);

#endif
