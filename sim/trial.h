/* trial.h - a life or a play in a process of its own: one that stops the broker
 * or never ends is a result like any other.
 */
#ifndef MOGI_SIM_TRIAL_H
#define MOGI_SIM_TRIAL_H

#include "sim/random.h"

/* A kind of life: random_live, calm_live. */
typedef void life_kind(const struct random_config *config,
                       struct random_end *end);

/* Live such a life. Where the process ends before it does, that is the error,
 * with what it said last. config->story is told all the same. */
void trial_live(life_kind *live, const struct random_config *config,
                struct random_end *end);

/* Perform a play, in silence. Returns whether it goes as written. */
bool trial_play(const char *text);

#endif
