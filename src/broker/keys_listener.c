/* keys_listener.c - where clients come in. See keys.h. */
#include "broker/keys_row.h"
#include "broker/value.h"

#include <stdio.h>
#include <string.h>

#define NO_WEBSOCKETS "this version has no WebSockets; remove the line"

static key_call call_listener, call_port, call_bind_address, call_domain;
static key_call call_protocol, call_protocols, call_mount_point;
static key_call call_trusted;

const struct key keys_listener[] = {
    CALL("listener", call_listener, "127.0.0.1 and [::1], port 1883",
         "listen on the port of this address, or of all; \"0 /PATH\" is a Unix "
         "socket; may stand several times: the keys of a listener below it "
         "are about it",
         FORM("PORT [ADDRESS]")),
    CALL("port", call_port, "1883",
         "one more listener, that of the keys above the first \"listener\"; "
         "in a file it is open to everybody",
         FORM("PORT")),
    CALL("bind_address", call_bind_address, "",
         "address for \"port\": a name or an IP address", FORM("ADDRESS")),
    CALL_IN("socket_domain", call_domain, "both",
            "what the listener resolves its address to", FORM("ipv4|ipv6")),
    ROW("bind_interface", KEY_TEXT, "", "network interface of the listener",
        FORM("INTERFACE"), IN(interface), .max = 31),
    CALL_IN("protocol", call_protocol, "mqtt", "what the listener speaks",
            FORM("mqtt")),
    NUMBER("max_qos", IN(max_qos), 0, 2, "2", "the highest QoS"),
    NUMBER("maximum_qos", IN(max_qos), 0, 2, "2", "as max_qos"),
    NUMBER("max_topic_alias", IN(max_topic_alias), 0, 65535, "10",
           "topic aliases that a client may use"),
    NUMBER("max_topic_alias_broker", IN(max_topic_alias_broker), 0, 65535, "10",
           "topic aliases that the broker uses towards a client"),
    ROW("mount_point", KEY_CALL, "",
        "text that stands before all topics of the listener's clients, and "
        "that they do not see, as \"house/\"",
        IN(mount_point), FORM("TEXT"), UTF8, .call = call_mount_point),
    CALL_IN("accept_protocol_versions", call_protocols, "3,4,5",
            "versions of MQTT on the listener: 3 is 3.1, 4 is 3.1.1, 5 is 5.0",
            FORM("LIST")),
    NUMBER("enable_proxy_protocol", IN(proxy_protocol), 0, 2, "0",
           "connections begin with a PROXY header of this version, 1 or 2, "
           "which says where they come from; 0: they do not"),
    BOOL("proxy_protocol_v2_require_tls", IN(proxy_protocol_v2_require_tls),
         "false", "close connections that came to the proxy without TLS"),
    CALL("proxy_trusted", call_trusted, "this machine",
         "addresses of proxies, as 10.0.0.0/8 or ::1; whoever else connects to "
         "a listener with enable_proxy_protocol is turned away; may stand "
         "several times",
         FORM("ADDRESS[/BITS]...")),
    NUMBER("proxy_timeout", AT(proxy_timeout_s), 1, 3600, "10",
           "seconds that a proxy has to say where a connection comes from"),
    REFUSED("http_dir", NO_WEBSOCKETS),
    REFUSED("websockets_origin", NO_WEBSOCKETS),
    END,
};

static void text_copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

/* The longest path is the system's. */
static bool host_fits(const struct setting *setting, uint64_t port,
                      const char *host)
{
    size_t size = strlen(host);
    if (port == 0 && config_host_is_path(host) &&
        size > CONFIG_SOCKET_PATH_MAX) {
        setting_error(setting,
                      "the path of a Unix socket is at most %d bytes long, "
                      "not %zu: choose a shorter folder",
                      CONFIG_SOCKET_PATH_MAX, size);
        return false;
    }
    if (size < CONFIG_TEXT_MAX) return true;
    setting_error(setting, "the listener's address is longer than any can be");
    return false;
}

/* "PORT [ADDRESS]". */
static void call_listener(const struct setting *setting)
{
    struct config *config = setting->config;
    const char *value = setting->value;
    if (setting->place->rank > config->listener_rank) {
        config->listener_count = 0;
        config->port_set = false;
    }
    config->listener_rank = setting->place->rank;
    size_t port_size = strcspn(value, " \t");
    const char *host = value + port_size + strspn(value + port_size, " \t");
    char digits[8];
    (void)snprintf(digits, sizeof digits, "%.*s", (int)port_size, value);
    uint64_t port;
    if (port_size > 5 || value_number(digits, &port) != NULL || port > 65535) {
        setting_error(setting,
                      "listener begins with a port, 0 to 65535, not '%.*s'",
                      (int)port_size, value);
        return;
    }
    if (!host_fits(setting, port, host)) return;
    struct config_listener *listener = config_listener_add(config);
    if (listener == NULL) {
        setting_error(setting, "there are more than %d listeners",
                      CONFIG_LISTENERS_MAX);
        return;
    }
    listener->port = (uint16_t)port;
    text_copy(listener->host, sizeof listener->host, host);
}

