/* keys_limits.c - limits against abuse. See keys.h. */
#include "broker/door.h"
#include "broker/keys_row.h"
#include "broker/value.h"

#include <string.h>

enum { CONNECTIONS_MAX = 10000000 };

static key_call call_address_connections;

const struct key keys_limits[] = {
    LIMIT("max_connections", IN(max_connections), CONNECTIONS_MAX, "-1",
          "connections of the listener at once; -1: no limit"),
    LIMIT("global_max_connections", AT(max_connections), CONNECTIONS_MAX, "-1",
          "connections of all listeners at once; -1: no limit"),
    ROW("max_connections_per_address", KEY_CALL, "half of all there may be",
        "connections at once from one IPv4 address or IPv6 /64; -1: no limit; "
        "this machine's own addresses have none",
        FORM("NUMBER"), AT(max_connections_per_address),
        .call = call_address_connections, LIVE),
    LIMIT("max_connections_per_user", AT(max_connections_per_user),
          CONNECTIONS_MAX, "-1",
          "connections at once under one user name; -1: no limit"),
    LIMIT("connect_rate_per_address", AT(connect_rate_per_address), 1000000,
          "1000",
          "new connections in a second from one address, of which four "
          "seconds' worth may come at once; -1: no limit; this machine's own "
          "addresses have none"),
    NUMBER("connect_timeout", AT(options.connect_timeout_s), 1, 3600, "30",
           "seconds that a new connection has to send CONNECT and be let in"),
    NUMBER("flapping_count", AT(options.flapping_count), 0, UINT32_MAX, "1000",
           "times that one client id may come in flapping_window; 0: any"),
    NUMBER("flapping_window", AT(options.flapping_window_s), 1, 86400, "60",
           "seconds in which they are counted"),
    NUMBER("flapping_hold", AT(options.flapping_hold_s), 1, 86400, "60",
           "seconds for which an id that came more often is held off"),
    NUMBER("max_packets_per_second", AT(options.max_packets_per_second), 0,
           1000000, "0",
           "packets of one client in a second; what is more waits in its "
           "socket; 0: no limit"),
    NUMBER("max_bytes_per_second", AT(options.max_bytes_per_second), 0,
           UINT32_MAX, "0", "the same in bytes; 0: no limit"),
    WORD("rate_overflow", AT(options.rate_overflow), "pause disconnect",
         "pause",
         "pause: who sends more is read more slowly; disconnect: it is told "
         "and disconnected"),
    NUMBER("max_packet_size", AT(options.max_packet_size), 0, 268435460,
           "2000000", "bytes of the largest packet; 0: the protocol's limit"),
    NUMBER("message_size_limit", AT(options.message_size_limit), 0, 268435455,
           "0", "bytes of the largest payload; 0: no limit"),
    NUMBER("max_topic_bytes", AT(options.max_topic_bytes), 0, 65535, "0",
           "bytes of the longest topic or filter; 0: the protocol's limit"),
    NUMBER("max_topic_levels", AT(options.max_topic_levels), 0, 65536, "200",
           "levels of wildcard filters and retained topics; 0: no limit"),
    NUMBER("max_subscriptions", AT(options.max_subscriptions), 0, 10000000, "0",
           "subscriptions of one client; 0: no limit"),
    NUMBER("retained_limit", AT(retained_limit), 0, UINT32_MAX, "0",
           "retained messages; 0: no limit"),
    NUMBER("retained_bytes_limit", AT(retained_bytes_limit), 0, UINT64_MAX, "0",
           "bytes of their payloads; 0: no limit"),
    FIXED_NUMBER("memory_limit", AT(memory_limit), 0, UINT64_MAX, "0",
                 "bytes of memory: from seven eighths on, new clients and big "
                 "messages are refused and publishers slowed, above it all "
                 "new work is refused; 0: none"),
    END,
};

/* "-1", or a number; 0 is what is said when nothing is. */
static void call_address_connections(const struct setting *setting)
{
    uint64_t count;
    struct config *config = setting->config;
    if (strcmp(setting->value, "-1") == 0) {
        config->max_connections_per_address = DOOR_ANY;
    } else if (value_number(setting->value, &count) != NULL || count == 0 ||
               count > CONNECTIONS_MAX) {
        setting_error(setting,
                      "max_connections_per_address is 1 to %d, or -1, not "
                      "'%s'",
                      CONNECTIONS_MAX, setting->value);
    } else {
        config->max_connections_per_address = (uint32_t)count;
    }
}
