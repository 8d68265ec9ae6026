/* meter_test.c - a line for each second. */
#include "check.h"
#include "cli/meter.h"

static struct meter m;

static const char *ticked(uint64_t now_ms)
{
    static char text[64];
    memset(text, 0, sizeof text);
    FILE *to = fmemopen(text, sizeof text, "w");
    REQUIRE(to != NULL);
    meter_tick(&m, now_ms, to);
    fclose(to);
    return text;
}

static void each_second(void)
{
    m = (struct meter){.begin_ms = 5000, .count = 3};
    CHECK_EQ(meter_wait_ms(&m, 5000), 1000);
    CHECK_EQ(meter_wait_ms(&m, 5999), 1);
    CHECK_STR(ticked(5999), "");
    CHECK_EQ(meter_wait_ms(&m, 6000), 0);
    CHECK_STR(ticked(6000), "3 msgs/s\n");
    CHECK_STR(ticked(6999), "");
    CHECK_STR(ticked(7000), "0 msgs/s\n");
}

/* Who was late says how many came in one second. */
static void a_long_one(void)
{
    m = (struct meter){.begin_ms = 5000, .count = 1000};
    CHECK_EQ(meter_wait_ms(&m, 7000), 0);
    CHECK_STR(ticked(7000), "500 msgs/s\n");
    CHECK_EQ(meter_wait_ms(&m, 7000), 1000);
    m = (struct meter){.begin_ms = 5000, .count = 3};
    CHECK_STR(ticked(6003), "3 msgs/s\n");
}

int main(void)
{
    RUN(each_second);
    RUN(a_long_one);
    return check_result();
}
