/* keys.c - see keys.h. */
#include "broker/keys.h"

#include "broker/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member)                                                             \
    .offset = offsetof(struct config, member),                                 \
    .size = sizeof(((struct config *)0)->member)

#define ROW(key, sort, standard, text, ...)                                    \
    {                                                                          \
        .name = key, .kind = sort, .fallback = standard, .help = text,         \
        __VA_ARGS__                                                            \
    }

/* What a reload changes, and, FIXED, what only a restart does. */
#define LIVE .reloadable = true
#define BOOL(key, member, standard, text)                                      \
    ROW(key, KEY_BOOL, standard, text, AT(member), LIVE)
#define FIXED_BOOL(key, member, standard, text)                                \
    ROW(key, KEY_BOOL, standard, text, AT(member))
#define NUMBER(key, member, low, high, standard, text)                         \
    ROW(key, KEY_NUMBER, standard, text, AT(member), .min = low, .max = high,  \
        LIVE)
#define FIXED_NUMBER(key, member, low, high, standard, text)                   \
    ROW(key, KEY_NUMBER, standard, text, AT(member), .min = low, .max = high)
#define LIMIT(key, member, high, standard, text)                               \
    ROW(key, KEY_LIMIT, standard, text, AT(member), .max = high, LIVE)
#define DURATION(key, member, standard, text)                                  \
    ROW(key, KEY_DURATION, standard, text, AT(member), LIVE)
#define WORD(key, member, list, standard, text)                                \
    ROW(key, KEY_WORD, standard, text, AT(member), .words = list, LIVE)
#define FIXED_WORD(key, member, list, standard, text)                          \
    ROW(key, KEY_WORD, standard, text, AT(member), .words = list)
#define TEXT(key, member, high, standard, text)                                \
    ROW(key, KEY_TEXT, standard, text, AT(member), .max = high, LIVE)
#define FIXED_TEXT(key, member, high, standard, text)                          \
    ROW(key, KEY_TEXT, standard, text, AT(member), .max = high)
#define CALL(key, function, standard, text)                                    \
    ROW(key, KEY_CALL, standard, text, .call = function, LIVE)
#define NOTE(key, text)                                                        \
    {                                                                          \
        .name = key, .kind = KEY_NOTE, .help = text                            \
    }
#define REFUSED(key, text)                                                     \
    {                                                                          \
        .name = key, .kind = KEY_REFUSED, .help = text                         \
    }

#define NO_TLS                                                                 \
    "this version has no TLS; put a TLS proxy in front of it, or remove the "  \
    "line"
#define NO_AUTH                                                                \
    "this version cannot check who clients are; use \"allow_anonymous true\" " \
    "on a network you trust, and remove the line"
#define NO_BRIDGE     "this version has no bridges; remove the bridge's lines"
#define NO_WEBSOCKETS "this version has no WebSockets; remove the line"
#define NO_PLUGIN     "mogi does not load Mosquitto's plugins; remove the line"
#define NO_PROXY                                                               \
    "this version does not read the PROXY protocol; remove the line, and "     \
    "switch it off in the proxy"
#define NO_SAVE                                                                \
    "without effect: what is acknowledged is saved already; see durability"

static key_call call_listener, call_port, call_bind_address, call_domain;
static key_call call_interface, call_protocol, call_anonymous;
static key_call call_log_dest, call_log_type, call_include;

