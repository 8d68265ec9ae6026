/* debug.h - a line for each packet, as mosquitto's clients print with -d. */
#ifndef MOGI_CLI_DEBUG_H
#define MOGI_CLI_DEBUG_H

#include "mogi/tiny.h"

#include <stdio.h>

enum { DEBUG_ID_SIZE = 128 };

struct debug {
    FILE *to;
    enum mogi_version version;
    char id[DEBUG_ID_SIZE]; /* "(null)" until there is one */
    uint16_t last_id;       /* mosquitto also numbers QoS 0 */
};

/* `id` may be empty. */
void debug_init(struct debug *d, FILE *to, enum mogi_version version,
                struct mogi_bytes id);

/* A mogi_trace; `context` is the struct debug. */
void debug_packet(void *context, bool sent, struct mogi_bytes packet);

#endif
