/* format.h - how mosquitto_sub prints a message: plain, -v, and -F.
 *
 *     %[-|0][width][.precision]letter     about the message
 *     @letter                             the time, as strftime has it; @N: ns
 *     \letter                             a character
 */
#ifndef MOGI_CLI_FORMAT_H
#define MOGI_CLI_FORMAT_H

#include "mogi/tiny.h"

#include <stdio.h>
#include <time.h>

/* Can format_print follow `format`? When it cannot, a sentence is put in
 * `error`, of `size` bytes. */
bool format_check(const char *format, char *error, size_t size);

/* Print `m`, which came at `now`, as `format` says; `pretty` is for %j and %J.
 * `format` passed format_check.
 *
 * False: %J, and the payload is no JSON: nothing is printed in its place. */
bool format_print(FILE *to, const char *format, bool pretty,
                  const struct mogi_message *m, const struct timespec *now);

#endif
