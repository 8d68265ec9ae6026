/* interrupt.h - waiting for a client, a signal or standard input at once. */
#ifndef MOGI_CLI_INTERRUPT_H
#define MOGI_CLI_INTERRUPT_H

#include "mogi/client.h"

/* Let SIGINT and SIGTERM end interrupt_wait from now on, not the program.
 * SIGPIPE is ignored. */
void interrupt_catch(void);

/* Has a signal come? */
bool interrupt_came(void);

/* Wait until mogi_client_next has work (call it first until it says
 * MOGI_NOTHING), a signal came, `input` and standard input can be read, or
 * `timeout_ms` (-1: for ever) has passed. True: input can be read. */
bool interrupt_wait(struct mogi_client *c, bool input, int timeout_ms);

#endif
