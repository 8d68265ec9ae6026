/* client_link.h - one TLS connection of a client, over a socket that is already
 * connected and never blocks.
 *
 *     tls_link_new -> tls_link_handshake ... OK -> send, receive -> end, free
 *
 * Every function does what it can without waiting. tls_link_wants_write says
 * whether it waits for room to write; input is always waited for.
 */
#ifndef MOGI_TLS_CLIENT_LINK_H
#define MOGI_TLS_CLIENT_LINK_H

#include "tls/client_context.h"

/* What a later connection to the same server can go on with, to spare both a
 * full handshake. Zeroed at first; cleared with tls_resume_clear. */
struct tls_resume {
    struct ssl_session_st *session;
};

/* Forget it. */
void tls_resume_clear(struct tls_resume *r);

struct tls_link;

/* A connection that has not said anything yet.
 *
 *   fd      borrowed; closed by the caller, after tls_link_free
 *   host    a name or an address, not empty: what the certificate must be for,
 *           and, when it is a name, what the server is told in SNI
 *   resume  outlives the link; NULL: each handshake is a full one
 *
 * NULL: out of memory. */
struct tls_link *tls_link_new(struct tls_client_context *c, int fd,
                              const char *host, struct tls_resume *resume);

/* Free it; NULL is fine. */
void tls_link_free(struct tls_link *l);

/* Go on with the handshake.
 *
 * OK            it is done
 * ERR_MORE      it waits for the network
 * ERR_IO        it failed; see tls_link_trouble */
MUST_USE
enum err tls_link_handshake(struct tls_link *l);

/* Send a part of `b`: `*count` bytes were taken, 0 when none can be now. What
 * was taken may still wait here: see tls_link_wants_write.
 *
 * OK, ERR_NO_MEMORY, ERR_CLOSED, or ERR_IO: see tls_link_trouble. */
MUST_USE
enum err tls_link_send(struct tls_link *l, struct bytes b, size_t *count);

/* Receive up to `size` bytes; 0 when there are none now. As tls_link_send. When
 * all of `size` is used there may be more that no poll would tell of: see
 * tls_link_has_input. */
MUST_USE
enum err tls_link_receive(struct tls_link *l, void *data, size_t size,
                          size_t *count);

/* Why it failed, after ERR_IO. Lives as long as the link. */
const struct tls_trouble *tls_link_trouble(const struct tls_link *l);

/* Does it wait for room to write: in its handshake, or with something that
 * tls_link_send has taken and the socket has not? */
bool tls_link_wants_write(const struct tls_link *l);

/* Has more been read from the socket than was received? */
bool tls_link_has_input(const struct tls_link *l);

/* Say that nothing more will be sent. */
void tls_link_end(struct tls_link *l);

/* Was the last handshake a short one, by `resume`? */
bool tls_link_is_resumed(const struct tls_link *l);

/* "TLSv1.3", and the cipher; static memory. */
const char *tls_link_version(const struct tls_link *l);
const char *tls_link_cipher(const struct tls_link *l);

/* What both sides agreed on by ALPN; no bytes when nothing. */
struct bytes tls_link_alpn(const struct tls_link *l);

struct ssl_st;
struct ssl_session_st;
struct x509_store_ctx_st;

/* For client_context.c, whose SSL_CTX calls them: a session has come, and a
 * certificate was looked at. */
int tls_link_session(struct ssl_st *ssl, struct ssl_session_st *session);
int tls_link_verify(int good, struct x509_store_ctx_st *store);

#endif
