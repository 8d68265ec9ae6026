/* visit.h - how `mogi pub`, `mogi sub` and `mogi rr` begin and end alike.
 *
 *     visit_begin --> (make a client) --> visit_open --> (work) --> visit_end
 *       | --help, a mistake                 | nobody is there
 *       '--> *status                        '--> *status
 */
#ifndef MOGI_CLI_VISIT_H
#define MOGI_CLI_VISIT_H

#include "cli/arguments.h"

/* Read the command line into `a`, and answer --help and --version. False: that
 * was all, and *status is the exit status. arguments_fini is due in any
 * case. */
bool visit_begin(struct arguments *a, enum arguments_command command, int argc,
                 char **argv, int *status);

/* Connect, and have signals end interrupt_wait from now on. False, after a word
 * about it: *status is the exit status. */
bool visit_open(const struct arguments *a, struct mogi_client *c, int *status);

/* When the patience of -W ends, from now on; 0: never. */
uint64_t visit_end_ms(const struct arguments *a);

/* For how long interrupt_wait may wait until then; -1: for ever. */
int visit_wait_ms(uint64_t end_ms);

/* Is it time to go? A signal has come, and *status is STATUS_OK; or `end_ms` is
 * over, which is said: STATUS_TIMEOUT. The will is published then, as
 * mosquitto's clients have it: part with REASON_DISCONNECT_WITH_WILL. */
bool visit_is_over(const struct arguments *a, uint64_t end_ms, int *status);

/* Say good-bye with `reason`, if there is a connection; what waits may take
 * `timeout_ms` to leave. Returns `status`, or STATUS_ARGUMENT after a word
 * about a property that may not be there. */
int visit_end(const struct arguments *a, struct mogi_client *c, uint8_t reason,
              uint32_t timeout_ms, int status);

#endif
