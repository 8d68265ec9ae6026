/* keys_client_test.c - what clients may do. */
#include "config_kit.h"

static void values_arrive(void)
{
    begin();
    set("max_keepalive", "60");
    set("queue_overflow", "oldest");
    set("persistent_client_expiration", "2h");
    CHECK_EQ(config.options.max_keepalive, 60);
    CHECK_EQ(config.options.queue_overflow, OVERFLOW_OLDEST);
    CHECK_EQ(config.options.persistent_client_expiration_s, 7200);
    set("max_keepalive", "65536");
    check_error("max_keepalive is 0 to 65535, not 65536");
}

int main(void)
{
    RUN(values_arrive);
    begin();
    return check_result();
}
