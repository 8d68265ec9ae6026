/* rate.h - how fast a client may send.
 *
 * What was sent is paid for with time: each packet moves `paid_ns` on by its
 * share of a second. A client whose payment lies more than a second ahead of
 * now must wait until it does not: so a burst of a second's worth is free, and
 * what comes on top of it comes at the rate.
 *
 *     now          now + 1 s        paid_ns
 *      |---- burst ----|---- wait ----|
 */
#ifndef MOGI_CORE_RATE_H
#define MOGI_CORE_RATE_H

#include "core/options.h"

/* All zero is a client that has sent nothing yet. */
struct rate {
    uint64_t packets_ns; /* until when packets, and bytes, are paid for */
    uint64_t bytes_ns;
};

/* A packet of `size` bytes came at `now_ms`. Returns how long, in ms, nothing
 * more should be read from the client; 0: it may go on. */
uint64_t rate_take(struct rate *rate, const struct options *options,
                   uint32_t size, uint64_t now_ms);

#endif
