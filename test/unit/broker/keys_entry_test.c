/* keys_entry_test.c - who may come in, everywhere or at one listener. */
#include "config_kit.h"

static void holds_for_all_listeners(void)
{
    begin();
    set("listener", "1884");
    set("allow_anonymous", "true");
    set("listener", "1885");
    config_settle(&config, &reports);
    CHECK_EQ(config.listeners[0].entry.anonymous, ANONYMOUS_YES);
    CHECK_EQ(config.listeners[1].entry.anonymous, ANONYMOUS_YES);
}

static void holds_for_each_listener(void)
{
    begin();
    set("per_listener_settings", "true");
    set("listener", "1884");
    set("allow_anonymous", "true");
    set("listener", "1885");
    set("listener_allow_anonymous", "false");
    config_settle(&config, &reports);
    CHECK_EQ(config.listeners[0].entry.anonymous, ANONYMOUS_YES);
    CHECK_EQ(config.listeners[1].entry.anonymous, ANONYMOUS_UNSAID);
    CHECK_EQ(config.listeners[1].own_anonymous, ANONYMOUS_NO);
    CHECK_EQ(reports.errors.count, 0);
}

static void comes_before_what_it_decides(void)
{
    begin();
    set("allow_anonymous", "true");
    set("per_listener_settings", "false");
    CHECK_EQ(reports.errors.count, 0);
    set("per_listener_settings", "true");
    check_error("must stand above the keys");
    set("per_listener_settings", "perhaps");
    check_error("not 'perhaps'");
    set("allow_anonymous", "perhaps");
    check_error("allow_anonymous is \"true\" or \"false\", not 'perhaps'");
}

/* It goes into packets, where bytes that are no text end connections. */
static void given_ids_are_text(void)
{
    begin();
    set("auto_id_prefix", "m\xc3\xb6-");
    CHECK_EQ(reports.errors.count, 0);
    set("auto_id_prefix", "m\xf6-");
    check_error("auto_id_prefix is no UTF-8");
    CHECK_STR(config.common.entry.auto_id_prefix, "m\xc3\xb6-");
}

int main(void)
{
    RUN(holds_for_all_listeners);
    RUN(holds_for_each_listener);
    RUN(given_ids_are_text);
    RUN(comes_before_what_it_decides);
    begin();
    return check_result();
}
