/* jwt_fuzz.c - tokens, their claims and rules, and files of keys, of any bytes.
 *
 *     input   [ 0 ][ token ]                         as a client sends it
 *             [ 1 ][ header size ][ header ][ payload ]   signed here
 *             [ 2 ][ file of keys ]
 *
 * What is let in was signed, as one text and no other; it names a user, and is
 * not over. Rules that are read have filters that the core can judge by. Keys
 * that are read fit their algorithm.
 */
#include "auth/acljson.h"
#include "auth/base64.h"
#include "auth/jwt.h"
#include "fuzz.h"
#include "wire/topic.h"
#include "wire/utf8.h"

enum { NOW_S = 1000000, PART_SIZE_MAX = 4096 };

#define SECRET "0123456789abcdef0123456789abcdef"

static const struct jwt_rules rules = {
    .user_claim = "sub", .acl_claim = "acl", .leeway_s = 10};

static struct keyring *keyring_make(void)
{
    static const uint8_t public_key[32] = {
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
        0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
        0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    struct keyring *keyring = keyring_new();
    struct fault fault;
    PROMISE(keyring != NULL);
    PROMISE(jwk_secret(bytes_of(SECRET), &keyring->keys[0], &fault) == OK);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                public_key, sizeof public_key);
    PROMISE(jwk_public(key, &keyring->keys[1], &fault) == OK);
    keyring->count = 2;
    return keyring;
}

static void check_acl(const struct acl *acl)
{
    struct acl_who who = {
        .user = bytes_of("u"), .has_user = true, .client_id = bytes_of("c")};
    const struct acl_section *all = &acl->patterns;
    PROMISE(all->count <= ACLJSON_RULES_MAX);
    PROMISE(acl->user_count == 0 && acl->anonymous.count == 0);
    for (size_t i = 0; i < all->count; i++) {
        PROMISE(topic_filter_valid(all->rules[i].filter));
        PROMISE(!topic_is_shared(all->rules[i].filter));
        PROMISE(all->rules[i].access <= ACL_READWRITE);
    }
    (void)acl_judge(acl, &who, ACL_PUBLISH, bytes_of("u/c"));
    (void)acl_judge(acl, &who, ACL_SUBSCRIBE, bytes_of("+/#"));
    if (all->count == 0)
        PROMISE(!acl_judge(acl, &who, ACL_RECEIVE, bytes_of("a")).allowed);
}

/* What `token` is signed with, written anew, is what stands there. */
static void check_signed(struct bytes token, const struct jwk *key)
{
    uint8_t signature[JWS_SIGNATURE_BYTES_MAX];
    char text[64];
    size_t size, at = token.size;
    while (token.data[at - 1] != '.')
        at -= 1;
    PROMISE(jws_sign(key, bytes_at(token.data, at - 1), signature, &size) ==
            OK);
    size = base64_encode(BASE64_URL, bytes_at(signature, size), text);
    PROMISE(bytes_equal(bytes_at(text, size), bytes_skip(token, at)));
}

static void check_token(struct bytes token, const struct keyring *keyring)
{
    struct jwt jwt;
    const char *why = jwt_judge(token, keyring, &rules, NOW_S, &jwt);
    if (why != NULL) {
        PROMISE(why[0] != '\0' && jwt.claims == NULL);
        return;
    }
    check_signed(token, &keyring->keys[0]);
    PROMISE(jws_looks_like(token) || token.data[0] != 'e' ||
            token.data[1] != 'y');
    PROMISE(jwt.user[0] != '\0' && utf8_valid(bytes_of(jwt.user)));
    PROMISE(jwt.expires_s > NOW_S);
    const struct acl *acl = NULL;
    if (jwt.acl != NULL && acljson_read(jwt.acl, &acl) == NULL) {
        check_acl(acl);
        acl_unref(acl);
    }
    jwt_fini(&jwt);
}

static void check_claims(struct bytes in, const struct keyring *keyring)
{
    static char text[4 * PART_SIZE_MAX];
    struct reader reader = reader_of(in);
    struct bytes header = fuzz_bytes(&reader, read_u8(&reader));
    struct bytes payload = read_rest(&reader);
    if (payload.size > PART_SIZE_MAX) return;
    uint8_t signature[JWS_SIGNATURE_BYTES_MAX];
    size_t size = base64_encode(BASE64_URL, header, text), signature_size;
    text[size++] = '.';
    size += base64_encode(BASE64_URL, payload, text + size);
    PROMISE(jws_sign(&keyring->keys[0], bytes_at(text, size), signature,
                     &signature_size) == OK);
    text[size++] = '.';
    size += base64_encode(BASE64_URL, bytes_at(signature, signature_size),
                          text + size);
    uint8_t *copy = fuzz_copy(bytes_at(text, size));
    check_token(bytes_at(copy, size), keyring);
    free(copy);
}

static void check_keys(struct bytes in)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    PROMISE(keyring != NULL);
    enum err e = keyring_add(keyring, in, &fault);
    PROMISE(e == OK || fault.text[0] != '\0');
    PROMISE(e != OK || keyring->count > 0);
    PROMISE(keyring->count <= KEYRING_KEYS_MAX);
    for (size_t i = 0; i < keyring->count; i++) {
        const struct jwk *key = &keyring->keys[i];
        bool secret = key->algorithm == JWS_HS256;
        PROMISE((key->key == NULL) == secret);
        PROMISE(!secret || key->secret.size >= JWK_SECRET_BYTES_MIN);
    }
    keyring_free(keyring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *keyring;
    if (keyring == NULL) keyring = keyring_make();
    if (size < 1) return 0;
    struct bytes in = bytes_at(data + 1, size - 1);
    if (data[0] % 3 == 0) check_token(in, keyring);
    if (data[0] % 3 == 1) check_claims(in, keyring);
    if (data[0] % 3 == 2) check_keys(in);
    return 0;
}
