/* secure.h - TLS over a channel's socket, for carrier.c alone.
 *
 * secure_openssl.c does it with src/tls. A library that is built without
 * OpenSSL has secure_none.c instead, where secure_new refuses.
 */
#ifndef MOGI_CLIENT_SECURE_H
#define MOGI_CLIENT_SECURE_H

#include "base/bytes.h"
#include "mogi/client.h"

/* What was wrong: a sentence without full stop, and its kind. */
struct secure_trouble {
    enum mogi_tls_trouble kind;
    char *text; /* the caller's memory */
    size_t size;
};

/* What lasts from one connection of a client to its next: NULL at first. */
struct secure_memory;

struct secure;

/* Read the files of `tls`: all that can be wrong before a server is asked.
 *
 *   memory  made when it is NULL
 *   t       says why it failed
 *
 * NULL on failure: t->kind is MOGI_TLS_SETUP, or MOGI_TLS_FINE when memory ran
 * out. Freed with secure_free. */
struct secure *secure_new(const struct mogi_tls *tls,
                          struct secure_memory **memory,
                          struct secure_trouble *t);

/* Begin on `fd`, which stays the caller's, with a server whose certificate must
 * be for `host`. Once for each. False: out of memory. */
bool secure_begin(struct secure *s, int fd, const char *host);

/* Free the connection; NULL is fine. */
void secure_free(struct secure *s);

/* Free what lasted; NULL is fine. */
void secure_memory_free(struct secure_memory *m);

/* Go on with the handshake; *done says whether it is over. MOGI_OK, or
 * MOGI_ERROR_TLS: `t` says why. */
enum mogi_error secure_handshake(struct secure *s, bool *done,
                                 struct secure_trouble *t);

/* As channel_send and channel_receive, and MOGI_ERROR_TLS: `t` says why. */
enum mogi_error secure_send(struct secure *s, struct bytes b, size_t *count,
                            struct secure_trouble *t);
enum mogi_error secure_receive(struct secure *s, void *data, size_t size,
                               size_t *count, struct secure_trouble *t);

/* As tls_link_wants_write and tls_link_has_input. */
bool secure_wants_write(const struct secure *s);
bool secure_has_input(const struct secure *s);

/* Say that nothing more is sent. */
void secure_end(struct secure *s);

/* As tls_link_is_resumed. */
bool secure_is_resumed(const struct secure *s);

#endif
