/* meter.h - how many messages come in a second: --message-rate of `mogi sub`.
 */
#ifndef MOGI_CLI_METER_H
#define MOGI_CLI_METER_H

#include <stdint.h>
#include <stdio.h>

enum { METER_PERIOD_MS = 1000 };

struct meter {
    uint64_t begin_ms; /* of the second under way */
    uint64_t count;    /* messages since then: the caller counts */
};

/* For how long nothing is due, at `now_ms`: 0..METER_PERIOD_MS. */
int meter_wait_ms(const struct meter *m, uint64_t now_ms);

/* When a second is over, print its messages, and begin the next one. Of one
 * that was longer, for want of a turn, the messages in 1,000 ms are meant. */
void meter_tick(struct meter *m, uint64_t now_ms, FILE *to);

#endif
