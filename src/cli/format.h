/* format.h - how mosquitto_sub prints a message: plain, -v, and -F.
 *
 *     %[-|0][width][.precision]letter     about the message; in %x and %X
 *                                         digits in groups: %.2:x is 0a:ff
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
 * NULL; or what the payload would have to be: for %J, %d or %f, which print
 * nothing then. */
const char *format_print(FILE *to, const char *format, bool pretty,
                         const struct mogi_message *m,
                         const struct timespec *now);

enum { FORMAT_TIME_SIZE = 128 };

/* `format` of strftime at `now`, in local time. Returns its size. */
size_t format_time(char text[FORMAT_TIME_SIZE], const char *format,
                   const struct timespec *now);

#endif
