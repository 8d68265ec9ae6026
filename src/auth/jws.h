/* jws.h - a signed text: JSON Web Signature, compact. RFC 7515, 7518, 8037
 *
 *     base64url(header) . base64url(payload) . base64url(signature)
 *     `-------------- what is signed -------'
 *
 * The header is believed in one thing only: which of our own keys to try. A key
 * that it brings along, or says where to fetch, is not looked at.
 */
#ifndef MOGI_AUTH_JWS_H
#define MOGI_AUTH_JWS_H

#include "auth/jwk.h"
#include "auth/keyring.h"

enum {
    JWS_TEXT_BYTES_MAX = 16384,
    JWS_HEADER_TEXT_MAX = 2048, /* letters */
    JWS_SIGNATURE_BYTES_MAX = JWK_RSA_BITS_MAX / 8
};

struct jws {
    enum jws_algorithm algorithm;
    char id[JWK_ID_BYTES_MAX + 1]; /* `kid`; "" with !has_id */
    bool has_id;
    struct bytes input;     /* what is signed; borrowed from the text */
    struct bytes payload;   /* as text, not decoded; borrowed */
    struct bytes signature; /* as text; borrowed */
};

/* Could `text` be a token: three parts of base64url letters, the first of
 * which begins as `{"`, written so, does? Says nothing about whether it is
 * good. */
bool jws_looks_like(struct bytes text);

/* Take `text` apart, and read its header; NULL, or why it is refused, in
 * static memory. `out` borrows from `text`. */
const char *jws_read(struct bytes text, struct jws *out);

/* Is it signed by a key of `keyring`? NULL, and the key in `*by`; or why not,
 * in static memory. */
const char *jws_verify(const struct jws *jws, const struct keyring *keyring,
                       const struct jwk **by);

/* Sign `input` with the secret, or the private key, in `key`, into `out`, which
 * has JWS_SIGNATURE_BYTES_MAX bytes. How many there are goes to `*size`.
 * ERR_IO: OpenSSL cannot. */
MUST_USE
enum err jws_sign(const struct jwk *key, struct bytes input, uint8_t *out,
                  size_t *size);

#endif
