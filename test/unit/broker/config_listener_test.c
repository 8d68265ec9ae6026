/* config_listener_test.c - what the core is told about a listener. */
#include "broker/config_listener.h"
#include "check.h"
#include "core/options.h"

/* A listener that nothing is said about is what the core has by itself. */
static void defaults_are_the_cores(void)
{
    struct config_listener listener;
    struct options options;
    struct options_listener out;
    config_listener_init(&listener);
    options_init(&options);
    listener.entry.anonymous = ANONYMOUS_YES;
    config_listener_options(&listener, &out);
    CHECK(memcmp(&out, &options.listener, sizeof out) == 0);
}

static void everything_is_told(void)
{
    struct config_listener listener;
    struct options_listener out;
    config_listener_init(&listener);
    listener.entry.anonymous = ANONYMOUS_NO;
    listener.use_username_as_clientid = true;
    listener.protocols = SPEAKS_50;
    memcpy(listener.own_auto_id_prefix, "own-", 5);
    memcpy(listener.entry.clientid_prefixes, "device-", 8);
    memcpy(listener.mount_point, "site/", 6);
    config_listener_options(&listener, &out);
    CHECK(!out.allow_anonymous && out.use_username_as_clientid);
    CHECK_EQ(out.protocols, SPEAKS_50);
    CHECK_STR(out.auto_id_prefix, "own-");
    CHECK_STR(out.clientid_prefixes, "device-");
    CHECK_STR(out.mount_point, "site/");
}

static void paths_are_no_names(void)
{
    CHECK(config_host_is_path("/run/mogi.sock"));
    CHECK(config_host_is_path("./mqtt"));
    CHECK(config_host_is_path("1883.sock"));
    CHECK(!config_host_is_path(""));
    CHECK(!config_host_is_path(".sock"));
    CHECK(!config_host_is_path("127.0.0.1"));
    CHECK(!config_host_is_path("sock.example.org"));
}

int main(void)
{
    RUN(defaults_are_the_cores);
    RUN(everything_is_told);
    RUN(paths_are_no_names);
    return check_result();
}
