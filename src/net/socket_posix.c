/* socket_posix.c - socket.h for Linux. */
#include "net/socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
    struct sockaddr_storage room;
};

static struct address address_of(const union any_address *from)
{
    struct address to = {.family = ADDRESS_UNIX};
    if (from->any.sa_family == AF_INET) {
        to.family = ADDRESS_IPV4;
        to.port = ntohs(from->v4.sin_port);
        memcpy(to.ip, &from->v4.sin_addr, 4);
    } else if (from->any.sa_family == AF_INET6) {
        to.family = ADDRESS_IPV6;
        to.port = ntohs(from->v6.sin6_port);
        to.scope = from->v6.sin6_scope_id;
        memcpy(to.ip, &from->v6.sin6_addr, 16);
    }
    return to;
}

static socklen_t address_fill(union any_address *to, const struct address *from)
{
    memset(to, 0, sizeof *to);
    if (from->family == ADDRESS_IPV4) {
        to->v4.sin_family = AF_INET;
        to->v4.sin_port = htons(from->port);
        memcpy(&to->v4.sin_addr, from->ip, 4);
        return sizeof to->v4;
    }
    assert(from->family == ADDRESS_IPV6);
    to->v6.sin6_family = AF_INET6;
    to->v6.sin6_port = htons(from->port);
    to->v6.sin6_scope_id = from->scope;
    memcpy(&to->v6.sin6_addr, from->ip, 16);
    return sizeof to->v6;
}

static int resolve_error(int code)
{
    switch (code) {
    case EAI_AGAIN: return UV_EAI_AGAIN;
    case EAI_MEMORY: return UV_EAI_MEMORY;
    case EAI_SYSTEM: return uv_translate_sys_error(errno);
    default: return UV_EAI_NONAME;
    }
}

static size_t resolved_add(const struct addrinfo *found, int family,
                           struct address *list, size_t count, size_t list_max)
{
    for (; found != NULL && count < list_max; found = found->ai_next) {
        if (found->ai_family != family) continue;
        union any_address any = {0};
        memcpy(&any, found->ai_addr, found->ai_addrlen);
        list[count++] = address_of(&any);
    }
    return count;
}

int socket_resolve(const char *host, uint16_t port, enum address_family family,
                   struct address *list, size_t list_max)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE};
    if (family == ADDRESS_IPV4) hints.ai_family = AF_INET;
    if (family == ADDRESS_IPV6) hints.ai_family = AF_INET6;
    char service[6];
    (void)snprintf(service, sizeof service, "%u", port);
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, service, &hints, &found);
    if (code != 0) return resolve_error(code);
    size_t count = resolved_add(found, AF_INET, list, 0, list_max);
    count = resolved_add(found, AF_INET6, list, count, list_max);
    freeaddrinfo(found);
    return count > 0 ? (int)count : UV_EAI_NONAME;
}

/* A new socket that neither blocks nor is inherited by programs we start. */
static int socket_new(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0) return uv_translate_sys_error(errno);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static bool flag_set(int fd, int level, int name)
{
    int on = 1;
    return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

/* SO_REUSEADDR lets a restarted broker have its port back while old
 * connections to it still fade; it does not let two listen at once. */
static bool listen_prepare(int fd, const struct address *address, bool shared,
                           const char *interface)
{
    if (!flag_set(fd, SOL_SOCKET, SO_REUSEADDR)) return false;
    if (shared && !flag_set(fd, SOL_SOCKET, SO_REUSEPORT)) return false;
    if (address->family == ADDRESS_IPV6 &&
        !flag_set(fd, IPPROTO_IPV6, IPV6_V6ONLY)) {
        return false;
    }
    if (interface == NULL) return true;
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
                      (socklen_t)strlen(interface)) == 0;
}

static bool listen_bind(int fd, struct address *address)
{
    union any_address any;
    socklen_t size = address_fill(&any, address);
    if (bind(fd, &any.any, size) != 0) return false;
    size = sizeof any;
    if (getsockname(fd, &any.any, &size) != 0) return false;
    *address = address_of(&any);
    return true;
}

