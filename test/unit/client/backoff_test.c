#include "check.h"
#include "client/backoff.h"

static void doubles_to_the_limit(void)
{
    struct backoff b;
    backoff_init(&b, 100, 1000);
    static const uint32_t want[] = {100, 200, 400, 800, 1000, 1000};
    for (size_t i = 0; i < 6; i++)
        CHECK_EQ(backoff_next(&b, 0), want[i]);
    backoff_reset(&b);
    CHECK_EQ(backoff_next(&b, 0), 100);
}

static void jitter_is_bounded(void)
{
    struct backoff b;
    backoff_init(&b, 1000, 2000);
    uint32_t low = UINT32_MAX;
    for (uint32_t i = 0; i < 1000; i++) {
        backoff_reset(&b);
        uint32_t wait_ms = backoff_next(&b, i * 7919);
        CHECK(wait_ms > 750 && wait_ms <= 1000);
        if (wait_ms < low) low = wait_ms;
    }
    CHECK(low < 800);
}

static void constant(void)
{
    struct backoff b;
    backoff_init(&b, 1000, 1000);
    CHECK_EQ(backoff_next(&b, 12345), 1000);
    CHECK_EQ(backoff_next(&b, 54321), 1000);
    backoff_init(&b, 1000, 1);
    CHECK_EQ(backoff_next(&b, 3), 1000);
}

int main(void)
{
    RUN(doubles_to_the_limit);
    RUN(jitter_is_bounded);
    RUN(constant);
    return check_result();
}
