/* fence.h - a random life in which not everybody may do everything.
 *
 * Guests come under few names, are asked about, let in late, refused, asked for
 * more, or forgotten; rules change while they publish and subscribe, and the
 * broker crashes. Nobody may come in who was not let in, nobody may be put out
 * for one who was not, and no message may come from who may not say it, or to
 * whom may not read it. At the end, with one set of rules, each guest gets what
 * it may read, and all of it.
 */
#ifndef MOGI_SIM_FENCE_H
#define MOGI_SIM_FENCE_H

#include "sim/random.h"

/* Live such a life, and say how it ended. It tells no story. */
void fence_live(const struct random_config *config, struct random_end *end);

#endif
