/* keyring_test.c - files of keys, and which key a token is tried with. */
#include "auth/keyring.h"
#include "signing.h"

#define OKP(more)                                                              \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"                              \
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"" more "}"
#define OCT(more)                                                              \
    "{\"kty\":\"oct\",\"k\":"                                                  \
    "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"" more "}"

static char path[] = "/tmp/mogi-keyring-XXXXXX";

static void file_write(const void *text, size_t size)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(text, 1, size, file) == size);
    REQUIRE(fclose(file) == 0);
}

static void pem_of_each_kind_is_read(void)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    char text[8192] = "A comment is no trouble.\n";
    size_t size = strlen(text);
    for (enum jws_algorithm a = JWS_RS256; a <= JWS_EDDSA; a++) {
        struct jwk key = signing_key(a);
        size += signing_pem(&key, text + size).size;
        jwk_fini(&key);
    }
    CHECK_EQ(keyring_add(keyring, bytes_at(text, size), &fault), OK);
    CHECK_EQ(keyring->count, 3);
    for (size_t i = 0; i < keyring->count; i++)
        CHECK_EQ(keyring->keys[i].algorithm, JWS_RS256 + i);
    keyring_free(keyring);
}

static void check_refused(struct bytes text, const char *because)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    CHECK_EQ(keyring_add(keyring, text, &fault), ERR_CONFIG);
    if (strstr(fault.text, because) == NULL) CHECK_STR(fault.text, because);
    CHECK_EQ(keyring->count, 0);
    keyring_free(keyring);
}

static void private_pem_is_refused(void)
{
    struct jwk key = signing_key(JWS_ES256);
    BIO *bio = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PrivateKey(bio, key.key, NULL, NULL, 0, NULL, NULL));
    char *text;
    long size = BIO_get_mem_data(bio, &text);
    check_refused(bytes_at(text, (size_t)size), "openssl pkey");
    BIO_free(bio);
    jwk_fini(&key);
}

static void odd_files_are_refused(void)
{
    check_refused(bytes_of(""), "neither PEM nor");
    check_refused(bytes_of("[]"), "neither PEM nor");
    check_refused(bytes_of("a secret of more than thirty-two bytes."),
                  "belongs in jwt_secret_file");
    check_refused(bytes_of(" {"), "it is not JSON");
    check_refused(bytes_of("{\"keys\":[]}"), "there is no key");
    check_refused(bytes_of("{\"keys\":{}}"), "it has no \"kty\"");
    check_refused(bytes_of("{\"keys\":[{\"kty\":\"x\"},3]}"),
                  "none of its 2 keys can be used; the last: it is no JSON");
    check_refused(bytes_of("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                           "-----END PUBLIC KEY-----\n"),
                  "its PUBLIC KEY cannot be read");
    check_refused(bytes_of("-----BEGIN CERTIFICATE-----\nAAAA\n"
                           "-----END CERTIFICATE-----\n"),
                  "its CERTIFICATE cannot be read");
    check_refused(bytes_of("-----BEGIN PUBLIC KEY-----\n!"),
                  "no public key in it can be read");
}

static void a_set_may_hold_unknown_keys(void)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    const char *text =
        "{\"keys\":[" OKP(",\"kid\":\"a\"") ",{\"kty\":\"x\"}," OCT(
            ",\"kid\":\"b\"") "," OKP(",\"d\":\"AA\"") "]}";
    CHECK_EQ(keyring_add(keyring, bytes_of(text), &fault), OK);
    CHECK_EQ(keyring->count, 2);
    CHECK_EQ(keyring->skipped, 2);
    CHECK_EQ(keyring_add(keyring, bytes_of(OCT("")), &fault), OK);
    CHECK_EQ(keyring->count, 3);
    keyring_free(keyring);
}

static void the_number_of_keys_is_bounded(void)
{
    static char text[KEYRING_KEYS_MAX * 200];
    size_t size = (size_t)snprintf(text, sizeof text, "{\"keys\":[");
    for (unsigned i = 0; i <= KEYRING_KEYS_MAX; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%s",
                                 i > 0 ? "," : "", OKP(""));
    }
    (void)snprintf(text + size, sizeof text - size, "]}");
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    CHECK_EQ(keyring_add(keyring, bytes_of(text), &fault), ERR_CONFIG);
    CHECK_STR(fault.text, "there are more than 64 keys");
    const struct jwk *found[KEYRING_TRIES_MAX];
    CHECK_EQ(keyring_find(keyring, NULL, JWS_EDDSA, found), KEYRING_TRIES_MAX);
    keyring_free(keyring);
}

