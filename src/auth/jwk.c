/* jwk.c - see jwk.h. */
#include "auth/jwk.h"

#include "auth/base64.h"
#include "auth/json.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum {
    P256_BYTES = 32,
    ED25519_BYTES = 32,
    RSA_BYTES_MAX = JWK_RSA_BITS_MAX / 8,
    MEMBER_BYTES_MAX = RSA_BYTES_MAX
};

/* A binary member of a key, decoded. */
struct member {
    uint8_t data[MEMBER_BYTES_MAX + 3];
    size_t size;
};

static const char *const algorithm_names[] = {"HS256", "RS256", "ES256",
                                              "EdDSA"};

const char *jwk_algorithm_name(enum jws_algorithm algorithm)
{
    return algorithm_names[algorithm];
}

bool jwk_algorithm_find(const char *name, enum jws_algorithm *out)
{
    for (unsigned i = 0; i <= JWS_EDDSA; i++) {
        if (strcmp(name, algorithm_names[i]) != 0) continue;
        *out = (enum jws_algorithm)i;
        return true;
    }
    return false;
}

static enum err member_read(const cJSON *json, const char *name,
                            struct member *out, struct fault *fault)
{
    const char *text = json_text(json, name);
    if (text == NULL) {
        return fault_set(fault, ERR_CONFIG, "it has no \"%s\"", name);
    }
    struct bytes b = bytes_of(text);
    if (b.size == 0 || base64_bytes_max(b.size) > sizeof out->data) {
        return fault_set(fault, ERR_CONFIG, "its \"%s\" has an odd size", name);
    }
    if (!base64_decode(BASE64_URL, b, out->data, &out->size)) {
        return fault_set(fault, ERR_CONFIG, "its \"%s\" is not base64url",
                         name);
    }
    return OK;
}

/* A public key of `type` out of `params`, which may be NULL. */
static EVP_PKEY *params_key(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool made =
        context != NULL && params != NULL &&
        EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(context);
    if (made) return key;
    EVP_PKEY_free(key);
    return NULL;
}

