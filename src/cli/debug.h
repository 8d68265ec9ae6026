/* debug.h - a line for each packet, as mosquitto's clients print with -d. */
#ifndef MOGI_CLI_DEBUG_H
#define MOGI_CLI_DEBUG_H

#include "mogi/client.h"

#include <stdio.h>

enum { DEBUG_ID_SIZE = 128 };

struct debug {
    FILE *to;
    enum mogi_version version;
    char id[DEBUG_ID_SIZE]; /* "(null)" until there is one */
    uint16_t last_id;       /* mosquitto also numbers QoS 0 */
};

/* Print each packet of the client that will be made of `options` to `to`. `d`
 * outlives that client. */
void debug_follow(struct debug *d, FILE *to,
                  struct mogi_client_options *options);

/* A mogi_trace; `context` is the struct debug. */
void debug_packet(void *context, bool sent, struct mogi_bytes packet);

#endif
