/* tokens.h - the method that lets in who bears a signed token. RFC 7519
 *
 *     CONNECT  password (or user name) = token
 *     CONNECT  authentication method "JWT", data = token
 *     AUTH     0x19, the same method, data = a newer token. MQTT 5.0, 4.12.1
 *
 * Whose key is taken out of the file has to leave as well, at the reload.
 *
 * Who is let in leaves when the token expires, unless it has shown a newer one
 * by then; that needs the second form. The client's user name becomes the one
 * in the token.
 *
 * A signature by a public key is checked on another thread; HS256, which takes
 * some us, at once.
 */
#ifndef MOGI_AUTH_TOKENS_H
#define MOGI_AUTH_TOKENS_H

#include "auth/fault.h"
#include "auth/method.h"

/* The authentication method's name in CONNECT and AUTH. */
#define TOKENS_METHOD "JWT"

/* Texts are copied. */
struct tokens_options {
    const char *key_file;    /* PEM or JWK (set); NULL or "": none */
    const char *secret_file; /* of HS256; NULL or "": none */
    const char *issuer;      /* NULL or "": any */
    const char *audience;    /* NULL or "": a token may name none */
    const char *user_claim;  /* NULL or "": "sub" */
    const char *acl_claim;   /* NULL or "": "acl" */
    uint32_t leeway_s;
    bool expiry_optional; /* tokens without `exp` are good for ever */
    bool in_user_name;    /* the token is the user name, not the password */
    bool any_user_name;   /* a user name beside the token need not be the one
                             in it, and is not looked at */
};

/* A method by `options`, whose files are read now. OK; ERR_CONFIG, ERR_IO,
 * ERR_NO_MEMORY: `fault` says what to do, with the path.
 *
 * What does not look like a token (jws_looks_like) is passed on; what does, and
 * is not good, is refused. */
MUST_USE
enum err tokens_open(const struct tokens_options *options,
                     struct auth_method *out, struct fault *fault);

/* How many keys this method has, and how many of its key file it skipped. */
size_t tokens_key_count(const struct auth_method *method, size_t *skipped);

#endif
