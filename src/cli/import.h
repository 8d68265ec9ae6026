/* import.h - what Mosquitto has kept becomes what mogi keeps. */
#ifndef MOGI_CLI_IMPORT_H
#define MOGI_CLI_IMPORT_H

/* Read `file`, a mosquitto.db of any version, into the store in `folder`, which
 * is made, or holds nothing yet. Prints what was taken and what was left out.
 *
 * Returns the exit status: 0, or 1 after a word about what is wrong. */
int import_mosquitto(const char *file, const char *folder);

#endif
