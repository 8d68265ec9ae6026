/* keys_process_test.c - what the program as a whole is told. */
#include "config_kit.h"

static void values_arrive(void)
{
    begin();
    set("threads", "3");
    set("durability", "everysec");
    set("pid_file", "/run/x");
    CHECK_EQ(config.threads, 3);
    CHECK_EQ(config.durability, 1);
    CHECK_STR(config.pid_file, "/run/x");
    set("user", "nobody");
    set("umask", "0027");
    CHECK_STR(config.user, "nobody");
    CHECK_EQ(config.umask, 027);
    set("umask", "28");
    check_error("umask is octal, 0 to 0777, not '28'");
    set("umask", "1000");
    check_error("umask is octal");
    set("threads", "65");
    check_error("threads is 0 to 64, not 65");
    set("include_dir", "/no/such");
    check_error("include_dir: cannot read folder /no/such");
}

int main(void)
{
    RUN(values_arrive);
    begin();
    return check_result();
}
