/* keys_listener_test.c - whom a listener's key is about. */
#include "config_kit.h"

static void keys_are_about_the_listener_above(void)
{
    begin();
    set("bind_interface", "eth0");
    set("listener", "1884");
    set("bind_interface", "eth1");
    set("listener", "1885 ::1");
    set("socket_domain", "ipv6");
    CHECK_EQ(reports.errors.count, 0);
    REQUIRE(config.listener_count == 2);
    CHECK_STR(config.common.interface, "eth0");
    CHECK_STR(config.listeners[0].interface, "eth1");
    CHECK_STR(config.listeners[1].interface, "");
    CHECK_EQ(config.listeners[1].family, ADDRESS_IPV6);
    CHECK_EQ(config.listeners[0].family, ADDRESS_UNIX);
}

/* The command line has no above and below. */
static void others_are_about_all_listeners(void)
{
    begin();
    set("listener", "1884");
    set("listener", "1885");
    set_at(RANK_ENVIRONMENT, "bind_interface", "eth0");
    CHECK_STR(config.listeners[0].interface, "eth0");
    CHECK_STR(config.listeners[1].interface, "eth0");
    CHECK_STR(config.common.interface, "eth0");
    CHECK(!config.common.touched);
    set_at(RANK_COMMAND, "listener", "1886");
    set_at(RANK_COMMAND, "listener", "1887");
    set_at(RANK_COMMAND, "bind_interface", "eth1");
    REQUIRE(config.listener_count == 2);
    CHECK_STR(config.listeners[0].interface, "");
    CHECK_STR(config.listeners[1].interface, "eth1");
    set_at(RANK_COMMAND, "bind_interface",
           "a-name-that-is-longer-than-any-interface-has");
    check_error("bind_interface is at most 31 bytes long, not 44");
}

/* `-p` beside a file that says how to listen there, as Mosquitto's users do. */
static void port_leaves_the_listener_that_has_it(void)
{
    begin();
    set("listener", "1884");
    set("listener", "1885");
    set_at(RANK_COMMAND, "port", "1885");
    CHECK_EQ(config.listener_count, 2);
    CHECK(!config.port_set);
    set_at(RANK_COMMAND, "port", "1886");
    CHECK_EQ(config.listener_count, 0);
    CHECK(config.port_set && !config.port_open);
    CHECK_EQ(config.common.port, 1886);

    begin();
    set("port", "1884");
    set_at(RANK_COMMAND, "port", "1884");
    CHECK(config.port_open);
    set_at(RANK_COMMAND, "port", "1885");
    CHECK(!config.port_open);
}

static void paths_end_where_the_system_says(void)
{
    char value[200];
    begin();
    (void)snprintf(value, sizeof value, "0 /%0106d", 0);
    set("listener", value);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.listener_count, 1);
    (void)snprintf(value, sizeof value, "0 /%0107d", 0);
    set("listener", value);
    check_error("at most 107 bytes long, not 108");
    CHECK_EQ(config.listener_count, 1);
}

static void proxies_are_named(void)
{
    begin();
    set("proxy_trusted", "10.0.0.0/8  192.0.2.1");
    set("proxy_trusted", "::1");
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.proxy_trusted_count, 3);
    CHECK_EQ(config.proxy_trusted[0].bits, 8);
    CHECK_EQ(config.proxy_trusted[2].family, ADDRESS_IPV6);
    set_at(RANK_COMMAND, "proxy_trusted", "10.1.0.0/16");
    CHECK_EQ(config.proxy_trusted_count, 1);
    set_at(RANK_COMMAND, "proxy_trusted", "example.org");
    check_error("not 'example.org'");
    set("listener", "1884");
    set("enable_proxy_protocol", "2");
    CHECK_EQ(config.listeners[0].proxy_protocol, 2);
    set("enable_proxy_protocol", "3");
    check_error("enable_proxy_protocol is 0 to 2, not 3");
}

static void mistakes_are_named(void)
{
    begin();
    set("listener", "1x");
    check_error("test:1: listener begins with a port, 0 to 65535, not '1x'");
    set("port", "65536");
    check_error("port is a number from 0 to 65535, not '65536'");
    set("protocol", "websockets");
    check_error("protocol 'websockets' is not in this version");
    set("protocol", "mqtt");
    CHECK_EQ(reports.errors.count, 0);
    for (int i = 0; i <= CONFIG_LISTENERS_MAX; i++)
        set("listener", "0");
    check_error("there are more than 32 listeners");
}

static void mount_points_are_beginnings_of_topics(void)
{
    char value[300] = {0};
    begin();
    set("listener", "1884");
    set("mount_point", "house/");
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(reports.notes.count, 0);
    CHECK_STR(config.listeners[0].mount_point, "house/");
    CHECK_STR(config.common.mount_point, "");
    set("mount_point", "house");
    CHECK_EQ(reports.notes.count, 1);
    CHECK_STR(config.listeners[0].mount_point, "house");
    set("mount_point", "\xff/");
    check_error("mount_point is no UTF-8");
    set("mount_point", "house/+/");
    check_error("holds no + and no #");
    set("mount_point", "house/#");
    check_error("holds no + and no #");
    set("mount_point", "$SYS/");
    check_error("does not begin with $");
    memset(value, 'm', 256);
    set("mount_point", value);
    check_error("mount_point is at most 255 bytes long, not 256");
    CHECK_STR(config.listeners[0].mount_point, "house");
}

static void versions_are_bits(void)
{
    begin();
    set("listener", "1884");
    CHECK_EQ(config.listeners[0].protocols, SPEAKS_ALL);
    set("accept_protocol_versions", "4, 5");
    CHECK_EQ(config.listeners[0].protocols, SPEAKS_311 | SPEAKS_50);
    set("accept_protocol_versions", "3");
    CHECK_EQ(config.listeners[0].protocols, SPEAKS_31);
    set("accept_protocol_versions", "6");
    check_error("some of 3, 4 and 5");
    CHECK_EQ(config.listeners[0].protocols, SPEAKS_31);
    set("accept_protocol_versions", " ,  4 ,   5,");
    CHECK_EQ(config.listeners[0].protocols, SPEAKS_311 | SPEAKS_50);
    set("accept_protocol_versions", "45");
    check_error("not '45'");
    set("accept_protocol_versions", ",");
    check_error("some of 3, 4 and 5");
}

int main(void)
{
    RUN(keys_are_about_the_listener_above);
    RUN(others_are_about_all_listeners);
    RUN(port_leaves_the_listener_that_has_it);
    RUN(paths_end_where_the_system_says);
    RUN(proxies_are_named);
    RUN(mistakes_are_named);
    RUN(mount_points_are_beginnings_of_topics);
    RUN(versions_are_bits);
    begin();
    return check_result();
}
