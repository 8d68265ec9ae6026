/* issue.h - keys, certificates and lists of revoked ones, made in memory.
 * RFC 5280
 *
 * For a CA of one's own, as a laboratory or a house needs: it signs the
 * certificates of servers and clients itself, with nothing in between.
 */
#ifndef MOGI_TLS_ISSUE_H
#define MOGI_TLS_ISSUE_H

#include "base/err.h"
#include "tls/trouble.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_key_kind { TLS_KEY_P256, TLS_KEY_P384, TLS_KEY_ED25519, TLS_KEY_RSA };

enum tls_purpose { TLS_FOR_CA, TLS_FOR_SERVER, TLS_FOR_CLIENT };

enum { TLS_NAME_MAX = 64 }; /* of a CN. RFC 5280, A.1: ub-common-name */

struct x509_st;
struct X509_crl_st;
struct evp_pkey_st;

/* A certificate and its key. */
struct tls_pair {
    struct x509_st *cert;
    struct evp_pkey_st *key;
};

/* Free both; they may be NULL. */
void tls_pair_fini(struct tls_pair *p);

struct tls_request {
    enum tls_purpose purpose;
    enum tls_key_kind key;
    const char *name;         /* the CN: 1..TLS_NAME_MAX bytes of UTF-8 */
    const char *const *hosts; /* of a server: names and addresses */
    size_t host_count;
    int64_t from_s; /* Unix time; valid from, and until */
    int64_t until_s;
};

/* May `host` stand in a certificate? Letters, digits, '-', '_' and '.', with
 * "*." before them perhaps; or an address. */
bool tls_host_valid(const char *host);

/* Make a key and a certificate for it.
 *
 *   ca   who signs; NULL: it signs itself
 *   out  receives the pair; freed with tls_pair_fini
 *
 * OK, or ERR_CONFIG: `t` says what the request asks that cannot be, or what
 * OpenSSL did not do. */
MUST_USE
enum err tls_issue(const struct tls_request *r, const struct tls_pair *ca,
                   struct tls_pair *out, struct tls_trouble *t);

/* Make a list of revoked certificates: those of `old` (NULL: none), and `cert`
 * (NULL: none more). Its number is one higher than that of `old`.
 *
 *   out  receives the list; freed with tls_crl_free
 *
 * OK, or ERR_CONFIG: `t` says why. */
MUST_USE
enum err tls_crl_make(const struct tls_pair *ca, struct X509_crl_st *old,
                      struct x509_st *cert, int64_t now_s, int64_t until_s,
                      struct X509_crl_st **out, struct tls_trouble *t);

/* Free it; NULL is fine. */
void tls_crl_free(struct X509_crl_st *crl);

/* Is `cert` in it? */
bool tls_crl_has(struct X509_crl_st *crl, struct x509_st *cert);

#endif