const struct key keys[] = {
    /* Who may come, and where. */
    CALL("listener", call_listener, "127.0.0.1 and [::1], port 1883",
         "PORT [ADDRESS]: listen there; without address on all of them. "
         "\"0 /PATH\" is a Unix socket. May stand several times"),
    CALL("port", call_port, "1883",
         "port when there is no listener; in a file it is open to everybody"),
    CALL("bind_address", call_bind_address, "",
         "address for \"port\": a name or an IP address"),
    CALL("socket_domain", call_domain, "both",
         "ipv4 or ipv6: what the listener above resolves its address to"),
    CALL("bind_interface", call_interface, "",
         "network interface of the listener above"),
    CALL("protocol", call_protocol, "mqtt", "of the listener above: mqtt"),
    CALL("allow_anonymous", call_anonymous,
         "true while all listeners are on loopback",
         "true: anybody who can reach a listener may connect; false: nobody"),
    CALL("listener_allow_anonymous", call_anonymous, "", "as allow_anonymous"),
    LIMIT("max_connections", max_connections, 10000000, "-1",
          "connections at once, all listeners together; -1: no limit"),
    LIMIT("global_max_connections", max_connections, 10000000, "-1",
          "as max_connections"),

    /* What a client may do. */
    NUMBER("connect_timeout", options.connect_timeout_s, 1, 3600, "30",
           "s that a new connection has to send CONNECT"),
    NUMBER("max_keepalive", options.max_keepalive, 0, 65535, "0",
           "s: the longest keep alive; 0: as the client likes, even none"),
    BOOL("allow_zero_length_clientid", options.allow_zero_length_clientid,
         "true", "clients may leave their id to the broker"),
    TEXT("auto_id_prefix", options.auto_id_prefix, 50, "auto-",
         "how ids begin that the broker gives"),
    TEXT("listener_auto_id_prefix", options.auto_id_prefix, 50, "auto-",
         "as auto_id_prefix"),
    DURATION("persistent_client_expiration",
             options.persistent_client_expiration_s, "0",
             "how long a client that is away is remembered at most, as 12h, "
             "14d, 2w, 3m, 1y; 0: as long as it says"),
    NUMBER("max_packet_size", options.max_packet_size, 0, 268435460, "2000000",
           "bytes of the largest packet; 0: the protocol's limit"),
    NUMBER("message_size_limit", options.message_size_limit, 0, 268435455, "0",
           "bytes of the largest payload; 0: no limit"),
    NUMBER("max_topic_alias", options.max_topic_alias, 0, 65535, "10",
           "topic aliases that a client may use"),
    NUMBER("max_topic_alias_broker", options.max_topic_alias_broker, 0, 65535,
           "10", "topic aliases that the broker uses towards a client"),
    NUMBER("max_qos", options.max_qos, 0, 2, "2", "the highest QoS"),
    BOOL("retain_available", options.retain_available, "true",
         "messages may be retained"),
    BOOL("wildcard_subscriptions", options.wildcard_subscriptions, "true",
         "filters may hold + and #"),
    BOOL("shared_subscriptions", options.shared_subscriptions, "true",
         "filters may begin with $share/"),
    BOOL("check_payload_format", options.check_payload_format, "false",
         "refuse payloads that are said to be UTF-8 and are not"),
    NUMBER("max_topic_levels", options.max_topic_levels, 0, 65536, "200",
           "levels of wildcard filters and retained topics; 0: no limit"),
    NUMBER("max_subscriptions", options.max_subscriptions, 0, 10000000, "0",
           "subscriptions of one client; 0: no limit"),

    /* What is kept for a client. */
    NUMBER("max_inflight_messages", options.max_inflight_messages, 0, 65535,
           "20",
           "unacknowledged messages of QoS 1 and 2 to and from a client;"
           " 0: 65535"),
    NUMBER("receive_maximum", receive_maximum, 0, 65535, "0",
           "those from a client, if it shall differ; 0: the same"),
    NUMBER("max_inflight_bytes", options.max_inflight_bytes, 0, UINT64_MAX, "0",
           "bytes of unacknowledged messages to a client; 0: no limit"),
    NUMBER("max_queued_messages", options.max_queued_messages, 0, UINT32_MAX,
           "1000", "messages that wait for a client; 0: no limit"),
    NUMBER("max_queued_bytes", options.max_queued_bytes, 0, UINT64_MAX, "0",
           "bytes that wait for a client; 0: no limit"),
    WORD("queue_overflow", options.queue_overflow, "newest oldest", "newest",
         "which message goes when a queue is full: newest or oldest"),
    BOOL("queue_qos0_messages", options.queue_qos0_messages, "false",
         "keep QoS 0 messages for clients that are away"),
    BOOL("upgrade_outgoing_qos", options.upgrade_outgoing_qos, "false",
         "deliver at the QoS of the subscription, even if it is higher"),
    BOOL("allow_duplicate_messages", options.allow_duplicate_messages, "false",
         "a copy for each subscription that matches, not one for all"),
    NUMBER("retained_limit", options.retained_limit, 0, UINT32_MAX, "0",
           "retained messages of one thread; 0: no limit"),
    DURATION("retain_expiry_interval", options.retain_expiry_interval_s, "0",
             "how long a message is retained at most; 0: for ever"),

    /* The process. */
    FIXED_NUMBER("threads", threads, 0, 64, "0",
                 "threads that serve clients; 0: one for each processor"),
    FIXED_NUMBER("memory_limit", memory_limit, 0, UINT64_MAX, "0",
                 "bytes of memory above which new work is refused; 0: none"),
    NUMBER("sys_interval", options.sys_interval_s, 0, 65535, "10",
           "s between updates of $SYS; 0: no $SYS"),
    FIXED_TEXT("pid_file", pid_file, CONFIG_TEXT_MAX - 1, "",
               "file to write the process's number to"),
    CALL("include_dir", call_include, "",
         "read all files of this folder that end in .conf"),
    FIXED_BOOL("persistence", options.persistence, "false",
               "keep sessions, their messages and retained messages on disk"),
    FIXED_TEXT("persistence_location", persistence_location,
               CONFIG_TEXT_MAX - 1, ".",
               "folder to keep them in, in a folder \"mogi\" in it"),
    FIXED_BOOL("persistence_recover", persistence_recover, "false",
               "start although something on disk is broken: leave it out and "
               "log what is lost"),
    FIXED_WORD("durability", durability, "always everysec never", "always",
               "always: nothing is acknowledged before it is on disk; "
               "everysec: a power cut may cost the last second; never: it may "
               "cost more"),
    FIXED_TEXT("config_file", file, CONFIG_TEXT_MAX - 1, "", "this file"),

    /* The log. */
    CALL("log_dest", call_log_dest, "stderr",
         "stderr, stdout, syslog, \"file PATH\" or none; several add up"),
    CALL("log_type", call_log_type, "information",
         "error, warning, notice, information, debug, all or none"),
    FIXED_WORD("log_format", log_format, "text json", "text",
               "text, or json: an object on each line"),
    FIXED_BOOL("log_timestamp", log_timestamp, "true", "lines begin with time"),
    FIXED_BOOL("connection_messages", connection_messages, "true",
               "log who comes and goes"),

    /* Accepted: they change nothing here, or nothing yet. */
    NOTE("set_tcp_nodelay", "without effect: small packets always go at once"),
    NOTE("per_listener_settings", "without effect: settings are for all"),
    NOTE("persistence_file", "without effect: the store is a folder with "
                             "files of its own"),
    NOTE("autosave_interval", NO_SAVE),
    NOTE("autosave_on_changes", NO_SAVE),
    NOTE("retained_persistence", "without effect: see persistence"),
    NOTE("user", "without effect: mogi stays the user that starts it; set "
                 "User= in its systemd unit"),
    NOTE("log_timestamp_format", "without effect: times are as in ISO 8601"),
    NOTE("log_facility", "without effect: syslog lines go to \"daemon\""),
    NOTE("check_retain_source", "without effect as long as there is no acl"),
    NOTE("retry_interval", "without effect, as the standard asks: messages "
                           "are sent again when a client comes back"),
    NOTE("store_clean_interval", "without effect: nothing has to be cleaned"),
    NOTE("websockets_log_level", "without effect: no WebSockets yet"),
    NOTE("websockets_headers_size", "without effect: no WebSockets yet"),
    NOTE("packet_buffer_size", "without effect: connections have no buffer"),
    NOTE("global_max_clients", "without effect: see max_connections"),
    NOTE("enable_control_api", "without effect: there is no $CONTROL yet"),

    /* Refused: to go on without them would be wrong. */
    REFUSED("acl_file", NO_AUTH),
    REFUSED("password_file", NO_AUTH),
    REFUSED("psk_file", NO_TLS),
    REFUSED("psk_hint", NO_TLS),
    REFUSED("use_username_as_clientid", NO_AUTH),
    REFUSED("use_identity_as_username", NO_TLS),
    REFUSED("use_subject_as_username", NO_TLS),
    REFUSED("require_certificate", NO_TLS),
    REFUSED("clientid_prefixes", NO_AUTH),
    REFUSED("mount_point", "this version has no mount points; remove the line"),
    REFUSED("accept_protocol_versions",
            "this version speaks 3.1, 3.1.1 and 5.0 on every listener; remove "
            "the line"),
    REFUSED("cafile", NO_TLS),
    REFUSED("capath", NO_TLS),
    REFUSED("certfile", NO_TLS),
    REFUSED("keyfile", NO_TLS),
    REFUSED("crlfile", NO_TLS),
    REFUSED("ciphers", NO_TLS),
    REFUSED("ciphers_tls1.3", NO_TLS),
    REFUSED("dhparamfile", NO_TLS),
    REFUSED("disable_client_cert_date_checks", NO_TLS),
    REFUSED("tls_engine", NO_TLS),
    REFUSED("tls_engine_kpass_sha1", NO_TLS),
    REFUSED("tls_keyform", NO_TLS),
    REFUSED("tls_version", NO_TLS),
    REFUSED("enable_proxy_protocol", NO_PROXY),
    REFUSED("proxy_protocol_v2_require_tls", NO_PROXY),
    REFUSED("http_dir", NO_WEBSOCKETS),
    REFUSED("http_api", NO_WEBSOCKETS),
    REFUSED("websockets_origin", NO_WEBSOCKETS),
    REFUSED("auth_plugin", NO_PLUGIN),
    REFUSED("auth_plugin_deny_special_chars", NO_PLUGIN),
    REFUSED("auth_opt_*", NO_PLUGIN),
    REFUSED("plugin", NO_PLUGIN),
    REFUSED("plugin_load", NO_PLUGIN),
    REFUSED("plugin_use", NO_PLUGIN),
    REFUSED("plugin_opt_*", NO_PLUGIN),
    REFUSED("global_plugin", NO_PLUGIN),
    REFUSED("connection", NO_BRIDGE),
    REFUSED("address", NO_BRIDGE),
    REFUSED("addresses", NO_BRIDGE),
    REFUSED("topic", NO_BRIDGE),
    REFUSED("bridge_*", NO_BRIDGE),
    REFUSED("cleansession", NO_BRIDGE),
    REFUSED("clientid", NO_BRIDGE),
    REFUSED("idle_timeout", NO_BRIDGE),
    REFUSED("keepalive_interval", NO_BRIDGE),
    REFUSED("local_cleansession", NO_BRIDGE),
    REFUSED("local_clientid", NO_BRIDGE),
    REFUSED("local_password", NO_BRIDGE),
    REFUSED("local_username", NO_BRIDGE),
    REFUSED("notifications", NO_BRIDGE),
    REFUSED("notifications_local_only", NO_BRIDGE),
    REFUSED("notification_topic", NO_BRIDGE),
    REFUSED("password", NO_BRIDGE),
    REFUSED("remote_clientid", NO_BRIDGE),
    REFUSED("remote_password", NO_BRIDGE),
    REFUSED("remote_username", NO_BRIDGE),
    REFUSED("restart_timeout", NO_BRIDGE),
    REFUSED("round_robin", NO_BRIDGE),
    REFUSED("start_type", NO_BRIDGE),
    REFUSED("threshold", NO_BRIDGE),
    REFUSED("try_private", NO_BRIDGE),
    REFUSED("username", NO_BRIDGE),
    {.name = NULL},
};

