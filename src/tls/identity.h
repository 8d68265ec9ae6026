/* identity.h - the name that a certificate gives its owner. */
#ifndef MOGI_TLS_IDENTITY_H
#define MOGI_TLS_IDENTITY_H

#include "base/err.h"
#include "tls/explain.h"

#include <openssl/x509.h>

enum {
    /* Bytes of a name, NUL included. */
    IDENTITY_TEXT_MAX = 1024
};

/* Which part of a certificate is the name. */
enum identity_kind {
    IDENTITY_NONE,
    IDENTITY_CN,        /* the first common name of the subject */
    IDENTITY_SUBJECT,   /* the whole subject, as in RFC 2253 */
    IDENTITY_SAN_EMAIL, /* the first alternative name of this kind */
    IDENTITY_SAN_DNS,
    IDENTITY_SAN_URI
};

/* The name in `certificate`, ended by NUL, in `text`.
 *
 *   kind     not IDENTITY_NONE
 *   text     well-formed UTF-8 without NUL, not empty
 *   trouble  why there is none
 *
 * OK, or ERR_CREDENTIALS: there is none, or it is none that a user name can
 * be. */
MUST_USE
enum err identity_of(const X509 *certificate, enum identity_kind kind,
                     char text[IDENTITY_TEXT_MAX],
                     struct trouble_text *trouble);

#endif
