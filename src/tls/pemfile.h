/* pemfile.h - certificates, keys and lists of revoked ones as PEM files. A file
 * is there whole or not at all, and a key's is its owner's alone to read.
 */
#ifndef MOGI_TLS_PEMFILE_H
#define MOGI_TLS_PEMFILE_H

#include "tls/issue.h"

#include <stdbool.h>

/* What of a pair goes into a file. */
enum tls_pem_kind { TLS_PEM_CERT, TLS_PEM_KEY };

/* Write one half of `p` to `path`.
 *
 *   replace  one that is there already; else that is an error
 *
 * OK, or ERR_IO: `t` says why. */
MUST_USE
enum err tls_pem_write(const char *path, const struct tls_pair *p,
                       enum tls_pem_kind kind, bool replace,
                       struct tls_trouble *t);

/* The same for a list, which is always replaced, and for text. */
MUST_USE
enum err tls_pem_crl_write(const char *path, struct X509_crl_st *crl,
                           struct tls_trouble *t);
MUST_USE
enum err tls_pem_text_write(const char *path, const char *text,
                            struct tls_trouble *t);

/* Read a certificate, and a key that is not encrypted: NULL, and `t` says why,
 * when it cannot be. */
struct x509_st *tls_pem_cert_read(const char *path, struct tls_trouble *t);
struct evp_pkey_st *tls_pem_key_read(const char *path, struct tls_trouble *t);
struct X509_crl_st *tls_pem_crl_read(const char *path, struct tls_trouble *t);

#endif
