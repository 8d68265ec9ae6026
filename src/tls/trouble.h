/* trouble.h - why TLS does not work, in words, and as a kind that a program can
 * act upon.
 *
 * OpenSSL tells of its errors in a queue per thread, the result of a
 * verification and errno; this puts one sentence together.
 */
#ifndef MOGI_TLS_TROUBLE_H
#define MOGI_TLS_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

enum tls_trouble_kind {
    TLS_FINE,
    TLS_SETUP,      /* a file or an option of our own is wrong */
    TLS_NOT_SPOKEN, /* what came back is not TLS, or nothing did */
    TLS_UNTRUSTED,  /* no trusted CA stands behind the peer's certificate */
    TLS_EXPIRED,    /* it is past its date, or not yet valid */
    TLS_WRONG_HOST, /* it is for other names */
    TLS_REVOKED,    /* its CA has called it back */
    TLS_REFUSED,    /* the peer ended it with an alert: it does not like ours */
    TLS_BROKEN,     /* all else */
};

enum { TLS_TROUBLE_SIZE = 320 };

struct tls_trouble {
    enum tls_trouble_kind kind;
    char text[TLS_TROUBLE_SIZE]; /* a sentence without full stop */
};

struct x509_st;
struct x509_store_ctx_st;

/* Nothing is wrong: also empties the thread's queue of OpenSSL's errors, which
 * must be done before a call whose failure is asked about. */
void tls_trouble_clear(struct tls_trouble *t);

/* Say that an option or a file of ours is wrong.
 *
 *   what  made as by printf; if OpenSSL knows more, ": " and its reason follow
 */
void tls_trouble_setup(struct tls_trouble *t, const char *what, ...)
    __attribute__((format(printf, 2, 3)));

/* "localhost, 127.0.0.1": the hosts that a certificate is for, cut at `size`;
 * "" when it names none. */
void tls_trouble_names(struct x509_st *cert, char *text, size_t size);

/* Say what is wrong with the certificate that a verification has stopped at. */
void tls_trouble_certificate(struct tls_trouble *t,
                             struct x509_store_ctx_st *store);

/* Say why a handshake, read or write failed; what is said already is
 * kept when it was a certificate.
 *
 *   result   what SSL_get_error() gave
 *   saved    errno right after the call
 *   shaking  the handshake was not over */
void tls_trouble_take(struct tls_trouble *t, int result, int saved,
                      bool shaking);

#endif
