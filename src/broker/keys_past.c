/* keys_past.c - keys of Mosquitto that have no place here, and why.
 * See keys.h. */
#include "broker/keys_row.h"

#define NO_WEBSOCKETS "this version has no WebSockets; remove the line"
#define NO_PLUGIN     "mogi does not load Mosquitto's plugins; remove the line"
#define NO_SAVE                                                                \
    "without effect: what is acknowledged is saved already; see durability"

const struct key keys_past[] = {
    /* Accepted: they change nothing here, or nothing yet. */
    NOTE("set_tcp_nodelay", "without effect: small packets always go at once"),
    NOTE("persistence_file", "without effect: the store is a folder with "
                             "files of its own"),
    NOTE("autosave_interval", NO_SAVE),
    NOTE("autosave_on_changes", NO_SAVE),
    NOTE("retained_persistence", "without effect: see persistence"),
    NOTE("retry_interval", "without effect, as the standard asks: messages "
                           "are sent again when a client comes back"),
    NOTE("store_clean_interval", "without effect: nothing has to be cleaned"),
    NOTE("websockets_log_level", "without effect: no WebSockets yet"),
    NOTE("websockets_headers_size", "without effect: no WebSockets yet"),
    NOTE("packet_buffer_size", "without effect: connections have no buffer"),
    NOTE("global_max_clients", "without effect: see max_connections"),
    NOTE("enable_control_api", "without effect: there is no $CONTROL yet"),

    /* Refused: to go on without them would be wrong. */
    REFUSED("http_api", NO_WEBSOCKETS),
    REFUSED("auth_plugin", NO_PLUGIN),
    REFUSED("auth_plugin_deny_special_chars", NO_PLUGIN),
    REFUSED("auth_opt_*", NO_PLUGIN),
    REFUSED("plugin", NO_PLUGIN),
    REFUSED("plugin_load", NO_PLUGIN),
    REFUSED("plugin_use", NO_PLUGIN),
    REFUSED("plugin_opt_*", NO_PLUGIN),
    REFUSED("global_plugin", NO_PLUGIN),
    END,
};
