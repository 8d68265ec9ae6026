/* lab_client.h - a client of TLS without a socket, for tests of the other side.
 *
 *     struct client client = client_new(setup);
 *     client_talk(&client, tunnel);    until nobody has anything to say
 */
#ifndef MOGI_TEST_LAB_CLIENT_H
#define MOGI_TEST_LAB_CLIENT_H

#include "lab.h"
#include "tls/tunnel.h"
#include "unit_pool.h"

#include <openssl/err.h>

/* One side of TLS; `in` receives what the other says. */
struct client {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
};

/* What a test changes before the first word; may be NULL. */
typedef void client_setup(SSL_CTX *context);

/* A client that goes on with `session`, or NULL. */
CHECK_UNUSED static struct client client_new(client_setup *setup,
                                             SSL_SESSION *session,
                                             const char *name)
{
    struct client client;
    client.context = SSL_CTX_new(TLS_client_method());
    REQUIRE(client.context != NULL);
    if (setup != NULL) setup(client.context);
    client.ssl = SSL_new(client.context);
    client.in = BIO_new(BIO_s_mem());
    client.out = BIO_new(BIO_s_mem());
    REQUIRE(client.ssl != NULL && client.in != NULL && client.out != NULL);
    SSL_set_bio(client.ssl, client.in, client.out);
    if (session != NULL) REQUIRE(SSL_set_session(client.ssl, session) == 1);
    /* The macro for this casts const away. */
    if (name != NULL) {
        REQUIRE(SSL_ctrl(client.ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                         TLSEXT_NAMETYPE_host_name,
                         (void *)(uintptr_t)name) == 1);
    }
    SSL_set_connect_state(client.ssl);
    return client;
}

CHECK_UNUSED static void client_free(struct client *client)
{
    /* What is cut without a word may not be resumed, thinks OpenSSL. */
    SSL_set_shutdown(client->ssl, SSL_SENT_SHUTDOWN);
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    ERR_clear_error();
}

/* What the client has to send, in `room`. */
CHECK_UNUSED static struct bytes client_out(struct client *client,
                                            uint8_t *room, size_t size)
{
    int count = BIO_read(client->out, room, (int)size);
    return bytes_at(room, count > 0 ? (size_t)count : 0);
}

CHECK_UNUSED static void client_in(struct client *client, struct bytes bytes)
{
    if (bytes.size == 0) return;
    REQUIRE(BIO_write(client->in, bytes.data, (int)bytes.size) ==
            (int)bytes.size);
}

/* A wire with memory of its own. */
struct lab_wire {
    struct wire wire;
    struct pool *pool;
};

CHECK_UNUSED static struct lab_wire lab_wire_new(void)
{
    struct lab_wire made = {.pool = unit_pool()};
    buffer_init(&made.wire.out, made.pool);
    return made;
}

CHECK_UNUSED static void lab_wire_free(struct lab_wire *made)
{
    buffer_fini(&made->wire.out);
    pool_free(made->pool);
}

/* Let both shake hands until it is done or fails: what tunnel_greet said last.
 * What the client sends at a time is cut into `step` bytes; 0: all. */
CHECK_UNUSED static enum err client_talk(struct client *client,
                                         struct tunnel *tunnel,
                                         struct wire *wire, size_t step,
                                         struct trouble_text *trouble)
{
    static uint8_t room[64 * 1024];
    enum err err = ERR_MORE;
    for (int i = 0; i < 20 && err == ERR_MORE; i++) {
        (void)SSL_do_handshake(client->ssl);
        struct bytes bytes = client_out(client, room, sizeof room);
        if (bytes.size == 0) return ERR_CLOSED;
        while (bytes.size > 0 && err == ERR_MORE) {
            size_t size = step > 0 && step < bytes.size ? step : bytes.size;
            wire->in = bytes_at(bytes.data, size);
            bytes = bytes_skip(bytes, size);
            err = tunnel_greet(tunnel, wire, trouble);
            client_in(client, buffer_bytes(&wire->out));
            wire->out.size = 0;
        }
    }
    (void)SSL_do_handshake(client->ssl);
    ERR_clear_error();
    return err;
}

#endif
