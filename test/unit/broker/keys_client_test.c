/* keys_client_test.c - what clients may do. */
#include "config_kit.h"

static void values_arrive(void)
{
    begin();
    set("max_qos", "1");
    set("queue_overflow", "oldest");
    set("persistent_client_expiration", "2h");
    CHECK_EQ(config.options.listener.max_qos, 1);
    CHECK_EQ(config.options.queue_overflow, OVERFLOW_OLDEST);
    CHECK_EQ(config.options.persistent_client_expiration_s, 7200);
    set("max_topic_alias", "65536");
    check_error("max_topic_alias is 0 to 65535, not 65536");
}

int main(void)
{
    RUN(values_arrive);
    begin();
    return check_result();
}
