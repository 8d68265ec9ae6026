/* options_test.c - the defaults are those that Mosquitto's clients expect. */
#include "check.h"
#include "core/options.h"

static void defaults(void)
{
    struct options options;
    memset(&options, 0xff, sizeof options);
    options_init(&options);
    CHECK_EQ(options.max_packet_size, 2000000);
    CHECK_EQ(options.listener.max_topic_alias, 10);
    CHECK_EQ(options.receive_maximum, 20);
    CHECK_EQ(options.max_inflight_messages, 20);
    CHECK_EQ(options.max_queued_messages, 1000);
    CHECK_EQ(options.listener.max_qos, 2);
    CHECK_EQ(options.sys_interval_s, 10);
    CHECK_EQ(options.max_keepalive, 0);
    CHECK_STR(options.listener.auto_id_prefix, "auto-");
    CHECK(options.listener.allow_zero_length_clientid);
    CHECK(options.retain_available);
    CHECK(options.wildcard_subscriptions && options.shared_subscriptions);
    CHECK(!options.queue_qos0_messages && !options.upgrade_outgoing_qos);
    CHECK(options.connect_timeout_s > 0);
    CHECK(!options.persistence);
}

/* Who comes through a listener that is not in the list has the first set. */
static void listeners(void)
{
    struct options_listener list[2] = {{.max_qos = 0}, {.max_qos = 1}};
    struct options options;
    options_init(&options);
    CHECK(options_of(&options, 0) == &options.listener);
    CHECK(options.listener.allow_anonymous && !options.listener.ask);
    CHECK_EQ(options.listener.protocols, SPEAKS_ALL);
    options.listeners = list;
    options.listener_count = 2;
    CHECK(options_of(&options, 1) == &list[1]);
    CHECK(options_of(&options, 2) == &options.listener);
}

int main(void)
{
    RUN(defaults);
    RUN(listeners);
    return check_result();
}
