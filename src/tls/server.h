/* server.h - the TLS of one listener: its certificates, and whom it lets in.
 *
 * Made from files, then immutable but for the keys of tickets; all threads use
 * it at once. A connection keeps the one that it began with, so a new one can
 * take its place at any time.
 */
#ifndef MOGI_TLS_SERVER_H
#define MOGI_TLS_SERVER_H

#include "base/err.h"
#include "tls/explain.h"
#include "tls/identity.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    SERVER_PAIRS_MAX = 8,

    /* Sessions kept for clients of TLS 1.2 that take no ticket. */
    SERVER_SESSIONS_MAX = 4096,

    /* How long a session can be resumed. */
    SERVER_SESSION_S = 2 * 3600,
    SERVER_UNTIL_MAX = 40
};

struct server_pair {
    const char *certfile;
    const char *keyfile;
};

/* What a listener's configuration says; NULL: nothing. Borrowed. */
struct server_options {
    /* The first is for all who ask for no name that another one is for. One
     * with the same names as an earlier one, and another kind of key, stands
     * beside it: the client's ciphers decide. */
    struct server_pair pairs[SERVER_PAIRS_MAX];
    size_t pair_count;
    const char *cafile, *capath, *crlfile, *dhparamfile;
    const char *ciphers, *suites, *version;
    const char *psk_hint, *psk_file;
    bool require_certificate;
    bool ignore_dates; /* of clients' certificates */
    enum identity_kind identity;
};

struct tls_server;

/* Make one of what `options` names.
 *
 *   before   the one whose place it takes, or NULL: sessions that began there
 *            may be resumed here, unless who is let in has changed
 *   out      receives it, with one reference
 *   trouble  why not, and what to do
 *
 * ERR_CONFIG: a file or a word is wrong. ERR_NO_MEMORY. */
MUST_USE
enum err server_new(const struct server_options *options,
                    const struct tls_server *before, struct tls_server **out,
                    struct trouble_text *trouble);

/* One more reference; returns `server`. Any thread. */
struct tls_server *server_ref(struct tls_server *server);

/* One reference less; NULL is fine. Any thread. */
void server_unref(struct tls_server *server);

/* A connection's SSL, without BIO. `*psk_identity` (NULL before) receives the
 * PSK identity that the client claims, for OPENSSL_free; it lives as long as
 * the SSL. NULL when there is no memory. */
SSL *server_ssl_new(const struct tls_server *server, char **psk_identity);

/* Which BIO its connections stand on (wire.h). */
const BIO_METHOD *server_wire(const struct tls_server *server);

/* Which part of a certificate names the client; IDENTITY_NONE: none does. */
enum identity_kind server_identity(const struct tls_server *server);

/* Do the dates of clients' certificates not matter? */
bool server_ignores_dates(const struct tls_server *server);

/* One of its certificates, for the log. */
struct server_certificate {
    char name[IDENTITY_TEXT_MAX]; /* its subject */
    char until[SERVER_UNTIL_MAX]; /* "2026-11-20 08:00:00Z" */
    int64_t until_s;              /* the same, in s since 1970 */
    int days;                     /* until then; < 0: it is out of date */
    bool pending;                 /* it is not valid yet */
};

/* Certificate `index` as of now. False: there is none. */
bool server_certificate(const struct tls_server *server, size_t index,
                        struct server_certificate *about);

#endif
