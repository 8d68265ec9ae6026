#include "bench/histogram.h"
#include "check.h"

static struct bench_histogram h, other;

static void percentiles_of_a_ramp(void)
{
    h = (struct bench_histogram){0};
    for (uint64_t i = 1; i <= 200; i++) {
        bench_histogram_add(&h, i, 1);
    }
    CHECK_EQ(h.count, 200);
    CHECK_EQ(bench_histogram_percentile(&h, 50), 100);
    CHECK_EQ(bench_histogram_percentile(&h, 99), 198);
    CHECK_EQ(bench_histogram_percentile(&h, 99.5), 199);
    CHECK_EQ(bench_histogram_percentile(&h, 100), 200);
    CHECK_EQ(bench_histogram_percentile(&h, 0), 1);
    CHECK_EQ(bench_histogram_mean(&h), 100);
    CHECK_EQ(h.min, 1);
    CHECK_EQ(h.max, 200);
}

static void empty_is_zero(void)
{
    h = (struct bench_histogram){0};
    CHECK_EQ(bench_histogram_percentile(&h, 99), 0);
    CHECK_EQ(bench_histogram_mean(&h), 0);
    bench_histogram_add(&h, 7, 0);
    CHECK_EQ(h.count, 0);
}

/* One value in 10,000 is seen by p99.99 only from the next rank on. */
static void tails_are_exact(void)
{
    h = (struct bench_histogram){0};
    bench_histogram_add(&h, 10, 9999);
    bench_histogram_add(&h, 5000000, 1);
    CHECK_EQ(bench_histogram_percentile(&h, 99.9), 10);
    CHECK_EQ(bench_histogram_percentile(&h, 99.99), 10);
    CHECK_EQ(bench_histogram_percentile(&h, 100), 5000000);
    bench_histogram_add(&h, 5000000, 1);
    CHECK_EQ(bench_histogram_percentile(&h, 99.99), 5000000);
}

/* What is told of a value alone is no lower and at most 1/128 higher. */
static void error_is_bounded(void)
{
    for (uint64_t value = 1; value < UINT64_C(1) << 42;
         value += value / 3 + 1) {
        h = (struct bench_histogram){0};
        bench_histogram_add(&h, value, 2);
        bench_histogram_add(&h, UINT64_C(1) << 42, 1);
        uint64_t told = bench_histogram_percentile(&h, 50);
        CHECK(told >= value);
        CHECK(told - value <= value / 128);
    }
}

static void buckets_rise_by_one(void)
{
    CHECK_EQ(bench_histogram_bucket(0), 0);
    CHECK_EQ(bench_histogram_bucket(255), 255);
    CHECK_EQ(bench_histogram_bucket(256), 256);
    CHECK_EQ(bench_histogram_bucket(257), 256);
    CHECK_EQ(bench_histogram_bucket(511), 383);
    CHECK_EQ(bench_histogram_bucket(512), 384);
    CHECK_EQ(bench_histogram_bucket((UINT64_C(1) << 42) - 1),
             BENCH_HISTOGRAM_COUNT - 1);
    CHECK_EQ(bench_histogram_bucket(UINT64_MAX), BENCH_HISTOGRAM_COUNT - 1);
}

static void merged_is_as_added(void)
{
    h = (struct bench_histogram){0};
    other = (struct bench_histogram){0};
    bench_histogram_merge(&h, &other);
    CHECK_EQ(h.count, 0);
    bench_histogram_add(&other, 100, 3);
    bench_histogram_add(&other, 4, 1);
    bench_histogram_merge(&h, &other);
    CHECK_EQ(h.min, 4);
    bench_histogram_add(&h, 1000, 4);
    CHECK_EQ(h.count, 8);
    CHECK_EQ(h.max, 1000);
    CHECK_EQ(bench_histogram_percentile(&h, 50), 100);
}

int main(void)
{
    RUN(percentiles_of_a_ramp);
    RUN(empty_is_zero);
    RUN(tails_are_exact);
    RUN(error_is_bounded);
    RUN(buckets_rise_by_one);
    RUN(merged_is_as_added);
    return check_result();
}
