/* help.h - what `mogi broker --help` prints, made from the table of keys. */
#ifndef MOGI_BROKER_HELP_H
#define MOGI_BROKER_HELP_H

#include <stdio.h>

/* Print usage and every key that does something. */
void help_print(FILE *to);

#endif
