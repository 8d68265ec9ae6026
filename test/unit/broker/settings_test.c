/* settings_test.c - settings live as long as somebody goes by them. */
#include "broker/guards.h"
#include "broker/settings.h"
#include "check.h"
#include "core/acl.h"

static void references_are_counted(void)
{
    struct options options;
    options_init(&options);
    options.listener.max_qos = 1;
    struct settings *settings = settings_new(&options, 9);
    CHECK(settings_ref(settings) == settings);
    settings_unref(settings);
    CHECK_EQ(settings->options.listener.max_qos, 1);
    CHECK_EQ(settings->doors.all, 9);
    settings_unref(settings);
    settings_unref(NULL);
}

static unsigned users;

static void on_ref(void *owner)
{
    CHECK(owner == &users);
    users += 1;
}

static void on_unref(void *owner)
{
    CHECK(owner == &users);
    users -= 1;
}

/* Listeners and their access lists live as long as the settings. */
static void listeners_are_owned(void)
{
    struct acl acl = {.owner = &users, .ref = on_ref, .unref = on_unref};
    struct options_listener listeners[2] = {{.max_qos = 1},
                                            {.max_qos = 2, .acl = &acl}};
    struct options options;
    options_init(&options);
    options.listener.acl = &acl;
    options.listeners = listeners;
    options.listener_count = 2;
    struct settings *settings = settings_new(&options, 0);
    memset(listeners, 0, sizeof listeners);
    CHECK_EQ(users, 2);
    CHECK_EQ(options_of(&settings->options, 0)->max_qos, 1);
    CHECK(options_of(&settings->options, 1)->acl == &acl);
    CHECK(options_of(&settings->options, 2)->acl == &acl);
    settings_unref(settings);
    CHECK_EQ(users, 0);
}

/* Each listener's part of the configuration arrives at its index. */
static void configuration_arrives(void)
{
    static struct config config;
    struct config_reports reports = {0};
    config_init(&config);
    struct config_listener *first = config_listener_add(&config);
    struct config_listener *second = config_listener_add(&config);
    first->max_qos = 1;
    second->max_topic_alias = 7;
    config.common.entry.anonymous = ANONYMOUS_YES;
    config.threads = 4;
    config.retained_limit = 10;
    second->max_connections = 50;
    config.max_connections_per_user = 3;
    config.retained_bytes_limit = 1;
    config_settle(&config, &reports);
    config.listeners[0].entry.anonymous = ANONYMOUS_YES;
    struct guards *guards;
    REQUIRE(guards_new(&config, &guards, &reports) == OK);
    struct settings *settings = settings_of(&config, guards, NULL);
    guards_unref(guards);
    CHECK(settings->guards == guards);
    CHECK(!settings->listeners[0].ask);
    CHECK_EQ(settings->options.listener_count, 2);
    CHECK_EQ(settings->listeners[0].max_qos, 1);
    CHECK_EQ(settings->listeners[1].max_qos, 2);
    CHECK_EQ(settings->listeners[1].max_topic_alias, 7);
    CHECK(settings->listeners[1].allow_anonymous);
    CHECK_EQ(settings->doors.listeners[0], 0);
    CHECK_EQ(settings->doors.listeners[1], 50);
    CHECK_EQ(settings->doors.user, 3);
    CHECK_EQ(settings->doors.rate, 1000);
    /* A thread's part of them, rounded up. */
    CHECK_EQ(settings->options.retained_limit, 3);
    CHECK_EQ(settings->options.retained_bytes_limit, 1);
    CHECK_STR(settings->listeners[1].auto_id_prefix, "auto-");
    settings_unref(settings);
}

/* Without proxy_trusted, proxies are on this machine. */
static void proxies_are_trusted_or_not(void)
{
    struct options options;
    options_init(&options);
    struct settings *settings = settings_new(&options, 0);
    struct address here = {.family = ADDRESS_IPV4, .ip = {127, 0, 0, 1}};
    struct address there = {.family = ADDRESS_IPV4, .ip = {10, 0, 0, 1}};
    CHECK(settings_trust(settings, &here));
    CHECK(!settings_trust(settings, &there));
    REQUIRE(network_parse("10.0.0.0/8", &settings->proxies.trusted[0]));
    settings->proxies.trusted_count = 1;
    CHECK(!settings_trust(settings, &here));
    CHECK(settings_trust(settings, &there));
    settings_unref(settings);
}

int main(void)
{
    RUN(references_are_counted);
    RUN(listeners_are_owned);
    RUN(configuration_arrives);
    RUN(proxies_are_trusted_or_not);
    return check_result();
}
