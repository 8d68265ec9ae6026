/* ports.c - see ports.h. */
#include "broker/ports.h"

#include "broker/block.h"
#include "broker/guards.h"
#include "broker/process.h"
#include "net/socket.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_MAX = 16 };

/* One address to listen on, and what belongs to it. */
struct port {
    struct address address;
    const char *interface; /* or NULL */
    uint16_t number;       /* of the listener */
};

static bool is_path(const struct config_listener *listener)
{
    return listener->port == 0 && config_host_is_path(listener->host);
}

/* This machine's own addresses come without asking anybody. */
static int loopback_resolve(const struct config_listener *listener,
                            struct address list[ADDRESSES_MAX])
{
    int count = socket_resolve("127.0.0.1", listener->port, ADDRESS_IPV4, list,
                               ADDRESSES_MAX);
    if (count < 0) return count;
    int more = socket_resolve("::1", listener->port, ADDRESS_IPV6, list + count,
                              (size_t)(ADDRESSES_MAX - count));
    return more > 0 ? count + more : count;
}

static int listener_resolve(const struct config_listener *listener,
                            struct address list[ADDRESSES_MAX])
{
    if (listener->loopback) return loopback_resolve(listener, list);
    const char *host = listener->host[0] != '\0' ? listener->host : NULL;
    return socket_resolve(host, listener->port, listener->family, list,
                          ADDRESSES_MAX);
}

/* Can other machines reach it? False, and a message, when its address cannot
 * be found. */
static bool listener_look(const struct config_listener *listener, bool *open,
                          struct config_reports *reports)
{
    *open = false;
    if (is_path(listener)) return true;
    struct address list[ADDRESSES_MAX];
    int count = listener_resolve(listener, list);
    if (count < 0) {
        report_add(&reports->errors, "cannot find the address '%s': %s",
                   listener->host, uv_strerror(count));
        return false;
    }
    for (int i = 0; i < count; i++)
        *open |= !address_is_local(&list[i]);
    return true;
}

/* Nobody has said who may come, and how he proves it: beyond this machine,
 * that everybody may must be said, not fallen into. */
static bool open_unsaid(const struct config_listener *listener)
{
    return listener->own_anonymous == ANONYMOUS_UNSAID &&
           listener->entry.anonymous == ANONYMOUS_UNSAID &&
           !guards_wanted(listener);
}

static void open_explain(const struct config_listener *listener,
                         struct config_reports *reports)
{
    report_add(&reports->notes,
               "port %u can be reached by other machines, so nobody is let "
               "in until you say who: for those with a password, "
               "\"password_file FILE\" (`mogi passwd -c FILE NAME` makes it); "
               "for everybody, \"allow_anonymous true\"; for this machine "
               "only, \"listener %u 127.0.0.1\"",
               listener->port, listener->port);
}

/* Where nobody has said who may come in, it is everybody while that is this
 * machine only, and nobody is asked for proof. With per_listener_settings each
 * listener answers for itself. */
static void anonymous_settle(struct config *config, bool all_local,
                             const bool open[CONFIG_LISTENERS_MAX])
{
    for (size_t i = 0; i < config->listener_count; i++) {
        struct config_listener *listener = &config->listeners[i];
        bool safe = config->per_listener ? !open[i] : all_local;
        safe = safe && !guards_wanted(listener);
        uint8_t said = listener->own_anonymous != ANONYMOUS_UNSAID
                           ? listener->own_anonymous
                           : listener->entry.anonymous;
        if (said == ANONYMOUS_UNSAID) {
            said = safe ? ANONYMOUS_YES : ANONYMOUS_NO;
        }
        listener->entry.anonymous = said;
    }
}

bool ports_check(struct config *config, struct config_reports *reports)
{
    bool open[CONFIG_LISTENERS_MAX] = {false};
    bool fine = true, all_local = true, said = false;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        fine &= listener_look(listener, &open[i], reports);
        all_local &= !open[i];
        if (!open[i] || said || !open_unsaid(listener)) continue;
        open_explain(listener, reports);
        said = true;
    }
    anonymous_settle(config, all_local, open);
    return fine;
}

static void failure_explain(const struct address *address, int error,
                            struct report *errors)
{
    char text[ADDRESS_TEXT_MAX];
    (void)address_text(address, text);
    unsigned port = address->port;
    switch (error) {
    case UV_EADDRINUSE:
        report_add(errors,
                   "%s is in use: another broker is probably running (to see "
                   "which: ss -ltnp 'sport = :%u'; Debian's mosquitto starts "
                   "by itself: systemctl stop mosquitto). To take another "
                   "port: -p PORT, or \"listener PORT\" in the file",
                   text, port);
        break;
    case UV_EACCES:
        report_add(errors,
                   "%s is not allowed: ports below 1024 take root, or "
                   "AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd "
                   "unit; others may be forbidden by a security policy",
                   text);
        break;
    case UV_EADDRNOTAVAIL:
        report_add(errors,
                   "%s is not an address of this machine; `ip address` lists "
                   "those that are, and without an address the listener has "
                   "all of them",
                   text);
        break;
    default:
        report_add(errors, "cannot listen on %s: %s", text, uv_strerror(error));
        break;
    }
}