const struct key *key_find(const char *name)
{
    for (const struct key *key = keys; key->name != NULL; key++) {
        size_t size = strlen(key->name);
        if (key->name[size - 1] == '*') {
            if (strncmp(key->name, name, size - 1) == 0) return key;
        } else if (strcmp(key->name, name) == 0) {
            return key;
        }
    }
    return NULL;
}

const char *key_nearest(const char *name)
{
    const char *nearest = NULL;
    unsigned least = (unsigned)strlen(name) / 3 + 1;
    for (const struct key *key = keys; key->name != NULL; key++) {
        unsigned distance = value_distance(name, key->name);
        if (distance > least) continue;
        if (nearest != NULL && distance == least) continue;
        nearest = key->name;
        least = distance;
    }
    return nearest;
}

static void text_copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

/* "PORT [ADDRESS]". */
static void call_listener(struct config *config, const char *value,
                          const struct config_place *place,
                          struct config_reports *reports)
{
    if (place->rank > config->listener_rank) config->listener_count = 0;
    config->listener_rank = place->rank;
    size_t port_size = strcspn(value, " \t");
    const char *host = value + port_size + strspn(value + port_size, " \t");
    char digits[8];
    (void)snprintf(digits, sizeof digits, "%.*s", (int)port_size, value);
    uint64_t port;
    if (port_size > 5 || value_number(digits, &port) != NULL || port > 65535) {
        config_say(&reports->errors, place,
                   "listener begins with a port, 0 to 65535, not '%.*s'",
                   (int)port_size, value);
        return;
    }
    if (strlen(host) >= CONFIG_TEXT_MAX) {
        config_say(&reports->errors, place,
                   "the listener's address is longer "
                   "than any can be");
        return;
    }
    if (config->listener_count == CONFIG_LISTENERS_MAX) {
        config_say(&reports->errors, place, "there are more than %d listeners",
                   CONFIG_LISTENERS_MAX);
        return;
    }
    struct config_listener *listener =
        &config->listeners[config->listener_count++];
    *listener = (struct config_listener){.port = (uint16_t)port};
    text_copy(listener->host, sizeof listener->host, host);
}

