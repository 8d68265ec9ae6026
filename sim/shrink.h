/* shrink.h - of a life that fails, the few acts that make it fail, as a play.
 *
 *     [ 2000 steps ] --halves, quarters, ...--> [ 5 parts of 4 ] --told--> play
 *
 * Parts are left out as long as what is left still breaks a promise. The play
 * is performed before it is shown: one that does not fail is not.
 */
#ifndef MOGI_SIM_SHRINK_H
#define MOGI_SIM_SHRINK_H

#include "sim/trial.h"

/* Print a play that shows what is wrong with the life of `config`, which ended
 * as `end` says, and write it to the file `save` (NULL: nowhere). When there is
 * none, print how to see the life. `profile` is the name of `live`. */
void shrink_show(life_kind *live, const char *profile,
                 const struct random_config *config,
                 const struct random_end *end, const char *save);

#endif
