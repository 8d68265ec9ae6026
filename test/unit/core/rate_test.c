/* rate_test.c - a burst is free, then the rate holds. */
#include "check.h"
#include "core/rate.h"

static struct options options;

static void packets_are_counted(void)
{
    struct rate rate = {0};
    uint64_t now_ms = 1700000000000;
    options_init(&options);
    CHECK_EQ(rate_take(&rate, &options, 100, now_ms), 0);
    options.max_packets_per_second = 100;
    for (int i = 0; i < 100; i++)
        CHECK_EQ(rate_take(&rate, &options, 100, now_ms), 0);
    CHECK_EQ(rate_take(&rate, &options, 100, now_ms), 10);
    CHECK_EQ(rate_take(&rate, &options, 100, now_ms), 20);
    CHECK_EQ(rate_take(&rate, &options, 100, now_ms + 30), 0);
    CHECK_EQ(rate_take(&rate, &options, 100, now_ms + 5000), 0);
}

static void bytes_are_counted(void)
{
    struct rate rate = {0};
    options_init(&options);
    options.max_bytes_per_second = 1000;
    CHECK_EQ(rate_take(&rate, &options, 1000, 5000), 0);
    CHECK_EQ(rate_take(&rate, &options, 500, 5000), 500);
    CHECK_EQ(rate_take(&rate, &options, 268435460, 9000), 268434460);
    /* The stricter of the two holds. */
    options.max_packets_per_second = 1;
    struct rate both = {0};
    CHECK_EQ(rate_take(&both, &options, 10, 5000), 0);
    CHECK_EQ(rate_take(&both, &options, 10, 5000), 1000);
}

/* Any limits, any sizes: a client that waits as it is told never sends more
 * than the burst and its rate. */
static void nobody_exceeds_the_rate(void)
{
    struct rate rate = {0};
    options_init(&options);
    options.max_bytes_per_second = 777;
    uint64_t now_ms = 1000, sent = 0;
    for (uint32_t i = 1; i < 2000; i++) {
        uint32_t size = i * 7919 % 1500 + 1;
        sent += size;
        uint64_t wait_ms = rate_take(&rate, &options, size, now_ms);
        now_ms += wait_ms;
        CHECK(sent <= 777 + (now_ms - 1000) * 777 / 1000 + 1);
    }
    CHECK(sent > (now_ms - 1000) * 777 / 1000);
}

int main(void)
{
    RUN(packets_are_counted);
    RUN(bytes_are_counted);
    RUN(nobody_exceeds_the_rate);
    return check_result();
}
