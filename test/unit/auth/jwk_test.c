/* jwk_test.c - which keys are taken, and what each says when it is not. */
#include "auth/json.h"
#include "auth/jwk.h"
#include "signing.h"

/* RFC 7515, A.1 to A.3, and RFC 8037, A.2. */
#define RSA_N                                                                  \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"    \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2"   \
    "jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7"   \
    "WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU"   \
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define EC_X   "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y   "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define OKP_X  "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define SECRET "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0"

static enum err read_text(const char *text, struct jwk *out,
                          struct fault *fault)
{
    const char *why;
    cJSON *json = json_read(bytes_of(text), &why);
    REQUIRE(json != NULL);
    enum err e = jwk_read(json, out, fault);
    cJSON_Delete(json);
    return e;
}

static const struct {
    const char *text;
    enum jws_algorithm algorithm;
} good[] = {
    {"{\"kty\":\"oct\",\"k\":\"" SECRET "\",\"kid\":\"a\"}", JWS_HS256},
    {"{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\",\"kid\":\"a\","
     "\"alg\":\"RS256\",\"use\":\"sig\",\"x5c\":[\"?\"]}",
     JWS_RS256},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y
     "\",\"key_ops\":[\"sign\",\"verify\"],\"kid\":\"a\"}",
     JWS_ES256},
    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X "\",\"kid\":\"a\"}",
     JWS_EDDSA},
};

static void keys_of_the_standards_are_read(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct jwk jwk;
        struct fault fault = {{0}};
        CHECK_EQ(read_text(good[i].text, &jwk, &fault), OK);
        CHECK_STR(fault.text, "");
        CHECK_EQ(jwk.algorithm, good[i].algorithm);
        CHECK_STR(jwk.id, "a");
        CHECK_EQ(jwk.key == NULL, good[i].algorithm == JWS_HS256);
        jwk_fini(&jwk);
    }
}

#define RSA(members) "{\"kty\":\"RSA\",\"e\":\"AQAB\"," members "}"
#define OKP(members) "{\"kty\":\"OKP\"," members "}"
#define EC(members)  "{\"kty\":\"EC\"," members "}"
#define OKP_GOOD     "\"crv\":\"Ed25519\",\"x\":\"" OKP_X "\""

static const struct {
    const char *text, *because;
} bad[] = {
    {"[]", "it is no JSON object"},
    {"{}", "it has no \"kty\""},
    {"{\"kty\":1}", "it has no \"kty\""},
    {"{\"kty\":\"rsa\"}", "keys of kty \"rsa\" are not known"},
    {RSA("\"x\":1"), "it has no \"n\""},
    {RSA("\"n\":\"\""), "its \"n\" has an odd size"},
    {RSA("\"n\":\"a+b\""), "its \"n\" is not base64url"},
    {RSA("\"n\":\"AQAB\""), "an RSA key has 2048"},
    {RSA("\"n\":\"" RSA_N "\",\"d\":\"AA\""), "it is a private key"},
    {RSA("\"n\":\"" RSA_N "\",\"alg\":\"RS512\""), "it is for RS512"},
    {RSA("\"n\":\"" RSA_N "\",\"alg\":\"none\""), "it is for none"},
    {RSA("\"n\":\"" RSA_N "\",\"use\":\"enc\""), "it is not for signatures"},
    {EC("\"crv\":\"P-384\""), "of the curves of EC keys only P-256 is known"},
    {EC("\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_X "\""),
     "it is no point of its curve"},
    {EC("\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\""),
     "it is no point of its curve"},
    {EC("\"crv\":\"P-256\",\"x\":\"" EC_X "\""), "it has no \"y\""},
    {OKP("\"crv\":\"X25519\",\"x\":\"" OKP_X "\""),
     "of the curves of OKP keys only Ed25519 is known"},
    {OKP("\"crv\":\"Ed25519\",\"x\":\"AAAA\""), "its \"x\" has an odd size"},
    {OKP(OKP_GOOD ",\"key_ops\":[\"sign\"]"),
     "its \"key_ops\" lack \"verify\""},
    {OKP(OKP_GOOD ",\"key_ops\":1"), "its \"key_ops\" lack \"verify\""},
    {OKP(OKP_GOOD ",\"kid\":5"), "its \"kid\" is no short text"},
    {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "a secret for HS256 has 32 bytes"},
    {"{\"kty\":\"oct\",\"k\":\"" SECRET "\",\"alg\":\"RS256\"}",
     "it is for RS256, and keys of its kind are used for HS256 only"},
};

