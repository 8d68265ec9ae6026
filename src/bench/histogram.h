/* histogram.h - how often which latency was seen, within 0.8 %.
 *
 * Buckets are linear within a power of two and double from one to the next:
 *
 *     0 1 2 ... 255 | 256 258 260 ... 510 | 512 516 ... 1020 | ...
 *       width 1            width 2              width 4
 *
 * so that a microsecond and a minute are told with the same relative error, in
 * one table of fixed size. A thread has one of its own; they are added up.
 */
#ifndef MOGI_BENCH_HISTOGRAM_H
#define MOGI_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    BENCH_HISTOGRAM_SUB_BITS = 7,
    BENCH_HISTOGRAM_SHIFT_MAX = 34, /* the last power of two: 2^42 */
    BENCH_HISTOGRAM_COUNT = (BENCH_HISTOGRAM_SHIFT_MAX + 2)
                            << BENCH_HISTOGRAM_SUB_BITS,
};

/* All zero is an empty one. */
struct bench_histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t max;
    uint64_t min; /* meaningless while count is 0 */
    uint64_t buckets[BENCH_HISTOGRAM_COUNT];
};

/* The bucket of `value`; what is above 2^42 falls into the last one. */
static inline uint32_t bench_histogram_bucket(uint64_t value)
{
    uint64_t top = UINT64_C(1) << (BENCH_HISTOGRAM_SUB_BITS +
                                   BENCH_HISTOGRAM_SHIFT_MAX + 1);
    if (value >= top) return BENCH_HISTOGRAM_COUNT - 1;
    uint64_t set = value | ((UINT64_C(2) << BENCH_HISTOGRAM_SUB_BITS) - 1);
    uint32_t shift =
        63u - (uint32_t)__builtin_clzll(set) - BENCH_HISTOGRAM_SUB_BITS;
    return (shift << BENCH_HISTOGRAM_SUB_BITS) + (uint32_t)(value >> shift);
}

/* Count `value` `times` times. */
static inline void bench_histogram_add(struct bench_histogram *h,
                                       uint64_t value, uint64_t times)
{
    if (times == 0) return;
    h->buckets[bench_histogram_bucket(value)] += times;
    if (h->count == 0 || value < h->min) h->min = value;
    if (value > h->max) h->max = value;
    h->count += times;
    h->sum += value * times;
}

/* Add all of `from` to `h`. */
void bench_histogram_merge(struct bench_histogram *h,
                           const struct bench_histogram *from);

/* The value that `percent` of all (0..100) do not exceed: the highest one of
 * its bucket, but no more than the greatest seen. 0 while empty. */
uint64_t bench_histogram_percentile(const struct bench_histogram *h,
                                    double percent);

/* The average, rounded down; 0 while empty. */
uint64_t bench_histogram_mean(const struct bench_histogram *h);

#endif
