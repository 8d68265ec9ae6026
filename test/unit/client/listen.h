/* listen.h - a server's end of a socket, by hand. */
#ifndef MOGI_TEST_CLIENT_LISTEN_H
#define MOGI_TEST_CLIENT_LISTEN_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A listening socket on a free port of 127.0.0.1. */
CHECK_UNUSED static int listen_any(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    REQUIRE(bind(fd, (struct sockaddr *)&a, size) == 0);
    REQUIRE(listen(fd, 5) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    *port = ntohs(a.sin_port);
    struct timeval patience = {.tv_sec = 5};
    REQUIRE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                       sizeof patience) == 0);
    return fd;
}

/* A connection that waits; reading it gives up after 5 s. */
CHECK_UNUSED static int listen_accept(int fd)
{
    int peer = accept(fd, NULL, NULL);
    REQUIRE(peer >= 0);
    struct timeval patience = {.tv_sec = 5};
    REQUIRE(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience,
                       sizeof patience) == 0);
    return peer;
}

#endif
