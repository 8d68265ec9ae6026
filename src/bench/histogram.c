/* histogram.c - see histogram.h. */
#include "bench/histogram.h"

void bench_histogram_merge(struct bench_histogram *h,
                           const struct bench_histogram *from)
{
    if (from->count == 0) return;
    if (h->count == 0 || from->min < h->min) h->min = from->min;
    if (from->max > h->max) h->max = from->max;
    h->count += from->count;
    h->sum += from->sum;
    for (uint32_t i = 0; i < BENCH_HISTOGRAM_COUNT; i++) {
        h->buckets[i] += from->buckets[i];
    }
}

/* The highest value that falls into `bucket`. */
static uint64_t bucket_top(uint32_t bucket)
{
    uint32_t shift = bucket >> BENCH_HISTOGRAM_SUB_BITS;
    if (shift > 0) shift -= 1;
    uint64_t part = bucket - (shift << BENCH_HISTOGRAM_SUB_BITS);
    return ((part + 1) << shift) - 1;
}

/* `percent` of `count`, rounded up, 1..count. 99.9 is a little more than 999
 * thousandths as a double: what is that near to a whole number is one. */
static uint64_t rank_of(uint64_t count, double percent)
{
    double exact = percent / 100.0 * (double)count;
    uint64_t rank = (uint64_t)exact;
    if (exact - (double)rank > 1e-9 * (double)count) rank += 1;
    if (rank < 1) return 1;
    return rank > count ? count : rank;
}

uint64_t bench_histogram_percentile(const struct bench_histogram *h,
                                    double percent)
{
    if (h->count == 0) return 0;
    uint64_t rank = rank_of(h->count, percent);
    uint64_t seen = 0;
    for (uint32_t i = 0; i < BENCH_HISTOGRAM_COUNT; i++) {
        seen += h->buckets[i];
        if (seen < rank) continue;
        uint64_t top = bucket_top(i);
        return top < h->max ? top : h->max;
    }
    return h->max;
}

uint64_t bench_histogram_mean(const struct bench_histogram *h)
{
    return h->count == 0 ? 0 : h->sum / h->count;
}
