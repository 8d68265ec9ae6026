/* material.h - what a side of TLS is made of: certificates, keys, lists of CAs
 * and of what they revoked, from files into a context of OpenSSL's.
 *
 * For brokers and clients alike. Each function says in `trouble` which file is
 * wrong, and what to do. Paths are not empty; files are read during the call.
 */
#ifndef MOGI_TLS_MATERIAL_H
#define MOGI_TLS_MATERIAL_H

#include "base/err.h"
#include "tls/explain.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* What is safe for both sides, before anything else: TLS 1.2 and later, no
 * compression, no renegotiation, keys of 112 bits of strength and more, and
 * idle connections that hold no buffers. */
void material_defaults(SSL_CTX *context);

/* The certificate in the PEM file `certfile` with the CAs behind it, and its
 * key in the PEM file `keyfile` (which may be the same). ERR_CONFIG: one is
 * missing, not readable, of another kind, needs a passphrase, is too weak, or
 * they do not belong together. */
MUST_USE
enum err material_certificate(SSL_CTX *context, const char *certfile,
                              const char *keyfile,
                              struct trouble_text *trouble);

/* Trust the CAs in the PEM file `cafile` and in the folder `capath`, whose
 * files have the names that "openssl rehash" gives. Either may be NULL.
 * ERR_CONFIG: one is not there, or holds none. */
MUST_USE
enum err material_authorities(SSL_CTX *context, const char *cafile,
                              const char *capath, struct trouble_text *trouble);

/* Refuse peers whose certificate the lists in the PEM file `crlfile` revoke;
 * a CA without a list in it is refused too. ERR_CONFIG: no list could be
 * read. */
MUST_USE
enum err material_revoked(SSL_CTX *context, const char *crlfile,
                          struct trouble_text *trouble);

/* Allow only `ciphers` of TLS 1.2 and `suites` of TLS 1.3, in OpenSSL's
 * notation; NULL: as they are. ERR_CONFIG: one of them names none. */
MUST_USE
enum err material_ciphers(SSL_CTX *context, const char *ciphers,
                          const char *suites, struct trouble_text *trouble);

/* The lowest version to speak, for "tlsv1.2" or "tlsv1.3". ERR_CONFIG: the
 * word is another one, and `trouble` says what may stand there. */
MUST_USE
enum err material_version(SSL_CTX *context, const char *word,
                          struct trouble_text *trouble);

/* Can others than the owner and its group read the file `path`? False when it
 * cannot be looked at. */
bool material_is_open(const char *path);

#endif