static EVP_PKEY *rsa_key(const struct member *n, const struct member *e)
{
    BIGNUM *modulus = BN_bin2bn(n->data, (int)n->size, NULL);
    BIGNUM *exponent = BN_bin2bn(e->data, (int)e->size, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (modulus != NULL && exponent != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    EVP_PKEY *key = params_key("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static enum err rsa_read(const cJSON *json, struct jwk *out,
                         struct fault *fault)
{
    struct member n = {0}, e = {0};
    enum err error = member_read(json, "n", &n, fault);
    if (error == OK) error = member_read(json, "e", &e, fault);
    if (error != OK) return error;
    EVP_PKEY *key = rsa_key(&n, &e);
    if (key == NULL) {
        return fault_set(fault, ERR_CONFIG, "it is no valid RSA key");
    }
    return jwk_public(key, out, fault);
}

static EVP_PKEY *ec_key(const struct member *x, const struct member *y)
{
    /* The uncompressed form of a point. SEC 1, 2.3.3 */
    uint8_t point[1 + 2 * P256_BYTES] = {0x04};
    memcpy(point + 1, x->data, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y->data, P256_BYTES);
    char curve[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                          sizeof point),
        OSSL_PARAM_construct_end()};
    return params_key("EC", params);
}

static enum err ec_read(const cJSON *json, struct jwk *out, struct fault *fault)
{
    const char *curve = json_text(json, "crv");
    if (curve == NULL || strcmp(curve, "P-256") != 0) {
        return fault_set(fault, ERR_CONFIG,
                         "of the curves of EC keys only P-256 is known");
    }
    struct member x = {0}, y = {0};
    enum err e = member_read(json, "x", &x, fault);
    if (e == OK) e = member_read(json, "y", &y, fault);
    if (e != OK) return e;
    /* RFC 7518, 6.2.1.2: always the curve's size. */
    EVP_PKEY *key = NULL;
    if (x.size == P256_BYTES && y.size == P256_BYTES) key = ec_key(&x, &y);
    if (key == NULL) {
        return fault_set(fault, ERR_CONFIG, "it is no point of its curve");
    }
    return jwk_public(key, out, fault);
}

static enum err okp_read(const cJSON *json, struct jwk *out,
                         struct fault *fault)
{
    const char *curve = json_text(json, "crv");
    if (curve == NULL || strcmp(curve, "Ed25519") != 0) {
        return fault_set(fault, ERR_CONFIG,
                         "of the curves of OKP keys only Ed25519 is known");
    }
    struct member x = {0};
    enum err e = member_read(json, "x", &x, fault);
    if (e != OK) return e;
    EVP_PKEY *key = NULL;
    if (x.size == ED25519_BYTES) {
        key =
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.size);
    }
    if (key == NULL) {
        return fault_set(fault, ERR_CONFIG, "its \"x\" has an odd size");
    }
    return jwk_public(key, out, fault);
}

static enum err oct_read(const cJSON *json, struct jwk *out,
                         struct fault *fault)
{
    struct member k = {0};
    enum err e = member_read(json, "k", &k, fault);
    if (e == OK) e = jwk_secret(bytes_at(k.data, k.size), out, fault);
    OPENSSL_cleanse(&k, sizeof k);
    return e;
}

static const struct {
    const char *type;
    enum err (*read)(const cJSON *json, struct jwk *out, struct fault *fault);
    bool is_pair; /* has a private half, in "d" */
} types[] = {
    {"oct", oct_read, false},
    {"RSA", rsa_read, true},
    {"EC", ec_read, true},
    {"OKP", okp_read, true},
};

static enum err type_read(const cJSON *json, struct jwk *out,
                          struct fault *fault)
{
    const char *type = json_text(json, "kty");
    if (type == NULL) return fault_set(fault, ERR_CONFIG, "it has no \"kty\"");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(type, types[i].type) != 0) continue;
        if (types[i].is_pair && json_member(json, "d") != NULL) {
            return fault_set(fault, ERR_CONFIG,
                             "it is a private key: take the members d, p, q, "
                             "dp, dq and qi out, the broker needs none of "
                             "them");
        }
        return types[i].read(json, out, fault);
    }
    return fault_set(fault, ERR_CONFIG, "keys of kty \"%.40s\" are not known",
                     type);
}

/* RFC 7517, 4.2 to 4.4: what the key says it is for. */
static enum err purpose_check(const cJSON *json, const struct jwk *jwk,
                              struct fault *fault)
{
    const char *use = json_text(json, "use");
    if (use != NULL && strcmp(use, "sig") != 0) {
        return fault_set(fault, ERR_CONFIG, "it is not for signatures");
    }
    const cJSON *operations = json_member(json, "key_ops");
    bool verifies = operations == NULL;
    for (const cJSON *o = operations == NULL ? NULL : operations->child;
         o != NULL; o = o->next) {
        const char *name = cJSON_GetStringValue(o);
        if (name != NULL && strcmp(name, "verify") == 0) verifies = true;
    }
    if (!verifies) {
        return fault_set(fault, ERR_CONFIG, "its \"key_ops\" lack \"verify\"");
    }
    const char *algorithm = json_text(json, "alg");
    const char *ours = jwk_algorithm_name(jwk->algorithm);
    if (algorithm != NULL && strcmp(algorithm, ours) != 0) {
        return fault_set(fault, ERR_CONFIG,
                         "it is for %.40s, and keys of its kind are used for "
                         "%s only",
                         algorithm, ours);
    }
    return OK;
}

static enum err id_read(const cJSON *json, struct jwk *out, struct fault *fault)
{
    const cJSON *id = json_member(json, "kid");
    if (id == NULL) return OK;
    const char *text = cJSON_GetStringValue(id);
    if (text == NULL || strlen(text) > JWK_ID_BYTES_MAX) {
        return fault_set(fault, ERR_CONFIG, "its \"kid\" is no short text");
    }
    out->id = strdup(text);
    if (out->id != NULL) return OK;
    return fault_set(fault, ERR_NO_MEMORY, "out of memory");
}

