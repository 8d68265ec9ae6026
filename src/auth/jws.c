/* jws.c - see jws.h. */
#include "auth/jws.h"

#include "auth/base64.h"
#include "auth/json.h"

#include <assert.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <strings.h>

enum {
    HMAC_BYTES = 32,
    ES256_BYTES = 64, /* r and s, of 32 bytes each. RFC 7518, 3.4 */
    ED25519_BYTES = 64,
    ECDSA_DER_BYTES_MAX = 80
};

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool jws_looks_like(struct bytes text)
{
    /* What {" and a letter of the basic set are in base64. */
    if (text.size < 8 || memcmp(text.data, "eyJ", 3) != 0) return false;
    unsigned dots = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '.')
            dots += 1;
        else if (!is_letter(text.data[i]))
            return false;
    }
    return dots == 2;
}

/* Everything before the next dot, which goes too; false: there is none. */
static bool part_take(struct bytes *text, struct bytes *part)
{
    const uint8_t *dot = NULL;
    if (text->size > 0) dot = memchr(text->data, '.', text->size);
    if (dot == NULL) return false;
    *part = bytes_at(text->data, (size_t)(dot - text->data));
    *text = bytes_skip(*text, part->size + 1);
    return true;
}

/* `typ`, if it stands there, says that this is a token and not something else
 * that the same key signs. RFC 8725, 3.11 */
static bool type_fits(const cJSON *header)
{
    const cJSON *item = json_member(header, "typ");
    if (item == NULL) return true;
    const char *type = cJSON_GetStringValue(item);
    if (type == NULL) return false;
    if (strncasecmp(type, "application/", 12) == 0) type += 12;
    return strcasecmp(type, "JWT") == 0 || strcasecmp(type, "at+jwt") == 0;
}

static const char *header_understand(const cJSON *header, struct jws *out)
{
    const char *algorithm = json_text(header, "alg");
    if (algorithm == NULL) return "its header names no algorithm";
    if (!jwk_algorithm_find(algorithm, &out->algorithm)) {
        return "its algorithm is none of HS256, RS256, ES256, EdDSA";
    }
    /* RFC 7515, 4.1.11: what has to be understood, and is not. */
    if (json_member(header, "crit") != NULL) return "its header has \"crit\"";
    if (!type_fits(header)) return "its \"typ\" is not JWT";
    const cJSON *id = json_member(header, "kid");
    out->has_id = id != NULL;
    if (id == NULL) return NULL;
    const char *text = cJSON_GetStringValue(id);
    if (text == NULL || strlen(text) >= sizeof out->id) {
        return "its \"kid\" is no short text";
    }
    memcpy(out->id, text, strlen(text) + 1);
    return NULL;
}

static const char *header_read(struct bytes text, struct jws *out)
{
    uint8_t header[JWS_HEADER_TEXT_MAX];
    size_t size;
    if (base64_bytes_max(text.size) > sizeof header) {
        return "its header is too large";
    }
    if (!base64_decode(BASE64_URL, text, header, &size)) {
        return "its header is not base64url";
    }
    const char *why;
    cJSON *tree = json_read_object(bytes_at(header, size), &why);
    if (tree == NULL) return "its header is no JSON object";
    why = header_understand(tree, out);
    cJSON_Delete(tree);
    return why;
}

const char *jws_read(struct bytes text, struct jws *out)
{
    *out = (struct jws){.has_id = false};
    struct bytes header, rest = text;
    if (text.size > JWS_TEXT_BYTES_MAX) return "it is too large";
    if (!part_take(&rest, &header) || !part_take(&rest, &out->payload) ||
        memchr(rest.data, '.', rest.size) != NULL) {
        return "it has not three parts";
    }
    out->signature = rest;
    out->input = bytes_at(text.data, text.size - rest.size - 1);
    return header_read(header, out);
}

static bool hs256_sign(const struct jwk *key, struct bytes input,
                       uint8_t out[HMAC_BYTES])
{
    unsigned size = HMAC_BYTES;
    return HMAC(EVP_sha256(), key->secret.data, (int)key->secret.size,
                input.data, input.size, out, &size) != NULL &&
           size == HMAC_BYTES;
}

static bool hs256_verify(const struct jwk *key, struct bytes input,
                         struct bytes signature)
{
    uint8_t wanted[HMAC_BYTES];
    return hs256_sign(key, input, wanted) && signature.size == HMAC_BYTES &&
           CRYPTO_memcmp(signature.data, wanted, HMAC_BYTES) == 0;
}