int socket_bind(struct address *address, bool shared, const char *interface)
{
    assert(address->family != ADDRESS_UNIX);
    int fd = socket_new(address->family == ADDRESS_IPV4 ? AF_INET : AF_INET6);
    if (fd < 0) return fd;
    if (!listen_prepare(fd, address, shared, interface) ||
        !listen_bind(fd, address)) {
        int error = uv_translate_sys_error(errno);
        socket_close(fd);
        return error;
    }
    return fd;
}

int socket_serve(int fd)
{
    return listen(fd, SOCKET_BACKLOG) == 0 ? 0 : uv_translate_sys_error(errno);
}

int socket_listen(struct address *address, bool shared, const char *interface)
{
    int fd = socket_bind(address, shared, interface);
    int error = fd < 0 ? 0 : socket_serve(fd);
    if (error == 0) return fd;
    socket_close(fd);
    return error;
}

/* A socket file that a broker left behind when it was killed may go; one that
 * is answered at, or any other kind of file, stays. */
static void path_clear(const union any_address *any)
{
    struct stat what;
    if (lstat(any->path.sun_path, &what) != 0) return;
    if (!S_ISSOCK(what.st_mode)) return;
    int fd = socket_new(AF_UNIX);
    if (fd < 0) return;
    bool refused =
        connect(fd, &any->any, sizeof any->path) != 0 && errno == ECONNREFUSED;
    socket_close(fd);
    if (refused) (void)unlink(any->path.sun_path);
}

int socket_listen_path(const char *path)
{
    union any_address any = {.path = {.sun_family = AF_UNIX}};
    size_t size = strlen(path);
    if (size >= sizeof any.path.sun_path) return UV_ENAMETOOLONG;
    memcpy(any.path.sun_path, path, size);
    path_clear(&any);
    int fd = socket_new(AF_UNIX);
    if (fd < 0) return fd;
    if (bind(fd, &any.any, sizeof any.path) != 0 ||
        listen(fd, SOCKET_BACKLOG) != 0) {
        int error = uv_translate_sys_error(errno);
        socket_close(fd);
        return error;
    }
    return fd;
}

int socket_accept(int fd, struct address *peer)
{
    union any_address any = {.any = {.sa_family = AF_UNIX}};
    socklen_t size = sizeof any;
    int accepted;
    do {
        accepted = accept4(fd, &any.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (accepted < 0 && errno == EINTR);
    if (accepted < 0) return uv_translate_sys_error(errno);
    *peer = address_of(&any);
    if (peer->family != ADDRESS_UNIX) {
        (void)flag_set(accepted, IPPROTO_TCP, TCP_NODELAY);
    }
    return accepted;
}

static ssize_t receive(int fd, void *data, size_t size, int flags)
{
    ssize_t got;
    do {
        got = recv(fd, data, size, flags);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? uv_translate_sys_error(errno) : got;
}

ssize_t socket_read(int fd, void *data, size_t size)
{
    return receive(fd, data, size, 0);
}

ssize_t socket_peek(int fd, void *data, size_t size)
{
    return receive(fd, data, size, MSG_PEEK);
}

ssize_t socket_write(int fd, const uv_buf_t *list, size_t count)
{
    assert(count > 0);
    /* libuv promises that uv_buf_t is laid out as the system's iovec. */
    struct msghdr message = {.msg_iov = (void *)(uintptr_t)list,
                             .msg_iovlen = count};
    ssize_t put;
    do {
        /* One run, the common case, is spared the copying of the list. */
        put = count == 1 ? send(fd, list->base, list->len, MSG_NOSIGNAL)
                         : sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return put < 0 ? uv_translate_sys_error(errno) : put;
}

void socket_acknowledge(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void socket_shut_write(int fd)
{
    (void)shutdown(fd, SHUT_WR);
}

void socket_close(int fd)
{
    assert(fd >= 0);
    (void)close(fd);
}