static void others_are_refused_with_a_reason(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jwk jwk;
        struct fault fault = {{0}};
        CHECK_EQ(read_text(bad[i].text, &jwk, &fault), ERR_CONFIG);
        if (strncmp(fault.text, bad[i].because, strlen(bad[i].because)) != 0) {
            CHECK_STR(fault.text, bad[i].because);
        }
        CHECK(jwk.key == NULL && jwk.id == NULL && jwk.secret.data == NULL);
    }
}

static void check_public(EVP_PKEY *key, const char *because)
{
    struct jwk jwk;
    struct fault fault = {{0}};
    REQUIRE(key != NULL);
    CHECK_EQ(jwk_public(key, &jwk, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, because) != NULL);
    CHECK(jwk.key == NULL);
}

static void other_public_keys_are_refused(void)
{
    check_public(EVP_RSA_gen(1024), "2048 to 16384 bits, this one has 1024");
    check_public(EVP_EC_gen("P-384"), "only P-256 is known");
    check_public(EVP_EC_gen("secp256k1"), "only P-256 is known");
    check_public(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "keys are known");
}

static void secrets_have_a_size(void)
{
    uint8_t secret[JWK_SECRET_BYTES_MAX + 1] = {1};
    struct jwk jwk;
    struct fault fault = {{0}};
    CHECK_EQ(jwk_secret(bytes_at(secret, 31), &jwk, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, "openssl rand") != NULL);
    CHECK_EQ(jwk_secret(bytes_at(secret, sizeof secret), &jwk, &fault),
             ERR_CONFIG);
    CHECK_EQ(jwk_secret(bytes_at(secret, 32), &jwk, &fault), OK);
    CHECK_BYTES(jwk.secret.data, jwk.secret.size, secret, 32);
    jwk_fini(&jwk);
    jwk_fini(&jwk);
}

static void algorithms_have_names(void)
{
    for (unsigned i = 0; i <= JWS_EDDSA; i++) {
        enum jws_algorithm found;
        CHECK(jwk_algorithm_find(jwk_algorithm_name(i), &found));
        CHECK_EQ(found, i);
    }
    enum jws_algorithm found;
    CHECK(!jwk_algorithm_find("none", &found));
    CHECK(!jwk_algorithm_find("hs256", &found));
    CHECK(!jwk_algorithm_find("HS384", &found));
}

static void check_private(struct bytes text, enum err want, const char *because)
{
    struct jwk jwk;
    struct fault fault = {{0}};
    CHECK_EQ(jwk_private(text, &jwk, &fault), want);
    if (strstr(fault.text, because) == NULL) CHECK_STR(fault.text, because);
    jwk_fini(&jwk);
}

static void private_keys_sign(void)
{
    struct jwk pair = signing_key(JWS_EDDSA);
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PrivateKey(bio, pair.key, NULL, NULL, 0, NULL, NULL));
    long size = BIO_get_mem_data(bio, &text);
    check_private(bytes_at(text, (size_t)size), OK, "");
    BIO_free(bio);
    bio = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(bio, pair.key, EVP_aes_128_cbc(),
                                          "phrase", 6, NULL, NULL));
    size = BIO_get_mem_data(bio, &text);
    check_private(bytes_at(text, (size_t)size), ERR_CONFIG,
                  "without pass phrase");
    BIO_free(bio);
    char pem[2048];
    check_private(signing_pem(&pair, pem), ERR_CONFIG, "openssl genpkey");
    check_private(bytes_of(""), ERR_CONFIG, "openssl genpkey");
    jwk_fini(&pair);
}

int main(void)
{
    RUN(keys_of_the_standards_are_read);
    RUN(others_are_refused_with_a_reason);
    RUN(other_public_keys_are_refused);
    RUN(secrets_have_a_size);
    RUN(private_keys_sign);
    RUN(algorithms_have_names);
    return check_result();
}