/* Has something said before how to listen on `port`? */
static bool port_is_known(const struct config *config, uint64_t port)
{
    if (port == 0) return false;
    if (config->port_set && config->common.port == port) return true;
    for (size_t i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].port == port) return true;
    }
    return false;
}

/* A port in a file means everybody, as for Mosquitto; one that is typed with
 * the command, or put into the environment, means this machine, and stands for
 * all that the file says of listeners, unless one of them has this port. */
static void call_port(const struct setting *setting)
{
    struct config *config = setting->config;
    uint64_t port;
    if (value_number(setting->value, &port) != NULL || port > 65535) {
        setting_error(setting, "port is a number from 0 to 65535, not '%s'",
                      setting->value);
        return;
    }
    if (setting->place->rank > config->listener_rank) {
        if (port_is_known(config, port)) return;
        config->listener_count = 0;
        config->listener_rank = setting->place->rank;
    }
    config->common.port = (uint16_t)port;
    config->port_set = true;
    config->port_open = setting->place->rank == RANK_FILE;
}

static void call_bind_address(const struct setting *setting)
{
    struct config *config = setting->config;
    if (strlen(setting->value) >= CONFIG_TEXT_MAX) {
        setting_error(setting, "bind_address is too long");
        return;
    }
    text_copy(config->common.host, sizeof config->common.host, setting->value);
    config->port_set = true;
}

static void call_domain(const struct setting *setting)
{
    uint64_t index;
    if (value_word(setting->value, "ipv4 ipv6", &index) != NULL) {
        setting_error(setting, "socket_domain is ipv4 or ipv6, not '%s'",
                      setting->value);
        return;
    }
    setting->listener->family = index == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6;
}

static void call_protocol(const struct setting *setting)
{
    if (strcmp(setting->value, "mqtt") == 0) return;
    setting_error(setting,
                  "protocol '%s' is not in this version: only mqtt is. Leave "
                  "the listener out; a proxy that translates can stand before "
                  "another",
                  setting->value);
}

/* It becomes a part of topics. What begins with "$" is the broker's. */
static void call_mount_point(const struct setting *setting)
{
    const char *value = setting->value;
    size_t size = strlen(value);
    char *mount = setting->listener->mount_point;
    if (size >= sizeof setting->listener->mount_point) {
        setting_error(setting, "mount_point is at most %zu bytes long, not %zu",
                      sizeof setting->listener->mount_point - 1, size);
    } else if (strpbrk(value, "+#") != NULL || value[0] == '$') {
        setting_error(setting,
                      "mount_point is the beginning of topics, as \"house/\": "
                      "it holds no + and no #, and does not begin with $");
    } else {
        text_copy(mount, sizeof setting->listener->mount_point, value);
        if (value[size - 1] == '/') return;
        setting_note(setting,
                     "mount_point %s does not end with a slash: its clients "
                     "cannot subscribe to # or +. You may want \"%s/\"",
                     value, value);
    }
}

/* "3,4,5": numbers of versions, in any order, with blanks as one likes. */
static void call_protocols(const struct setting *setting)
{
    static const char between[] = " \t,";
    uint8_t protocols = 0;
    const char *at = setting->value + strspn(setting->value, between);
    while (*at != '\0') {
        size_t size = strcspn(at, between);
        if (size != 1 || *at < '3' || *at > '5') {
            protocols = 0;
            break;
        }
        protocols |= (uint8_t)(1U << (*at - '3'));
        at += size;
        at += strspn(at, between);
    }
    if (protocols == 0) {
        setting_error(setting,
                      "accept_protocol_versions is some of 3, 4 and 5, as "
                      "\"4,5\", not '%s'",
                      setting->value);
        return;
    }
    setting->listener->protocols = protocols;
}

/* One network or several. */
static void call_trusted(const struct setting *setting)
{
    struct config *config = setting->config;
    if (setting->place->rank > config->proxy_trusted_rank) {
        config->proxy_trusted_count = 0;
    }
    config->proxy_trusted_rank = setting->place->rank;
    const char *at = setting->value;
    while (*at != '\0') {
        char word[80];
        size_t size = strcspn(at, " \t");
        (void)snprintf(word, sizeof word, "%.*s", (int)size, at);
        size_t *count = &config->proxy_trusted_count;
        if (*count == CONFIG_NETWORKS_MAX) {
            setting_error(setting, "there are more than %d networks",
                          CONFIG_NETWORKS_MAX);
            return;
        }
        if (!network_parse(word, &config->proxy_trusted[*count])) {
            setting_error(setting,
                          "proxy_trusted is addresses, as 192.0.2.7, or "
                          "10.0.0.0/8, or 2001:db8::/32, not '%s'",
                          word);
            return;
        }
        *count += 1;
        at += size;
        at += strspn(at, " \t");
    }
}