static void a_key_is_found_by_its_id(void)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    const char *text = "{\"keys\":[" OKP(",\"kid\":\"a\"") "," OCT(
        ",\"kid\":\"b\"") "," OCT("") "]}";
    REQUIRE(keyring_add(keyring, bytes_of(text), &fault) == OK);
    const struct jwk *keys = keyring->keys;
    const struct jwk *found[KEYRING_TRIES_MAX];
    CHECK_EQ(keyring_find(keyring, "a", JWS_EDDSA, found), 1);
    CHECK(found[0] == &keys[0]);
    CHECK_EQ(keyring_find(keyring, "a", JWS_HS256, found), 0);
    CHECK_EQ(keyring_find(keyring, "b", JWS_HS256, found), 1);
    CHECK(found[0] == &keys[1]);
    CHECK_EQ(keyring_find(keyring, "c", JWS_HS256, found), 1);
    CHECK(found[0] == &keys[2]);
    CHECK_EQ(keyring_find(keyring, NULL, JWS_HS256, found), 2);
    CHECK_EQ(keyring_find(keyring, NULL, JWS_RS256, found), 0);
    keyring_free(keyring);
}

static enum err secret_read(const void *text, size_t size,
                            struct keyring *keyring, struct fault *fault)
{
    file_write(text, size);
    return keyring_add_secret_file(keyring, path, fault);
}

static void a_secret_comes_from_a_file(void)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    CHECK_EQ(secret_read(SIGNING_SECRET "\r\n", 34, keyring, &fault), OK);
    CHECK_EQ(secret_read(SIGNING_SECRET "\r", 33, keyring, &fault), OK);
    REQUIRE(keyring->count == 2);
    CHECK_EQ(keyring->keys[0].secret.size, 32);
    CHECK_EQ(keyring->keys[1].secret.size, 33);
    CHECK_EQ(secret_read("x\n", 2, keyring, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, path) == fault.text);
    CHECK(strstr(fault.text, "32 bytes at least, this one has 1") != NULL);
    keyring_free(keyring);
}

static void a_public_key_is_no_secret(void)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    for (enum jws_algorithm a = JWS_RS256; a <= JWS_EDDSA; a++) {
        struct jwk key = signing_key(a);
        char text[2048];
        struct bytes pem = signing_pem(&key, text);
        CHECK_EQ(secret_read(pem.data, pem.size, keyring, &fault), ERR_CONFIG);
        CHECK(strstr(fault.text, "give it as jwt_key_file") != NULL);
        unsigned char *der = NULL;
        int size = i2d_PUBKEY(key.key, &der);
        CHECK_EQ(secret_read(der, (size_t)size, keyring, &fault), ERR_CONFIG);
        CHECK(strstr(fault.text, "give it as jwt_key_file") != NULL);
        OPENSSL_free(der);
        jwk_fini(&key);
    }
    keyring_free(keyring);
}

static void a_file_is_named(void)
{
    struct keyring *keyring = keyring_new();
    struct fault fault = {{0}};
    file_write(OKP(""), strlen(OKP("")));
    CHECK_EQ(keyring_add_file(keyring, path, &fault), OK);
    CHECK_EQ(keyring->count, 1);
    CHECK_EQ(keyring_add_file(keyring, "/no/file", &fault), ERR_IO);
    CHECK_STR(fault.text, "/no/file: No such file or directory");
    keyring_free(keyring);
}

int main(void)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    RUN(pem_of_each_kind_is_read);
    RUN(private_pem_is_refused);
    RUN(odd_files_are_refused);
    RUN(a_set_may_hold_unknown_keys);
    RUN(the_number_of_keys_is_bounded);
    RUN(a_key_is_found_by_its_id);
    RUN(a_secret_comes_from_a_file);
    RUN(a_public_key_is_no_secret);
    RUN(a_file_is_named);
    unlink(path);
    return check_result();
}