/* A port in a file means everybody, as for Mosquitto; one that is typed with
 * the command, or put into the environment, means this machine. */
static void call_port(struct config *config, const char *value,
                      const struct config_place *place,
                      struct config_reports *reports)
{
    uint64_t port;
    if (value_number(value, &port) != NULL || port > 65535) {
        config_say(&reports->errors, place,
                   "port is a number from 0 to 65535, not '%s'", value);
        return;
    }
    if (place->rank > config->listener_rank) config->listener_count = 0;
    config->port = (uint32_t)port;
    config->port_set = true;
    config->port_open = place->rank == RANK_FILE;
}

static void call_bind_address(struct config *config, const char *value,
                              const struct config_place *place,
                              struct config_reports *reports)
{
    if (strlen(value) >= CONFIG_TEXT_MAX) {
        config_say(&reports->errors, place, "bind_address is too long");
        return;
    }
    text_copy(config->bind_address, sizeof config->bind_address, value);
    config->port_set = true;
}

/* The listener that a key after it is about, or NULL and a message. */
static struct config_listener *listener_above(struct config *config,
                                              const char *key,
                                              const struct config_place *place,
                                              struct config_reports *reports)
{
    if (config->listener_count > 0) {
        return &config->listeners[config->listener_count - 1];
    }
    config_say(&reports->errors, place,
               "%s belongs to a listener: write a \"listener\" line above it",
               key);
    return NULL;
}

