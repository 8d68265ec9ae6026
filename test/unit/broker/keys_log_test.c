/* keys_log_test.c - where the log goes. */
#include "config_kit.h"

static void places_add_up(void)
{
    begin();
    set("log_dest", "stdout");
    set("log_dest", "file /tmp/x y");
    CHECK(config.log_stdout && !config.log_stderr);
    CHECK_STR(config.log_file, "/tmp/x y");
    set_at(RANK_COMMAND, "log_dest", "syslog");
    CHECK(config.log_syslog && !config.log_stdout);
    CHECK_STR(config.log_file, "");
    set("log_dest", "elsewhere");
    check_error("not 'elsewhere'");
}

static void the_least_important_type_is_the_level(void)
{
    begin();
    set("log_type", "error");
    set("log_type", "notice");
    set("log_type", "warning");
    CHECK_EQ(config.log_level, LEVEL_NOTICE);
    set("log_type", "much");
    check_error("not 'much'");
}

int main(void)
{
    RUN(places_add_up);
    RUN(the_least_important_type_is_the_level);
    begin();
    return check_result();
}
