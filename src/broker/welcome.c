/* welcome.c - see welcome.h. */
#include "broker/welcome.h"

#include <stdio.h>
#include <string.h>

enum { WAY_SIZE = 2 * ADDRESS_TEXT_MAX };

static bool port_has_tls(const struct ports *ports, size_t index,
                         const struct settings *settings)
{
    return settings_tls(settings, ports->numbers[index]) != NULL;
}

static void ports_say(struct log *log, const struct ports *ports,
                      const struct settings *settings)
{
    char text[ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < ports->count; i++) {
        bool local = address_is_local(&ports->list[i]);
        log_write(log, LEVEL_NOTICE, NULL, "listening on %s%s, %s",
                  address_text(&ports->list[i], text),
                  port_has_tls(ports, i, settings) ? " with TLS" : "",
                  local ? "for this machine" : "for everybody");
    }
    for (size_t i = 0; i < ports->path_count; i++) {
        log_write(log, LEVEL_NOTICE, NULL, "listening on %s, for this machine",
                  ports->paths[i]);
    }
}

/* Is it reached by the name localhost? All addresses are zero. */
static bool port_is_here(const struct address *address)
{
    static const uint8_t any[sizeof address->ip] = {0};
    size_t size = address->family == ADDRESS_IPV4 ? 4 : sizeof any;
    return address_is_local(address) || memcmp(address->ip, any, size) == 0;
}

/* The options that lead to port `index`, each with a blank before it. */
static const char *port_way(const struct ports *ports, size_t index,
                            const struct settings *settings, char way[WAY_SIZE])
{
    const struct address *address = &ports->list[index];
    char text[ADDRESS_TEXT_MAX], host[ADDRESS_TEXT_MAX + 4] = "";
    char port[16] = "";
    if (!port_is_here(address)) {
        (void)address_text(address, text);
        *strrchr(text, ':') = '\0';
        size_t bracket = text[0] == '[';
        (void)snprintf(host, sizeof host, " -h %.*s",
                       (int)(strlen(text) - 2 * bracket), text + bracket);
    }
    if (address->port != 1883) {
        (void)snprintf(port, sizeof port, " -p %u", address->port);
    }
    bool open =
        options_of(&settings->options, ports->numbers[index])->allow_anonymous;
    (void)snprintf(way, WAY_SIZE, "%s%s%s", host, port,
                   open ? "" : " -u NAME -P PASSWORD");
    return way;
}

void welcome_say(struct log *log, const struct ports *ports,
                 const struct settings *settings)
{
    ports_say(log, ports, settings);
    size_t index = 0;
    while (index < ports->count && port_has_tls(ports, index, settings))
        index++;
    if (index == ports->count) return;
    char way[WAY_SIZE];
    (void)port_way(ports, index, settings, way);
    log_write(log, LEVEL_NOTICE, NULL,
              "to see what passes, type in another terminal: mogi sub%s -t "
              "'#' -v",
              way);
    log_write(log, LEVEL_NOTICE, NULL,
              "to say something, in a third one: mogi pub%s -t hello -m world",
              way);
}
