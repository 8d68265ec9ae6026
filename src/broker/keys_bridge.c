/* keys_bridge.c - a client of another broker inside this one. See keys.h.
 *
 * There are none yet, so a bridge is refused: once, by its `connection` line,
 * however many lines it has. */
#include "broker/keys_row.h"

#define BRIDGE(key)                                                            \
    {                                                                          \
        .name = key, .kind = KEY_REFUSED, .scope = SCOPE_BRIDGE,               \
        .help = "part of a bridge", .refused = "part of a bridge"              \
    }

const struct key keys_bridge[] = {
    {.name = "connection",
     .kind = KEY_REFUSED,
     .help = "this version has no bridges",
     .refused = "this version has no bridges: remove this line and those of "
                "the bridge below it, or let a client subscribe there and "
                "publish here"},
    BRIDGE("address"),
    BRIDGE("addresses"),
    BRIDGE("topic"),
    BRIDGE("bridge_*"),
    BRIDGE("cleansession"),
    BRIDGE("clientid"),
    BRIDGE("idle_timeout"),
    BRIDGE("keepalive_interval"),
    BRIDGE("local_cleansession"),
    BRIDGE("local_clientid"),
    BRIDGE("local_password"),
    BRIDGE("local_username"),
    BRIDGE("notifications"),
    BRIDGE("notifications_local_only"),
    BRIDGE("notification_topic"),
    BRIDGE("password"),
    BRIDGE("remote_clientid"),
    BRIDGE("remote_password"),
    BRIDGE("remote_username"),
    BRIDGE("restart_timeout"),
    BRIDGE("round_robin"),
    BRIDGE("start_type"),
    BRIDGE("threshold"),
    BRIDGE("try_private"),
    BRIDGE("username"),
    END,
};