static bool key_verify(const struct jwk *key, const EVP_MD *digest,
                       struct bytes input, struct bytes signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits =
        context != NULL &&
        EVP_DigestVerifyInit(context, NULL, digest, NULL, key->key) == 1 &&
        EVP_DigestVerify(context, signature.data, signature.size, input.data,
                         input.size) == 1;
    EVP_MD_CTX_free(context);
    return fits;
}

/* The padding is PKCS #1 v1.5 unless one asks for another. RFC 7518, 3.3 */
static bool rs256_verify(const struct jwk *key, struct bytes input,
                         struct bytes signature)
{
    return signature.size == (size_t)EVP_PKEY_get_size(key->key) &&
           key_verify(key, EVP_sha256(), input, signature);
}

/* The two numbers as OpenSSL wants them; 0: it cannot. */
static size_t ecdsa_der(struct bytes raw, uint8_t der[ECDSA_DER_BYTES_MAX])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.data, ES256_BYTES / 2, NULL);
    BIGNUM *s = BN_bin2bn(raw.data + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
    if (pair == NULL || r == NULL || s == NULL ||
        ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return 0;
    }
    int size = i2d_ECDSA_SIG(pair, NULL);
    uint8_t *at = der;
    if (size > 0 && size <= ECDSA_DER_BYTES_MAX) {
        size = i2d_ECDSA_SIG(pair, &at);
    } else {
        size = 0;
    }
    ECDSA_SIG_free(pair);
    return size > 0 ? (size_t)size : 0;
}

static bool es256_verify(const struct jwk *key, struct bytes input,
                         struct bytes signature)
{
    if (signature.size != ES256_BYTES) return false;
    uint8_t der[ECDSA_DER_BYTES_MAX];
    size_t size = ecdsa_der(signature, der);
    return size > 0 &&
           key_verify(key, EVP_sha256(), input, bytes_at(der, size));
}

static bool eddsa_verify(const struct jwk *key, struct bytes input,
                         struct bytes signature)
{
    return signature.size == ED25519_BYTES &&
           key_verify(key, NULL, input, signature);
}

static bool (*const verifiers[])(const struct jwk *key, struct bytes input,
                                 struct bytes signature) = {
    [JWS_HS256] = hs256_verify,
    [JWS_RS256] = rs256_verify,
    [JWS_ES256] = es256_verify,
    [JWS_EDDSA] = eddsa_verify,
};

const char *jws_verify(const struct jws *jws, const struct keyring *keyring,
                       const struct jwk **by)
{
    *by = NULL;
    uint8_t signature[JWS_SIGNATURE_BYTES_MAX + 3];
    size_t size;
    if (base64_bytes_max(jws->signature.size) > sizeof signature) {
        return "its signature is too large";
    }
    if (!base64_decode(BASE64_URL, jws->signature, signature, &size)) {
        return "its signature is not base64url";
    }
    const struct jwk *keys[KEYRING_TRIES_MAX];
    const char *id = jws->has_id ? jws->id : NULL;
    size_t count = keyring_find(keyring, id, jws->algorithm, keys);
    if (count == 0) return "there is no key for its \"kid\" and \"alg\"";
    for (size_t i = 0; i < count; i++) {
        assert(keys[i]->algorithm == jws->algorithm);
        if (verifiers[jws->algorithm](keys[i], jws->input,
                                      bytes_at(signature, size))) {
            *by = keys[i];
            return NULL;
        }
    }
    return "its signature is wrong";
}

/* OpenSSL's form of the two numbers, as RFC 7518, 3.4 has them. */
static bool ecdsa_raw(struct bytes der, uint8_t out[ES256_BYTES])
{
    const unsigned char *at = der.data;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
    if (pair == NULL) return false;
    int half = ES256_BYTES / 2;
    bool done = BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, half) == half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + half, half) == half;
    ECDSA_SIG_free(pair);
    return done;
}

enum err jws_sign(const struct jwk *key, struct bytes input, uint8_t *out,
                  size_t *size)
{
    *size = HMAC_BYTES;
    if (key->algorithm == JWS_HS256) {
        return hs256_sign(key, input, out) ? OK : ERR_IO;
    }
    bool pure = key->algorithm == JWS_EDDSA;
    *size = JWS_SIGNATURE_BYTES_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL &&
                EVP_DigestSignInit(context, NULL, pure ? NULL : EVP_sha256(),
                                   NULL, key->key) == 1 &&
                EVP_DigestSign(context, out, size, input.data, input.size) == 1;
    EVP_MD_CTX_free(context);
    if (done && key->algorithm == JWS_ES256) {
        uint8_t der[ECDSA_DER_BYTES_MAX];
        if (*size > sizeof der) return ERR_IO;
        memcpy(der, out, *size);
        done = ecdsa_raw(bytes_at(der, *size), out);
        *size = ES256_BYTES;
    }
    return done ? OK : ERR_IO;
}
