/* help.h - what `mogi broker --help` prints, made from the table of keys. */
#ifndef MOGI_BROKER_HELP_H
#define MOGI_BROKER_HELP_H

#include <stdio.h>

/* Print usage and every key that does something. */
void help_print(FILE *to);

/* Print every key for a program to read, a line each, with a tab between
 * name, subject, state (works, note, refused), scope (broker, listener,
 * entry), reload (live, restart), form, default and help. */
void help_list(FILE *to);

#endif
