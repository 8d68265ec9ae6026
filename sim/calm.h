/* calm.h - a random life in which one thing happens after the other.
 *
 * Guests come and go, subscribe, publish, acknowledge when they like; time
 * passes, the broker crashes. After each of these all comes to rest, and what
 * every guest got is what the mirror says (mirror.h), packet for packet.
 */
#ifndef MOGI_SIM_CALM_H
#define MOGI_SIM_CALM_H

#include "sim/random.h"

/* Returns 0: nothing was found; 1: something was, and is printed. */
int calm_run(const struct random_config *config);

#endif
