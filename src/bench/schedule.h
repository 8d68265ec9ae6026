/* schedule.h - when message number k is due, at a steady rate.
 *
 * Times are computed from the start, never from the last message, so that a
 * stall of the broker or of ourselves moves none of them: what is late was
 * late, and its latency is counted from the time it was due. That is what keeps
 * the percentiles free of coordinated omission.
 */
#ifndef MOGI_BENCH_SCHEDULE_H
#define MOGI_BENCH_SCHEDULE_H

#include <stdint.h>

struct bench_schedule {
    uint64_t start_ns;
    uint64_t rate_mhz; /* messages in 1000 seconds; 0: none is ever due */
};

/* When number `k` (from 0) is due, in nanoseconds of the clock of start_ns;
 * UINT64_MAX when the rate is 0. k is below 2^40. */
uint64_t bench_schedule_time(const struct bench_schedule *s, uint64_t k);

/* How many are due at `now_ns`: the first at start_ns itself. */
uint64_t bench_schedule_due(const struct bench_schedule *s, uint64_t now_ns);

#endif
