/* output.h - what `mogi sub` and `mogi rr` print of a message. */
#ifndef MOGI_CLI_OUTPUT_H
#define MOGI_CLI_OUTPUT_H

#include "cli/arguments.h"

/* Print `m`, which has come now, to standard output, as -F, -v and -N say; a
 * payload that is not what -F wants is told on standard error. */
void output_message(const struct arguments *a, const struct mogi_message *m);

#endif
