/* keys_limits_test.c - limits against abuse. */
#include "broker/door.h"
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

static void limits_of_connections(void)
{
    begin();
    set("max_connections", "7");
    set("listener", "1884");
    set("max_connections", "8");
    set("global_max_connections", "100");
    CHECK_EQ(config.common.max_connections, 7);
    CHECK_EQ(config.listeners[0].max_connections, 8);
    CHECK_EQ(config.max_connections, 100);
    CHECK_EQ(config.max_connections_per_address, 0);
    set("max_connections_per_address", "-1");
    CHECK_EQ(config.max_connections_per_address, DOOR_ANY);
    set("max_connections_per_address", "5");
    CHECK_EQ(config.max_connections_per_address, 5);
    CHECK_EQ(reports.errors.count, 0);
    set("max_connections_per_address", "0");
    check_error("max_connections_per_address is 1 to 10000000, or -1");
}

int main(void)
{
    RUN(values_arrive);
    RUN(limits_of_connections);
    begin();
    return check_result();
}
