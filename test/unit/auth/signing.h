/* signing.h - keys and tokens that a test makes for itself. */
#ifndef MOGI_TEST_SIGNING_H
#define MOGI_TEST_SIGNING_H

#include "auth/base64.h"
#include "auth/jws.h"
#include "check.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define SIGNING_SECRET "0123456789abcdef0123456789abcdef"

enum { TOKEN_BYTES_MAX = 1 << 17 };

/* A key pair of its own for `algorithm`, for jws_sign; jwk_fini gives it back.
 * The secret of HS256 is SIGNING_SECRET. */
CHECK_UNUSED static struct jwk signing_key(enum jws_algorithm algorithm)
{
    struct jwk key = {.algorithm = algorithm};
    struct fault fault;
    switch (algorithm) {
    case JWS_HS256:
        REQUIRE(jwk_secret(bytes_of(SIGNING_SECRET), &key, &fault) == OK);
        return key;
    case JWS_RS256: key.key = EVP_RSA_gen(2048); break;
    case JWS_ES256: key.key = EVP_EC_gen("P-256"); break;
    case JWS_EDDSA: key.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); break;
    }
    REQUIRE(key.key != NULL);
    return key;
}

/* The public half as PEM in `text`, of 2048 bytes. */
CHECK_UNUSED static struct bytes signing_pem(const struct jwk *key, char *text)
{
    BIO *bio = BIO_new(BIO_s_mem());
    REQUIRE(bio != NULL && PEM_write_bio_PUBKEY(bio, key->key) == 1);
    int size = BIO_read(bio, text, 2048);
    REQUIRE(size > 0 && size < 2048);
    BIO_free(bio);
    return bytes_at(text, (size_t)size);
}

/* header.payload.signature in `text`, of TOKEN_BYTES_MAX. */
CHECK_UNUSED static struct bytes signing_token(const struct jwk *key,
                                               const char *header,
                                               const char *payload, char *text)
{
    REQUIRE(strlen(header) + strlen(payload) < TOKEN_BYTES_MAX / 2);
    size_t size = base64_encode(BASE64_URL, bytes_of(header), text);
    text[size++] = '.';
    size += base64_encode(BASE64_URL, bytes_of(payload), text + size);
    uint8_t signature[JWS_SIGNATURE_BYTES_MAX];
    size_t signature_size;
    REQUIRE(jws_sign(key, bytes_at(text, size), signature, &signature_size) ==
            OK);
    text[size++] = '.';
    size += base64_encode(BASE64_URL, bytes_at(signature, signature_size),
                          text + size);
    return bytes_at(text, size);
}

#endif
