/* options_test.c - the defaults are those that Mosquitto's clients expect. */
#include "check.h"
#include "core/options.h"

static void defaults(void)
{
    struct options options;
    memset(&options, 0xff, sizeof options);
    options_init(&options);
    CHECK_EQ(options.max_packet_size, 2000000);
    CHECK_EQ(options.max_topic_alias, 10);
    CHECK_EQ(options.receive_maximum, 20);
    CHECK_EQ(options.max_inflight_messages, 20);
    CHECK_EQ(options.max_queued_messages, 1000);
    CHECK_EQ(options.max_qos, 2);
    CHECK_EQ(options.sys_interval_s, 10);
    CHECK_EQ(options.max_keepalive, 0);
    CHECK_STR(options.auto_id_prefix, "auto-");
    CHECK(options.allow_zero_length_clientid);
    CHECK(options.retain_available);
    CHECK(options.wildcard_subscriptions && options.shared_subscriptions);
    CHECK(!options.queue_qos0_messages && !options.upgrade_outgoing_qos);
    CHECK(options.connect_timeout_s > 0);
    CHECK(!options.persistence);
}

int main(void)
{
    RUN(defaults);
    return check_result();
}
