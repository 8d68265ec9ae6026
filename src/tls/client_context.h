/* client_context.h - what all TLS connections of a client have in common: whom
 * it trusts, and who it is.
 *
 * Reads its files once, when it is made. Connections share it, also across
 * threads, and are freed before it.
 */
#ifndef MOGI_TLS_CLIENT_CONTEXT_H
#define MOGI_TLS_CLIENT_CONTEXT_H

#include "base/bytes.h"
#include "base/err.h"
#include "tls/trouble.h"

/* How much of a server's certificate is looked at. */
enum tls_check {
    TLS_CHECK_ALL,     /* its CA, its dates, its host name */
    TLS_CHECK_CHAIN,   /* not the host name */
    TLS_CHECK_NOTHING, /* anybody may be the server */
};

enum tls_version { TLS_ANY, TLS_12, TLS_13 };

enum {
    TLS_PSK_MAX = 512, /* bytes of a pre-shared key: OpenSSL's limit */
    TLS_IDENTITY_MAX = 256,
    TLS_PASSWORD_MAX = 1024,
};

/* Texts are borrowed for tls_client_context_new, and may all be NULL. */
struct tls_client_options {
    const char *ca_file;   /* PEM: the CAs to trust */
    const char *ca_folder; /* the same, as `openssl rehash` lays it out */
    bool system_cas;       /* those of the operating system as well; they are
                              taken anyway when there is no other and no PSK */
    const char *cert_file; /* ours, PEM, with those between it and the CA */
    const char *key_file;  /* its key, PEM; NULL: stands in cert_file */
    /* The password of an encrypted key: at most `size` bytes into `text`.
     * Returns their number, or -1. NULL: an encrypted key is an error. */
    int (*key_password)(void *context, char *text, int size);
    void *key_password_context;
    enum tls_check check;
    enum tls_version version_min; /* TLS_ANY: 1.2 */
    const char *ciphers;          /* OpenSSL's names, for TLS 1.2 */
    const char *ciphersuites;     /* the same for TLS 1.3 */
    const char *alpn;             /* one protocol, "mqtt"; at most 255 bytes */
    struct bytes psk;             /* 1..TLS_PSK_MAX bytes; size 0: none */
    const char *psk_identity;     /* at most TLS_IDENTITY_MAX bytes */
    const char *keylog_file; /* the secrets of each connection are added to it,
                                in the format of NSS; made for us alone */
};

/* Read a pre-shared key: 1..TLS_PSK_MAX bytes in hexadecimal. With an odd
 * number of digits the first byte has one. Returns their number, or 0: it is no
 * key. */
size_t tls_psk_read(const char *text, uint8_t key[TLS_PSK_MAX]);

struct tls_client_context;

/* Make a context in `*out`.
 *
 * OK, or
 * ERR_CONFIG     a file or an option is wrong; `t` says which, and why
 * ERR_NO_MEMORY
 * Freed with tls_client_context_free. */
MUST_USE
enum err tls_client_context_new(const struct tls_client_options *options,
                                struct tls_client_context **out,
                                struct tls_trouble *t);

/* Free it; NULL is fine. */
void tls_client_context_free(struct tls_client_context *c);

struct ssl_ctx_st;

/* For client_link.c: OpenSSL's part, and how much is to be checked. */
struct ssl_ctx_st *tls_client_context_ssl(const struct tls_client_context *c);
enum tls_check tls_client_context_check(const struct tls_client_context *c);

#endif
