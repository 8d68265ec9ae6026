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
    config_settle(&config, &reports);
    CHECK(ports_check(&config, &reports));
    CHECK_EQ(reports.errors.count, 0);
    bool open = config.listeners[0].entry.anonymous == ANONYMOUS_YES;
    report_fini(&reports.notes);
    config_init(&config);
    return open;
}

/* The listeners, when all keys are set; then all is forgotten. */
static struct config_listener *plan(size_t count)
{
    static struct config_listener list[CONFIG_LISTENERS_MAX];
    config_settle(&config, &reports);
    CHECK_EQ(config.listener_count, count);
    memcpy(list, config.listeners, sizeof list);
    report_fini(&reports.notes);
    config_init(&config);
    return list;
}

static void default_is_this_machine(void)
{
    config_init(&config);
    struct config_listener *list = plan(1);
    CHECK(list[0].loopback);
    CHECK_EQ(list[0].port, 1883);
    set("port", "1999", RANK_COMMAND);
    list = plan(1);
    CHECK(list[0].loopback);
    CHECK_EQ(list[0].port, 1999);
    set("port", "1999", RANK_FILE);
    list = plan(1);
    CHECK(!list[0].loopback);
    CHECK_STR(list[0].host, "");
    set("port", "1999", RANK_FILE);
    set("bind_address", "127.0.0.1", RANK_FILE);
    list = plan(1);
    CHECK_STR(list[0].host, "127.0.0.1");
}

/* As with Mosquitto, where each says that there is one. */
static void port_is_one_more_listener(void)
{
    set("listener", "7 ::1", RANK_FILE);
    set("port", "1999", RANK_FILE);
    struct config_listener *list = plan(2);
    CHECK_EQ(list[0].port, 7);
    CHECK_EQ(list[1].port, 1999);
    set("port", "1999", RANK_FILE);
    set("listener", "7 ::1", RANK_COMMAND);
    list = plan(1);
    CHECK_EQ(list[0].port, 7);
    set("listener", "7 ::1", RANK_FILE);
    set("port", "1999", RANK_COMMAND);
    list = plan(1);
    CHECK(list[0].loopback);
    CHECK_EQ(list[0].port, 1999);
    set("bind_interface", "lo", RANK_FILE);
    set("listener", "7 ::1", RANK_FILE);
    list = plan(2);
    CHECK_EQ(list[0].interface[0], '\0');
    CHECK_STR(list[1].interface, "lo");
    CHECK(list[1].loopback);
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
    set("listener", "1883", RANK_FILE);
    set("listener_allow_anonymous", "true", RANK_FILE);
    CHECK(is_open());
}

/* Who can ask for a password does not let in who gives none. */
static void passwords_close_the_door(void)
{
    set("password_file", "/tmp/pw", RANK_FILE);
    CHECK(!is_open());
    set("listener", "1883 127.0.0.1", RANK_FILE);
    set("password_file", "/tmp/pw", RANK_FILE);
    CHECK(!is_open());
    set("listener", "1883 127.0.0.1", RANK_FILE);
    set("password_file", "/tmp/pw", RANK_FILE);
    set("allow_anonymous", "true", RANK_FILE);
    CHECK(is_open());
    set("listener", "1883", RANK_FILE);
    set("password_file", "/tmp/pw", RANK_FILE);
    config_settle(&config, &reports);
    CHECK(ports_check(&config, &reports));
    CHECK_EQ(reports.notes.count, 0);
    config_init(&config);
}

/* With per_listener_settings, each says who may come in. */
static void each_listener_may_say_it(void)
{
    set("per_listener_settings", "true", RANK_FILE);
    set("listener", "1883", RANK_FILE);
    set("listener", "1884 127.0.0.1", RANK_FILE);
    set("listener", "1885", RANK_FILE);
    set("allow_anonymous", "true", RANK_FILE);
    config_settle(&config, &reports);
    CHECK(ports_check(&config, &reports));
    CHECK_EQ(config.listeners[0].entry.anonymous, ANONYMOUS_NO);
    CHECK_EQ(config.listeners[1].entry.anonymous, ANONYMOUS_YES);
    CHECK_EQ(config.listeners[2].entry.anonymous, ANONYMOUS_YES);
    CHECK_EQ(reports.notes.count, 1);
    report_fini(&reports.notes);
    config_init(&config);
}

static void unknown_addresses_are_named(void)
{
    set("listener", "1883 no.such.name.invalid", RANK_FILE);
    config_settle(&config, &reports);
    CHECK(!ports_check(&config, &reports));
    CHECK_EQ(reports.errors.count, 1);
    report_fini(&reports.errors);
}

int main(void)
{
    RUN(default_is_this_machine);
    RUN(port_is_one_more_listener);
    RUN(open_to_everybody_must_be_said);
    RUN(passwords_close_the_door);
    RUN(each_listener_may_say_it);
    RUN(unknown_addresses_are_named);
    return check_result();
}
