/* keys_limits_test.c - limits against abuse. */
#include "config_kit.h"

static void values_arrive(void)
{
    begin();
    set("max_packets_per_second", "100");
    set("max_bytes_per_second", "100000");
    set("rate_overflow", "disconnect");
    set("flapping_count", "5");
    set("retained_bytes_limit", "5000000000");
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.options.max_packets_per_second, 100);
    CHECK_EQ(config.options.max_bytes_per_second, 100000);
    CHECK_EQ(config.options.rate_overflow, RATE_DISCONNECT);
    CHECK_EQ(config.options.flapping_count, 5);
    CHECK_EQ(config.retained_bytes_limit, 5000000000);
    set("flapping_window", "0");
    check_error("flapping_window is 1 to 86400, not 0");
    set("rate_overflow", "drop");
    check_error("rate_overflow is one of: pause disconnect, not 'drop'");
}

int main(void)
{
    RUN(values_arrive);
    begin();
    return check_result();
}
