/* prompt.h - ask for a password at the terminal, without showing it. */
#ifndef MOGI_CLI_PROMPT_H
#define MOGI_CLI_PROMPT_H

#include "base/err.h"

#include <stddef.h>

/* Print `question` to stderr and read a line from standard input into `answer`
 * of `size` bytes, without its end. A terminal does not show what is typed, and
 * does again afterwards, also after a signal (which then takes its course).
 * ERR_IO: there was no line, or it is too long. */
MUST_USE
enum err prompt_secret(const char *question, char *answer, size_t size);

#endif
