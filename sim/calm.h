/* calm.h - a random life in which one thing happens after the other.
 *
 * Guests come and go, subscribe, publish, acknowledge when they like; time
 * passes or jumps, the broker crashes. After each of these all comes to rest,
 * and what every guest got is what the mirror says (mirror.h), packet for
 * packet.
 */
#ifndef MOGI_SIM_CALM_H
#define MOGI_SIM_CALM_H

#include "sim/random.h"

/* Live such a life, and say how it ended. */
void calm_live(const struct random_config *config, struct random_end *end);

#endif
