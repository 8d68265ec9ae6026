/* ports_test.c - which listeners a configuration means, and which are safe. */
#include "broker/ports.h"
#include "check.h"

static struct config config;
static struct config_reports reports;

static void set(const char *key, const char *value, enum config_rank rank)
{
    struct config_place place = {rank, "test", 1, 0};
    config_set(&config, key, value, &place, &reports);
}

/* Is anybody let in, as it is configured? Then forget the configuration. */
static bool is_open(void)
{
    CHECK(ports_check(&config, &reports));
    CHECK_EQ(reports.errors.count, 0);
    bool open = config.options.allow_anonymous;
    report_fini(&reports.notes);
    config_init(&config);
    return open;
}

static void default_is_this_machine(void)
{
    struct config_listener list[CONFIG_LISTENERS_MAX];
    config_init(&config);
    REQUIRE(ports_plan(&config, list) == 2);
    CHECK_STR(list[0].host, "127.0.0.1");
    CHECK_STR(list[1].host, "::1");
    CHECK_EQ(list[1].port, 1883);
    set("port", "1999", RANK_COMMAND);
    REQUIRE(ports_plan(&config, list) == 2);
    CHECK_EQ(list[0].port, 1999);
    config_init(&config);
    set("port", "1999", RANK_FILE);
    REQUIRE(ports_plan(&config, list) == 1);
    CHECK_STR(list[0].host, "");
    set("bind_address", "127.0.0.1", RANK_FILE);
    REQUIRE(ports_plan(&config, list) == 1);
    CHECK_STR(list[0].host, "127.0.0.1");
    set("listener", "7 ::1", RANK_FILE);
    REQUIRE(ports_plan(&config, list) == 1);
    CHECK_EQ(list[0].port, 7);
    config_init(&config);
}

static void open_to_everybody_must_be_said(void)
{
    CHECK(is_open());
    set("listener", "1883", RANK_FILE);
    CHECK(!is_open());
    set("listener", "1883", RANK_FILE);
    set("allow_anonymous", "true", RANK_FILE);
    CHECK(is_open());
    set("listener", "1883 127.0.0.1", RANK_FILE);
    CHECK(is_open());
    set("listener", "1883 127.0.0.1", RANK_FILE);
    set("allow_anonymous", "false", RANK_FILE);
    CHECK(!is_open());
    set("listener", "0 /tmp/x", RANK_FILE);
    CHECK(is_open());
    set("port", "1883", RANK_FILE);
    CHECK(!is_open());
}

static void unknown_addresses_are_named(void)
{
    set("listener", "1883 no.such.name.invalid", RANK_FILE);
    CHECK(!ports_check(&config, &reports));
    CHECK_EQ(reports.errors.count, 1);
    report_fini(&reports.errors);
}

int main(void)
{
    RUN(default_is_this_machine);
    RUN(open_to_everybody_must_be_said);
    RUN(unknown_addresses_are_named);
    return check_result();
}
