/* random.h - a random life of the broker, with a model that watches it.
 *
 * One seed gives one story: clients of all versions that behave, and some that
 * do not; cut cables, slow readers, clients that come twice, sessions that go
 * and come back, several shards, a disk that is late, full or gone, little
 * memory. The model knows what was published and who had to get it.
 */
#ifndef MOGI_SIM_RANDOM_H
#define MOGI_SIM_RANDOM_H

#include "sim/acts.h"
#include "sim/story.h"

enum {
    LIFE_TEXT_MAX = 511,
    LIFE_SHARDS_MAX = 4 /* when the seed decides */
};

struct random_config {
    uint64_t seed;
    uint16_t shards; /* 0: the seed decides */
    uint32_t steps;  /* what clients do, in number */
    bool trace;
    bool plain; /* all comes to rest after each step, bytes are not cut */
    bool bare;  /* small payloads, memory for all */
    const struct acts *acts; /* what of it is lived; NULL: all */
    struct story *story;     /* is told all of it; NULL: nobody is */
};

/* How a life ended. */
struct random_end {
    bool well;
    uint32_t step;                 /* of the first mistake */
    char words[LIFE_TEXT_MAX + 1]; /* what kind of life it was */
    char error[LIFE_TEXT_MAX + 1]; /* the broken promise, or "" */
};

/* Live a life, and say how it ended. */
void random_live(const struct random_config *config, struct random_end *end);

#endif
