/* source.h - the message of `mogi pub` and `mogi rr`: what -m, -f, -s and -n
 * say. */
#ifndef MOGI_CLI_SOURCE_H
#define MOGI_CLI_SOURCE_H

#include "cli/arguments.h"

/* Load it.
 *
 *   payload  of -m as it was typed; empty for -n and -l
 *   loaded   memory that `payload` lies in, freed by the caller with free();
 *            NULL for -m, -n and -l
 *
 * False, after a word about it: it cannot be read, or standard input holds
 * nothing. */
bool source_load(const struct arguments *a, struct mogi_bytes *payload,
                 uint8_t **loaded);

#endif
