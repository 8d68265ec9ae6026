/* webserver.h - a web server in a thread, for tests: it says what it is told
 * to. */
#ifndef MOGI_TEST_WEBSERVER_H
#define MOGI_TEST_WEBSERVER_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/socket.h>

enum { WEBSERVER_BYTES = 1 << 17, WEBSERVER_CLIENTS = 64 };

/* What is said, whole, to a question; "": close; NULL: say nothing. */
typedef const char *webserver_say(void *of, const char *question);

struct webserver {
    int listener, wake[2];
    unsigned port;
    char url[64];
    webserver_say *say;
    void *of;
    atomic_bool closes; /* after each answer */
    atomic_uint connections, questions;
    pthread_t thread;
    int clients[WEBSERVER_CLIENTS];
    size_t count;
    char question[WEBSERVER_BYTES];
};

#define WEBSERVER_OK(body)                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"                    \
    "Connection: close\r\n\r\n" body

/* A whole question in `text`, with its body; false: it has ended before. */
static bool webserver_read(int fd, char *text)
{
    size_t size = 0, wanted = 0;
    while (wanted == 0 || size < wanted) {
        ssize_t got = recv(fd, text + size, WEBSERVER_BYTES - 1 - size, 0);
        if (got <= 0) return false;
        size += (size_t)got;
        text[size] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end == NULL || wanted > 0) continue;
        const char *length = strcasestr(text, "content-length:");
        wanted = (size_t)(end - text) + 4;
        if (length != NULL) wanted += strtoul(length + 15, NULL, 10);
    }
    return true;
}

/* Answer one question; false: the connection is over. */
static bool webserver_serve(struct webserver *server, int fd)
{
    char *question = server->question;
    if (!webserver_read(fd, question)) return false;
    atomic_fetch_add(&server->questions, 1);
    const char *answer = server->say(server->of, question);
    if (answer == NULL) return true;
    size_t size = strlen(answer);
    if (send(fd, answer, size, MSG_NOSIGNAL) != (ssize_t)size) return false;
    return !server->closes && strstr(answer, "Content-Length: ") != NULL;
}

static void *webserver_run(void *of)
{
    struct webserver *server = of;
    for (;;) {
        struct pollfd fds[WEBSERVER_CLIENTS + 2] = {
            {.fd = server->wake[0], .events = POLLIN},
            {.fd = server->listener, .events = POLLIN}};
        size_t count = server->count;
        for (size_t i = 0; i < count; i++)
            fds[i + 2] =
                (struct pollfd){.fd = server->clients[i], .events = POLLIN};
        if (poll(fds, count + 2, -1) < 0) continue;
        if (fds[0].revents != 0) return NULL;
        for (size_t i = count; i-- > 0;) {
            if (fds[i + 2].revents == 0) continue;
            if (webserver_serve(server, server->clients[i])) continue;
            close(server->clients[i]);
            server->clients[i] = server->clients[--server->count];
        }
        if (fds[1].revents != 0 && server->count < WEBSERVER_CLIENTS) {
            int fd = accept(server->listener, NULL, NULL);
            if (fd < 0) continue;
            atomic_fetch_add(&server->connections, 1);
            server->clients[server->count++] = fd;
        }
    }
}

/* Begin to serve on a port of its own. */
CHECK_UNUSED static void webserver_begin(struct webserver *server,
                                         webserver_say *say, void *of)
{
    *server = (struct webserver){.say = say, .of = of};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(server->listener >= 0);
    REQUIRE(bind(server->listener, (struct sockaddr *)&address, size) == 0);
    REQUIRE(getsockname(server->listener, (struct sockaddr *)&address, &size) ==
            0);
    server->port = ntohs(address.sin_port);
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/a",
                   server->port);
    REQUIRE(listen(server->listener, 64) == 0);
    REQUIRE(pipe(server->wake) == 0);
    REQUIRE(pthread_create(&server->thread, NULL, webserver_run, server) == 0);
}

/* Stop serving: nobody listens at the port any more. */
CHECK_UNUSED static void webserver_end(struct webserver *server)
{
    REQUIRE(write(server->wake[1], "", 1) == 1);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < server->count; i++)
        close(server->clients[i]);
    close(server->listener);
    close(server->wake[0]);
    close(server->wake[1]);
}

#endif
