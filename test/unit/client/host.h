/* host.h - a server of TLS in a thread of its own, which answers a connection
 * with what it says until the client ends. */
#ifndef MOGI_TEST_CLIENT_HOST_H
#define MOGI_TEST_CLIENT_HOST_H

#include "listen.h"
#include "tls/scene.h"

#include <pthread.h>
#include <signal.h>

struct host {
    SSL_CTX *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;
    bool plain; /* speaks no TLS: closes at once */
    bool mute;  /* says nothing at all */
};

/* Serve one connection. Without checks: those are for one thread only. */
CHECK_UNUSED static void *host_main(void *context)
{
    struct host *h = context;
    char data[4096];
    int fd = accept(h->listener, NULL, NULL);
    if (fd < 0) return NULL;
    if (h->mute) {
        while (recv(fd, data, sizeof data, 0) > 0) {
        }
    } else if (!h->plain) {
        SSL *ssl = SSL_new(h->ctx);
        SSL_set_fd(ssl, fd);
        int n = SSL_accept(ssl);
        while (n > 0 && (n = SSL_read(ssl, data, sizeof data)) > 0)
            n = SSL_write(ssl, data, n);
        (void)SSL_shutdown(ssl);
        SSL_free(ssl);
    }
    close(fd);
    return NULL;
}

CHECK_UNUSED static void host_serve(struct host *h)
{
    REQUIRE(pthread_create(&h->thread, NULL, host_main, h) == 0);
}

/* Wait until the connection is served. */
CHECK_UNUSED static void host_join(struct host *h)
{
    REQUIRE(pthread_join(h->thread, NULL) == 0);
}

CHECK_UNUSED static void host_start(struct host *h, const struct tls_pair *p)
{
    /* OpenSSL's own sockets need it; ours do without: socket_bio_test. */
    (void)signal(SIGPIPE, SIG_IGN);
    h->ctx = scene_server(p);
    h->listener = listen_any(&h->port);
}

CHECK_UNUSED static void host_stop(struct host *h)
{
    SSL_CTX_free(h->ctx);
    close(h->listener);
}

#endif
