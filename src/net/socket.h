/* socket.h - the calls of the operating system about sockets, and no others.
 *
 * Sockets never block. A negative result is an error of libuv's (UV_EAGAIN,
 * UV_EADDRINUSE ...), which uv_strerror explains. One file per platform.
 */
#ifndef MOGI_NET_SOCKET_H
#define MOGI_NET_SOCKET_H

#include "net/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum {
    /* Connections that the system keeps until they are accepted. */
    SOCKET_BACKLOG = 1024,

    /* Bytes of the path of a Unix socket, NUL included; some systems take
     * fewer. */
    SOCKET_PATH_MAX = 108
};

/* The addresses of `host` (a name, an address, or NULL: every interface), with
 * `port`, IPv4 first. `family` is ADDRESS_IPV4, ADDRESS_IPV6, or ADDRESS_UNIX
 * for both. Fills at most `list_max` and returns how many, or an error. May
 * ask a name server. */
int socket_resolve(const char *host, uint16_t port, enum address_family family,
                   struct address *list, size_t list_max);

/* Reserve `*address`; port 0 takes a free one and stores it there. With
 * `shared`, several sockets may have it and the system spreads new connections
 * among them. `interface` (or NULL) is the only network interface to listen on.
 * Returns the socket, which refuses connections until socket_serve, or an
 * error. */
int socket_bind(struct address *address, bool shared, const char *interface);

/* Let connections come to a socket of socket_bind. 0, or an error. */
int socket_serve(int fd);

/* Both. */
int socket_listen(struct address *address, bool shared, const char *interface);

/* Listen on the Unix socket `path`. One that nobody listens on any more is
 * replaced. Returns the socket, or an error. */
int socket_listen_path(const char *path);

/* Take a connection waiting at `fd`, its peer in `*peer`. Small packets leave
 * at once. Returns the socket, or an error: UV_EAGAIN when none waits. */
int socket_accept(int fd, struct address *peer);

/* Read up to `size` bytes. Returns their number, 0 at the end, or an error. */
ssize_t socket_read(int fd, void *data, size_t size);

/* The same, but what was read stays to be read again. */
ssize_t socket_peek(int fd, void *data, size_t size);

/* Write `count` runs of bytes. Returns how many bytes went, or an error. */
ssize_t socket_write(int fd, const uv_buf_t *list, size_t count);

/* Have the system tell the peer's at once that what was read has come, and not
 * with the next packet or in a while. Harmless where it cannot. */
void socket_acknowledge(int fd);

/* Tell the peer that no more comes. */
void socket_shut_write(int fd);

/* Give `fd` >= 0 back to the system. */
void socket_close(int fd);

#endif
