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

static void types_add_up(void)
{
    begin();
    CHECK_EQ(config.log_levels, LOG_UP_TO(LEVEL_INFO));
    set("log_type", "error");
    set("log_type", "notice");
    CHECK_EQ(config.log_levels, LOG_ONLY(LEVEL_ERROR) | LOG_ONLY(LEVEL_NOTICE));
    set_at(RANK_COMMAND, "log_type", "none");
    CHECK_EQ(config.log_levels, 0);
    set_at(RANK_COMMAND, "log_type", "all");
    CHECK_EQ(config.log_levels, LOG_UP_TO(LEVEL_DEBUG));
    set("log_type", "much");
    check_error("not 'much'");
}

static void time_and_facility_reach_the_log(void)
{
    begin();
    CHECK(config_log(&config).time_format == NULL);
    CHECK_EQ(config_log(&config).facility, -1);
    set("log_timestamp_format", "%H:%M");
    set("log_facility", "5");
    CHECK_STR(config_log(&config).time_format, "%H:%M");
    CHECK_EQ(config_log(&config).facility, 5);
    set("log_facility", "8");
    check_error("log_facility");
}

int main(void)
{
    RUN(time_and_facility_reach_the_log);
    RUN(places_add_up);
    RUN(types_add_up);
    begin();
    return check_result();
}