static void call_domain(struct config *config, const char *value,
                        const struct config_place *place,
                        struct config_reports *reports)
{
    uint64_t index;
    if (value_word(value, "ipv4 ipv6", &index) != NULL) {
        config_say(&reports->errors, place,
                   "socket_domain is ipv4 or ipv6, not '%s'", value);
        return;
    }
    struct config_listener *listener =
        listener_above(config, "socket_domain", place, reports);
    if (listener == NULL) return;
    listener->family = index == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6;
}

static void call_interface(struct config *config, const char *value,
                           const struct config_place *place,
                           struct config_reports *reports)
{
    struct config_listener *listener =
        listener_above(config, "bind_interface", place, reports);
    if (listener == NULL) return;
    if (strlen(value) >= sizeof listener->interface) {
        config_say(&reports->errors, place, "no interface is called '%s'",
                   value);
        return;
    }
    text_copy(listener->interface, sizeof listener->interface, value);
}

static void call_protocol(struct config *config, const char *value,
                          const struct config_place *place,
                          struct config_reports *reports)
{
    (void)config;
    if (strcmp(value, "mqtt") == 0) return;
    config_say(&reports->errors, place,
               "protocol '%s' is not in this version: only mqtt is", value);
}

static void call_anonymous(struct config *config, const char *value,
                           const struct config_place *place,
                           struct config_reports *reports)
{
    bool *allow = &config->options.allow_anonymous;
    const char *want = value_bool(value, allow);
    config->anonymous_set = true;
    if (want != NULL) {
        config_say(&reports->errors, place, "allow_anonymous is %s, not '%s'",
                   want, value);
    } else if (!*allow) {
        config_say(&reports->notes, place,
                   "allow_anonymous false refuses everybody: this version "
                   "cannot check who clients are. To let in whoever can reach "
                   "a listener: \"allow_anonymous true\"");
    }
}

