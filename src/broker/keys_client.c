/* keys_client.c - what a client may do, and what is kept for it. See keys.h. */
#include "broker/keys_row.h"

const struct key keys_client[] = {
    NUMBER(
        "max_keepalive", AT(options.max_keepalive), 0, 65535, "0",
        "seconds of the longest keep alive; 0: as the client likes, even none"),
    DURATION("persistent_client_expiration",
             AT(options.persistent_client_expiration_s), "0",
             "how long a client that is away is remembered at most, as 12h, "
             "14d, 2w, 3m, 1y; 0: as long as it says"),
    BOOL("retain_available", AT(options.retain_available), "true",
         "messages may be retained"),
    BOOL("wildcard_subscriptions", AT(options.wildcard_subscriptions), "true",
         "filters may hold + and #"),
    BOOL("shared_subscriptions", AT(options.shared_subscriptions), "true",
         "filters may begin with $share/"),
    BOOL("check_payload_format", AT(options.check_payload_format), "false",
         "refuse payloads that are said to be UTF-8 and are not"),
    NUMBER("max_inflight_messages", AT(options.max_inflight_messages), 0, 65535,
           "20",
           "unacknowledged messages of QoS 1 and 2 to and from a client;"
           " 0: 65535"),
    NUMBER("receive_maximum", AT(receive_maximum), 0, 65535, "0",
           "those from a client, if it shall differ; 0: the same"),
    NUMBER("max_inflight_bytes", AT(options.max_inflight_bytes), 0, UINT64_MAX,
           "0", "bytes of unacknowledged messages to a client; 0: no limit"),
    NUMBER("max_queued_messages", AT(options.max_queued_messages), 0,
           UINT32_MAX, "1000",
           "messages that wait for a client, not those in flight; 0: no limit"),
    NUMBER("max_queued_bytes", AT(options.max_queued_bytes), 0, UINT64_MAX, "0",
           "bytes of those messages; 0: no limit"),
    WORD("queue_overflow", AT(options.queue_overflow), "newest oldest",
         "newest", "which message goes when a queue is full: newest or oldest"),
    NUMBER("queue_memory_messages", AT(options.queue_memory_messages), 1,
           UINT32_MAX, "256",
           "messages of one client's queue that are in memory, when all are "
           "on disk"),
    BOOL("queue_qos0_messages", AT(options.queue_qos0_messages), "false",
         "keep QoS 0 messages for clients that are away"),
    BOOL("upgrade_outgoing_qos", AT(options.upgrade_outgoing_qos), "false",
         "deliver at the QoS of the subscription, even if it is higher"),
    BOOL("allow_duplicate_messages", AT(options.allow_duplicate_messages),
         "false", "a copy for each subscription that matches, not one for all"),
    DURATION("retain_expiry_interval", AT(options.retain_expiry_interval_s),
             "0", "how long a message is retained at most; 0: for ever"),
    END,
};
