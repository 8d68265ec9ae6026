/* jwk.h - one key that may sign tokens. RFC 7517, 7518 (6), 8037 (2)
 *
 * What a key is decides how it signs: each kind has exactly one algorithm, and
 * a token that names another is refused. So nobody makes a secret out of a
 * public key, and there is no "none".
 *
 *     kty oct          HS256     256 bits or more. RFC 7518, 3.2
 *     kty RSA          RS256     2048 bits or more. RFC 7518, 3.3
 *     kty EC  P-256    ES256
 *     kty OKP Ed25519  EdDSA
 */
#ifndef MOGI_AUTH_JWK_H
#define MOGI_AUTH_JWK_H

#include "auth/fault.h"
#include "base/bytes.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>

enum jws_algorithm { JWS_HS256, JWS_RS256, JWS_ES256, JWS_EDDSA };

enum {
    JWK_SECRET_BYTES_MIN = 32,
    JWK_SECRET_BYTES_MAX = 1024,
    JWK_RSA_BITS_MIN = 2048,
    JWK_RSA_BITS_MAX = 16384, /* what OpenSSL would still verify */
    JWK_ID_BYTES_MAX = 256
};

struct jwk {
    enum jws_algorithm algorithm;
    char *id; /* `kid`, or NULL */
    EVP_PKEY *key;
    struct bytes secret; /* HS256, in place of `key`; owned */
};

/* The name of `algorithm` in a token: "RS256". */
const char *jwk_algorithm_name(enum jws_algorithm algorithm);

/* The algorithm called `name`; false when we have none of that name. */
bool jwk_algorithm_find(const char *name, enum jws_algorithm *out);

/* The key that `json`, an object, describes. ERR_CONFIG: it is one that we
 * cannot use, or a private one; ERR_NO_MEMORY. `fault` says why. */
MUST_USE
enum err jwk_read(const cJSON *json, struct jwk *out, struct fault *fault);

/* A key with the secret `secret`, of which it keeps a copy. ERR_CONFIG: it is
 * too short or too long; ERR_NO_MEMORY. */
MUST_USE
enum err jwk_secret(struct bytes secret, struct jwk *out, struct fault *fault);

/* A key around the public key `key`, which it takes over, also when it fails.
 * ERR_CONFIG: of a kind, curve or size that we do not take. */
MUST_USE
enum err jwk_public(EVP_PKEY *key, struct jwk *out, struct fault *fault);

/* The private key in the PEM `text`, which has no pass phrase, for jws_sign.
 * ERR_CONFIG: there is none, or it is of a kind, curve or size that we do not
 * take; ERR_NO_MEMORY. */
MUST_USE
enum err jwk_private(struct bytes text, struct jwk *out, struct fault *fault);

/* Wipe and give back what it owns; one that is all zero is fine. */
void jwk_fini(struct jwk *jwk);

#endif
