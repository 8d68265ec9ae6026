/* keys_past_test.c - what has no place here is said, and why. */
#include "config_kit.h"

static void some_are_noted_and_some_refused(void)
{
    begin();
    set("autosave_interval", "5");
    CHECK_EQ(reports.errors.count, 0);
    REQUIRE(reports.notes.count == 1);
    CHECK_STR(reports.notes.lines[0],
              "test:1: autosave_interval is without effect: what is "
              "acknowledged is saved already; see durability");
    set("plugin", "/x.so");
    check_error("plugin: mogi does not load Mosquitto's plugins");
}

int main(void)
{
    RUN(some_are_noted_and_some_refused);
    begin();
    return check_result();
}