enum err jwk_read(const cJSON *json, struct jwk *out, struct fault *fault)
{
    *out = (struct jwk){.id = NULL};
    if (!cJSON_IsObject(json)) {
        return fault_set(fault, ERR_CONFIG, "it is no JSON object");
    }
    enum err e = type_read(json, out, fault);
    if (e != OK) return e;
    e = purpose_check(json, out, fault);
    if (e == OK) e = id_read(json, out, fault);
    if (e != OK) jwk_fini(out);
    return e;
}

enum err jwk_secret(struct bytes secret, struct jwk *out, struct fault *fault)
{
    *out = (struct jwk){.algorithm = JWS_HS256};
    if (secret.size < JWK_SECRET_BYTES_MIN) {
        return fault_set(fault, ERR_CONFIG,
                         "a secret for HS256 has %d bytes at least, this one "
                         "has %zu; make one with: openssl rand -base64 48",
                         JWK_SECRET_BYTES_MIN, secret.size);
    }
    if (secret.size > JWK_SECRET_BYTES_MAX) {
        return fault_set(fault, ERR_CONFIG,
                         "a secret has %d bytes at most, this one has %zu",
                         JWK_SECRET_BYTES_MAX, secret.size);
    }
    uint8_t *copy = malloc(secret.size);
    if (copy == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    memcpy(copy, secret.data, secret.size);
    out->secret = bytes_at(copy, secret.size);
    return OK;
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[32] = "";
    return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* Which algorithm `key` is for; ERR_CONFIG: none of ours. */
static enum err key_algorithm(const EVP_PKEY *key, enum jws_algorithm *out,
                              struct fault *fault)
{
    int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        *out = JWS_RS256;
        if (bits >= JWK_RSA_BITS_MIN && bits <= JWK_RSA_BITS_MAX) return OK;
        return fault_set(fault, ERR_CONFIG,
                         "an RSA key has %d to %d bits, this one has %d",
                         JWK_RSA_BITS_MIN, JWK_RSA_BITS_MAX, bits);
    case EVP_PKEY_EC:
        *out = JWS_ES256;
        if (is_p256(key)) return OK;
        return fault_set(fault, ERR_CONFIG,
                         "of the curves of EC keys only P-256 is known");
    case EVP_PKEY_ED25519: *out = JWS_EDDSA; return OK;
    default:
        return fault_set(fault, ERR_CONFIG,
                         "only RSA, P-256 and Ed25519 keys are known");
    }
}

static bool key_is_valid(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool valid = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return valid;
}

enum err jwk_public(EVP_PKEY *key, struct jwk *out, struct fault *fault)
{
    *out = (struct jwk){.key = key};
    enum err e = key_algorithm(key, &out->algorithm, fault);
    if (e == OK && !key_is_valid(key)) {
        e = fault_set(fault, ERR_CONFIG, "it is no valid key");
    }
    if (e != OK) jwk_fini(out);
    return e;
}

/* Nobody is asked for a pass phrase. */
static int no_phrase(char *text, int size, int writing, void *of)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)of;
    return -1;
}

enum err jwk_private(struct bytes text, struct jwk *out, struct fault *fault)
{
    *out = (struct jwk){.id = NULL};
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    if (bio == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
    BIO_free(bio);
    if (key != NULL) return jwk_public(key, out, fault);
    return fault_set(fault, ERR_CONFIG,
                     "it has no private key in PEM without pass phrase; make "
                     "one with: openssl genpkey -algorithm ED25519 -out FILE");
}

void jwk_fini(struct jwk *jwk)
{
    free(jwk->id);
    EVP_PKEY_free(jwk->key);
    if (jwk->secret.data != NULL) {
        uint8_t *secret = (uint8_t *)(uintptr_t)jwk->secret.data;
        OPENSSL_cleanse(secret, jwk->secret.size);
        free(secret);
    }
    *jwk = (struct jwk){.id = NULL};
}