static void socket_add(struct ports *ports, int fd, uint16_t host,
                       const struct port *port)
{
    size_t size = (ports->socket_count + 1) * sizeof *ports->sockets;
    ports->sockets = block_grow(ports->sockets, size);
    ports->sockets[ports->socket_count++] =
        (struct port_socket){fd, host, port->number, port->address};
}

/* One socket for each host, between which the system spreads connections. The
 * first attempt does not share, so that a broker that is there already, and
 * shares as well, is found and not joined. */
static int port_open(struct ports *ports, struct port *port, uint16_t hosts)
{
    int fd = socket_bind(&port->address, false, port->interface);
    if (fd < 0) return fd;
    if (hosts == 1) {
        socket_add(ports, fd, 0, port);
        return 0;
    }
    socket_close(fd);
    for (uint16_t i = 0; i < hosts; i++) {
        fd = socket_bind(&port->address, true, port->interface);
        if (fd < 0) return fd;
        socket_add(ports, fd, i, port);
    }
    return 0;
}

/* Open one address of a listener. One of a family that this machine does not
 * have is left out when another can be had. */
static void address_open(struct ports *ports, struct port *port, uint16_t hosts,
                         struct config_reports *reports)
{
    int error = port_open(ports, port, hosts);
    if (error == 0) {
        ports->numbers[ports->count] = port->number;
        ports->list[ports->count++] = port->address;
        return;
    }
    bool missing = error == UV_EADDRNOTAVAIL || error == UV_EAFNOSUPPORT;
    if (!missing || ports->count == 0 || port->address.family != ADDRESS_IPV6) {
        failure_explain(&port->address, error, &reports->errors);
        return;
    }
    report_add(&reports->notes,
               "there is no IPv6 here: port %u is not listened on with it",
               port->address.port);
}

/* Open what one listener means. Where it leaves the port to the system, all its
 * addresses get the one that the first got. */
static void listener_open(struct ports *ports,
                          const struct config_listener *listener,
                          uint16_t number, uint16_t hosts,
                          struct config_reports *reports)
{
    struct address list[ADDRESSES_MAX];
    int count = listener_resolve(listener, list);
    size_t before = ports->count;
    size_t max = sizeof ports->list / sizeof *ports->list;
    for (int i = 0; i < count && ports->count < max; i++) {
        struct port port = {.address = list[i], .number = number};
        if (listener->interface[0] != '\0')
            port.interface = listener->interface;
        if (listener->port == 0 && ports->count > before) {
            port.address.port = ports->list[before].port;
        }
        address_open(ports, &port, hosts, reports);
    }
}

static void path_open(struct ports *ports,
                      const struct config_listener *listener, uint16_t number,
                      struct config_reports *reports)
{
    int fd = socket_listen_path(listener->host);
    if (fd < 0) {
        report_add(&reports->errors, "cannot listen on %s: %s%s",
                   listener->host, uv_strerror(fd),
                   fd == UV_EADDRINUSE ? "; another broker is probably running"
                                       : "");
        return;
    }
    (void)snprintf(ports->paths[ports->path_count++], CONFIG_TEXT_MAX, "%s",
                   listener->host);
    struct port port = {.address = {.family = ADDRESS_UNIX}, .number = number};
    socket_add(ports, fd, 0, &port);
}

enum err ports_open(struct ports *ports, const struct config *config,
                    uint16_t hosts, struct config_reports *reports)
{
    *ports = (struct ports){.count = 0};
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        if (is_path(listener)) {
            path_open(ports, listener, (uint16_t)i, reports);
        } else {
            listener_open(ports, listener, (uint16_t)i, hosts, reports);
        }
    }
    return reports->errors.count == 0 ? OK : ERR_CONFIG;
}

/* Let a host accept from `socket`, which is taken over. */
static int socket_start(struct port_socket *socket, struct hosts *hosts)
{
    int fd = socket->fd;
    socket->fd = -1;
    int error = 0;
    if (socket->address.family != ADDRESS_UNIX) error = socket_serve(fd);
    if (error != 0) {
        socket_close(fd);
        return error;
    }
    struct host *host = &hosts->list[socket->host];
    return arrivals_listen(host, fd, socket->number) == OK ? 0 : UV_EMFILE;
}

enum err ports_serve(struct ports *ports, struct hosts *hosts,
                     struct report *errors)
{
    for (size_t i = 0; i < ports->socket_count; i++) {
        struct port_socket *socket = &ports->sockets[i];
        int error = socket_start(socket, hosts);
        if (error == 0) continue;
        failure_explain(&socket->address, error, errors);
        return ERR_IO;
    }
    return OK;
}

void ports_fini(struct ports *ports)
{
    for (size_t i = 0; i < ports->socket_count; i++) {
        if (ports->sockets[i].fd >= 0) socket_close(ports->sockets[i].fd);
    }
    free(ports->sockets);
    ports->sockets = NULL;
    ports->socket_count = 0;
    for (size_t i = 0; i < ports->path_count; i++) {
        process_remove(ports->paths[i]);
    }
    ports->path_count = 0;
}
