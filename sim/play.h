/* play.h - plays: tests as screenplays. test/play/README.md is their language.
 */
#ifndef MOGI_SIM_PLAY_H
#define MOGI_SIM_PLAY_H

#include "sim/world.h"

struct play_config {
    uint16_t shards;
    uint64_t seed;
    uint32_t split; /* bytes in one event at most; 0: all */
    bool chaos;
    bool trace;
};

/* Perform the play in `file`, once for each protocol version it names. What
 * goes wrong is printed as "file:line: ...".
 *
 * Returns 0: all went as written; 1: it did not; 2: the file is no play. */
int play_run(const char *file, const struct play_config *config);

/* The same with its text, and `file` for what is printed; 0 or 1. */
int play_text_run(const char *file, const char *text,
                  const struct play_config *config);

#endif
