/* watch.h - a screen on which each topic has its line: -w of `mogi sub`.
 *
 *     1   Broker: localhost
 *     2   21.5          house/temperature, the newest over the one before
 *     3   open          house/door, which came second
 *     4   _             where the cursor waits
 */
#ifndef MOGI_CLI_WATCH_H
#define MOGI_CLI_WATCH_H

#include "mogi/tiny.h"

#include <stdio.h>

enum { WATCH_TOPICS_MAX = 1000 }; /* further ones share a line behind them */

struct watch_topic {
    uint8_t *text; /* owned */
    size_t size;
};

/* Zero is a screen without topics. */
struct watch {
    struct watch_topic topics[WATCH_TOPICS_MAX];
    size_t count;
};

/* Give the topics back. */
void watch_fini(struct watch *w);

/* Clear the screen that `to` is, and say which broker it is about. */
void watch_begin(FILE *to, const char *broker);

/* Go to the line of `topic`, and clear it for the next message. */
void watch_go(struct watch *w, FILE *to, struct mogi_bytes topic);

/* Go below all lines, where nothing is overwritten. */
void watch_leave(const struct watch *w, FILE *to);

#endif
