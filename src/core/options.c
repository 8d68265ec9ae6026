/* options.c - see options.h. */
#include "core/options.h"

#include <string.h>

void options_init(struct options *options)
{
    *options = (struct options){
        .listener = {.allow_anonymous = true,
                     .protocols = SPEAKS_ALL,
                     .max_qos = 2,
                     .max_topic_alias = 10,
                     .max_topic_alias_broker = 10,
                     .allow_zero_length_clientid = true,
                     .auto_id_prefix = "auto-"},
        .connect_timeout_s = 30,
        .max_packet_size = 2000000,
        .retain_available = true,
        .wildcard_subscriptions = true,
        .shared_subscriptions = true,
        .max_topic_levels = 200,
        .receive_maximum = 20,
        .max_inflight_messages = 20,
        .max_queued_messages = 1000,
        .queue_overflow = OVERFLOW_NEWEST,
        .queue_memory_messages = 256,
        .check_retain_source = true,
        .flapping_count = 1000,
        .flapping_window_s = 60,
        .flapping_hold_s = 60,
        .sys_interval_s = 10,
    };
}
