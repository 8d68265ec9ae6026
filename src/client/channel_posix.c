/* channel_posix.c - channel.h for POSIX systems. */
#include "client/channel.h"

#include "client/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT_TEXT_SIZE = 8 };

static bool fd_prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return false;
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return false;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* Wait for `fd` to connect; 0, or an errno. */
static int connect_wait(int fd, uint32_t timeout_ms)
{
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    for (;;) {
        uint64_t now_ms = clock_now_ms();
        if (now_ms >= end_ms) return ETIMEDOUT;
        struct pollfd wanted = {.fd = fd, .events = POLLOUT};
        int ready = poll(&wanted, 1, (int)(end_ms - now_ms));
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return errno;
        if (ready == 0) continue;
        int error = 0;
        socklen_t size = sizeof error;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) {
            return errno;
        }
        return error;
    }
}

/* Connect `fd`; 0, or an errno. */
static int fd_connect(int fd, const struct sockaddr *address, socklen_t size,
                      uint32_t timeout_ms)
{
    if (connect(fd, address, size) == 0) return 0;
    if (errno != EINPROGRESS && errno != EINTR) return errno;
    return connect_wait(fd, timeout_ms);
}

/* Bind `fd` to our side's address; 0, or an errno. */
static int fd_bind(int fd, const char *address, int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, NULL, &hints, &found) != 0) {
        return EADDRNOTAVAIL;
    }
    int result = EADDRNOTAVAIL;
    for (struct addrinfo *a = found; a != NULL && result != 0; a = a->ai_next) {
        result = bind(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    }
    freeaddrinfo(found);
    return result;
}

/* A connected socket in `*fd`; 0, or an errno. */
static int address_open(const struct channel_target *target,
                        const struct addrinfo *a, int *fd)
{
    *fd = socket(a->ai_family, SOCK_STREAM, 0);
    if (*fd < 0) return errno;
    int error = fd_prepare(*fd) ? 0 : errno;
    if (error == 0 && target->bind_address != NULL) {
        error = fd_bind(*fd, target->bind_address, a->ai_family);
    }
    if (error == 0) {
        error = fd_connect(*fd, a->ai_addr, a->ai_addrlen, target->timeout_ms);
    }
    int on = 1;
    if (error == 0 && target->no_delay) {
        (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (error != 0) {
        (void)close(*fd);
        *fd = -1;
    }
    return error;
}

static enum mogi_error error_say(int error, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", strerror(error));
    return error == ETIMEDOUT ? MOGI_ERROR_TIMEOUT : MOGI_ERROR_NETWORK;
}

static enum mogi_error unix_open(const struct channel_target *target, int *fd,
                                 char *text, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(target->unix_path);
    if (length >= sizeof address.sun_path) {
        return error_say(ENAMETOOLONG, text, size);
    }
    memcpy(address.sun_path, target->unix_path, length + 1);
    const struct addrinfo a = {.ai_family = AF_UNIX,
                               .ai_addr = (struct sockaddr *)&address,
                               .ai_addrlen = sizeof address};
    /* What else is asked for is about TCP. */
    struct channel_target plain = {.timeout_ms = target->timeout_ms};
    int error = address_open(&plain, &a, fd);
    return error == 0 ? MOGI_OK : error_say(error, text, size);
}

enum mogi_error channel_open(const struct channel_target *target, int *fd,
                             char *text, size_t size)
{
    *fd = -1;
    if (target->unix_path != NULL) return unix_open(target, fd, text, size);
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[PORT_TEXT_SIZE];
    (void)snprintf(port, sizeof port, "%u", (unsigned)target->port);
    int failed = getaddrinfo(target->host, port, &hints, &found);
    if (failed != 0) {
        const char *why =
            failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed);
        (void)snprintf(text, size, "%s", why);
        return MOGI_ERROR_HOST;
    }
    int error = EADDRNOTAVAIL;
    for (struct addrinfo *a = found; a != NULL && error != 0; a = a->ai_next) {
        error = address_open(target, a, fd);
    }
    freeaddrinfo(found);
    return error == 0 ? MOGI_OK : error_say(error, text, size);
}

/* What a failed send or receive means. */
static enum mogi_error transfer_failed(void)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return MOGI_OK;
    }
    bool gone = errno == EPIPE || errno == ECONNRESET;
    return gone ? MOGI_ERROR_CLOSED : MOGI_ERROR_NETWORK;
}

enum mogi_error channel_send(int fd, struct bytes b, size_t *count)
{
    *count = 0;
    ssize_t sent = send(fd, b.data, b.size, MSG_NOSIGNAL);
    if (sent < 0) return transfer_failed();
    *count = (size_t)sent;
    return MOGI_OK;
}

enum mogi_error channel_receive(int fd, void *data, size_t size, size_t *count)
{
    *count = 0;
    ssize_t received = recv(fd, data, size, 0);
    if (received < 0) return transfer_failed();
    if (received == 0) return MOGI_ERROR_CLOSED;
    *count = (size_t)received;
    return MOGI_OK;
}

bool channel_wait(int fd, bool read, bool write, int timeout_ms)
{
    int events = (read ? POLLIN : 0) | (write ? POLLOUT : 0);
    struct pollfd wanted = {.fd = fd, .events = (short)events};
    int ready = poll(&wanted, fd < 0 ? 0 : 1, timeout_ms);
    return ready >= 0 || errno != EINTR;
}

void channel_finish(int fd, uint32_t timeout_ms)
{
    (void)shutdown(fd, SHUT_WR);
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    uint64_t now_ms;
    while ((now_ms = clock_now_ms()) < end_ms) {
        char rest[4096];
        size_t count;
        if (channel_receive(fd, rest, sizeof rest, &count) != MOGI_OK) break;
        if (count == 0)
            (void)channel_wait(fd, true, false, (int)(end_ms - now_ms));
    }
    (void)close(fd);
}

void channel_close(int fd)
{
    (void)close(fd);
}