static void call_log_dest(struct config *config, const char *value,
                          const struct config_place *place,
                          struct config_reports *reports)
{
    if (place->rank > config->log_dest_rank) {
        config->log_stderr = config->log_stdout = false;
        config->log_syslog = config->log_none = false;
        config->log_file[0] = '\0';
    }
    config->log_dest_rank = place->rank;
    if (strcmp(value, "stderr") == 0) {
        config->log_stderr = true;
    } else if (strcmp(value, "stdout") == 0) {
        config->log_stdout = true;
    } else if (strcmp(value, "syslog") == 0) {
        config->log_syslog = true;
    } else if (strcmp(value, "none") == 0) {
        config->log_none = true;
    } else if (strncmp(value, "file ", 5) == 0 && value[5] != '\0' &&
               strlen(value) - 5 < sizeof config->log_file) {
        text_copy(config->log_file, sizeof config->log_file, value + 5);
    } else if (strcmp(value, "topic") == 0 || strcmp(value, "dlt") == 0) {
        config_say(&reports->notes, place,
                   "log_dest %s is not in this version, and left out", value);
    } else {
        config_say(&reports->errors, place,
                   "log_dest is stderr, stdout, syslog, none or \"file PATH\","
                   " not '%s'",
                   value);
    }
}

/* Mosquitto adds types up; here the least important of them is the level. */
static void call_log_type(struct config *config, const char *value,
                          const struct config_place *place,
                          struct config_reports *reports)
{
    static const enum log_level levels[] = {
        LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO,
        LEVEL_DEBUG, LEVEL_DEBUG,   LEVEL_DEBUG,  LEVEL_DEBUG,
        LEVEL_DEBUG, LEVEL_DEBUG,   LEVEL_ERROR};
    uint64_t index;
    if (value_word(value,
                   "error warning notice information debug all subscribe "
                   "unsubscribe websockets internal none",
                   &index) != NULL) {
        config_say(&reports->errors, place,
                   "log_type is error, warning, notice, information, debug, "
                   "all or none, not '%s'",
                   value);
        return;
    }
    enum log_level level = levels[index];
    bool first = place->rank > config->log_type_rank;
    config->log_type_rank = place->rank;
    if (strcmp(value, "none") == 0) config->log_none = true;
    if (first || level > config->log_level) config->log_level = level;
}

static void call_include(struct config *config, const char *value,
                         const struct config_place *place,
                         struct config_reports *reports)
{
    config_folder(config, value, place, reports);
}
