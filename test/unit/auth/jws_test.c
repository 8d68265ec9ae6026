/* jws_test.c - the vectors of RFC 7515 and 8037, and forgeries. */
#include "auth/jws.h"
#include "signing.h"

#define PAYLOAD                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"    \
    "mNvbS9pc19yb290Ijp0cnVlfQ"

/* RFC 7515, A.1 to A.3; RFC 8037, A.4. */
static const struct {
    enum jws_algorithm algorithm;
    const char *key, *token;
} vectors[] = {
    {JWS_HS256,
     "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
     "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD
     ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {JWS_RS256,
     "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9"
     "k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"
     "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexM"
     "dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
     "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW"
     "9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}",
     "eyJhbGciOiJSUzI1NiJ9." PAYLOAD
     ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHI"
     "m4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB"
     "--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383"
     "LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE"
     "UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {JWS_ES256,
     "{\"kty\":\"EC\",\"crv\":\"P-256\","
     "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
     "eyJhbGciOiJFUzI1NiJ9." PAYLOAD
     ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQx"
     "fKTUJqPP3-Kg6NU1Q"},
    {JWS_EDDSA,
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
     "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9"
     "g7sVvpAr_MuM0KAg"},
};

static struct keyring *keyring_of(const char *text)
{
    struct fault fault = {{0}};
    struct keyring *keyring = keyring_new();
    REQUIRE(keyring != NULL);
    CHECK_EQ(keyring_add(keyring, bytes_of(text), &fault), OK);
    CHECK_STR(fault.text, "");
    return keyring;
}

/* What becomes of `text`, which ends at a page that cannot be read. */
static const char *judge(struct bytes text, const struct keyring *keyring)
{
    uint8_t *copy = check_guard(text.data, text.size);
    struct jws jws;
    const char *why = jws_read(bytes_at(copy, text.size), &jws);
    const struct jwk *by = NULL;
    if (why == NULL) why = jws_verify(&jws, keyring, &by);
    CHECK_EQ(by == NULL, why != NULL);
    check_guard_free(copy, text.size);
    return why;
}

static void vectors_are_accepted(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct keyring *keyring = keyring_of(vectors[i].key);
        CHECK_EQ(keyring->keys[0].algorithm, vectors[i].algorithm);
        CHECK_STR(judge(bytes_of(vectors[i].token), keyring), NULL);
        CHECK(jws_looks_like(bytes_of(vectors[i].token)));
        keyring_free(keyring);
    }
}

/* Every letter of every vector, changed, makes it worthless. */
static void a_changed_letter_is_found(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct keyring *keyring = keyring_of(vectors[i].key);
        char text[1024];
        size_t size = strlen(vectors[i].token);
        for (size_t k = 0; k < size; k++) {
            memcpy(text, vectors[i].token, size);
            text[k] = text[k] == 'A' ? 'B' : 'A';
            if (judge(bytes_at(text, size), keyring) == NULL) CHECK_EQ(k, -1);
            if (judge(bytes_at(text, k), keyring) == NULL) CHECK_EQ(k, -2);
        }
        CHECK(judge(bytes_at("", 0), keyring) != NULL);
        keyring_free(keyring);
    }
}

static void a_key_serves_its_algorithm_only(void)
{
    size_t count = sizeof vectors / sizeof vectors[0];
    for (size_t i = 0; i < count; i++) {
        struct keyring *keyring = keyring_of(vectors[i].key);
        for (size_t k = 0; k < count; k++) {
            if (k == i) continue;
            CHECK_STR(judge(bytes_of(vectors[k].token), keyring),
                      "there is no key for its \"kid\" and \"alg\"");
        }
        keyring_free(keyring);
    }
}

/* The trick by which a public key was often made a secret: RFC 8725, 2.1. */
static void a_public_key_signs_nothing(void)
{
    struct jwk pair = signing_key(JWS_RS256);
    char pem_text[2048], text[TOKEN_BYTES_MAX];
    struct bytes pem = signing_pem(&pair, pem_text);
    struct keyring *keyring = keyring_new();
    struct fault fault;
    REQUIRE(keyring_add(keyring, pem, &fault) == OK);
    struct jwk secret;
    REQUIRE(jwk_secret(pem, &secret, &fault) == OK);
    struct bytes forged = signing_token(&secret, "{\"alg\":\"HS256\"}",
                                        "{\"sub\":\"root\"}", text);
    CHECK_STR(judge(forged, keyring),
              "there is no key for its \"kid\" and \"alg\"");
    jwk_fini(&secret);
    jwk_fini(&pair);
    keyring_free(keyring);
}

static const struct {
    const char *header, *because;
} headers[] = {
    {"{\"alg\":\"HS256\"}", NULL},
    {"{\"alg\":\"HS256\",\"typ\":\"jwt\"}", NULL},
    {"{\"alg\":\"HS256\",\"typ\":\"application/at+JWT\"}", NULL},
    {"{\"alg\":\"HS256\",\"kid\":\"k\"}", NULL},
    {"{\"alg\":\"HS256\",\"jku\":\"http://x/\",\"jwk\":{}}", NULL},
    {"{\"alg\":\"none\"}",
     "its algorithm is none of HS256, RS256, ES256, EdDSA"},
    {"{\"alg\":\"None\"}",
     "its algorithm is none of HS256, RS256, ES256, EdDSA"},
    {"{\"alg\":\"\"}", "its algorithm is none of HS256, RS256, ES256, EdDSA"},
    {"{\"alg\":\"hs256\"}",
     "its algorithm is none of HS256, RS256, ES256, EdDSA"},
    {"{\"alg\":\"HS512\"}",
     "its algorithm is none of HS256, RS256, ES256, EdDSA"},
    {"{\"alg\":\"ES256\"}", "there is no key for its \"kid\" and \"alg\""},
    {"{\"alg\":[\"HS256\"]}", "its header names no algorithm"},
    {"{\"typ\":\"JWT\"}", "its header names no algorithm"},
    {"{\"alg\":\"HS256\",\"alg\":\"none\"}", "its header is no JSON object"},
    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "its header has \"crit\""},
    {"{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", "its \"typ\" is not JWT"},
    {"{\"alg\":\"HS256\",\"typ\":1}", "its \"typ\" is not JWT"},
    {"{\"alg\":\"HS256\",\"kid\":1}", "its \"kid\" is no short text"},
    {"[\"alg\",\"HS256\"]", "its header is no JSON object"},
    {"{\"alg\":\"HS256\"} ", NULL},
    {"{\"alg\":\"HS256\"} x", "its header is no JSON object"},
    {"", "its header is no JSON object"},
};

static void headers_are_read_strictly(void)
{
    struct jwk key = signing_key(JWS_HS256);
    struct keyring *keyring = keyring_new();
    REQUIRE(keyring != NULL);
    REQUIRE(jwk_secret(bytes_of(SIGNING_SECRET), &keyring->keys[0],
                       &(struct fault){{0}}) == OK);
    keyring->count = 1;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char text[TOKEN_BYTES_MAX];
        struct bytes token = signing_token(&key, headers[i].header, "{}", text);
        CHECK_STR(judge(token, keyring), headers[i].because);
    }
    jwk_fini(&key);
    keyring_free(keyring);
}

static void other_forms_are_refused(void)
{
    static char text[JWS_TEXT_BYTES_MAX + 1];
    struct keyring *keyring = keyring_of(vectors[0].key);
    CHECK_STR(judge(bytes_of("eyJhbGciOiJIUzI1NiJ9.e30"), keyring),
              "it has not three parts");
    CHECK_STR(judge(bytes_of("eyJhbGciOiJIUzI1NiJ9.e30.a.b"), keyring),
              "it has not three parts");
    CHECK_STR(judge(bytes_of("eyJhbGciOiJIUzI1NiJ9.e30."), keyring),
              "its signature is wrong");
    CHECK_STR(judge(bytes_of("eyJhbGciOiJIUzI1NiJ9.e30.="), keyring),
              "its signature is not base64url");
    CHECK_STR(judge(bytes_of("eyJhbGciOiJIUzI1NiJ9=.e30.AA"), keyring),
              "its header is not base64url");
    memset(text, 'A', sizeof text);
    CHECK_STR(judge(bytes_at(text, sizeof text), keyring), "it is too large");
    text[8000] = text[8001] = '.';
    CHECK_STR(judge(bytes_at(text, 9000), keyring), "its header is too large");
    memset(text, 'A', 8002);
    const char *head = "eyJhbGciOiJIUzI1NiJ9.e30.";
    memcpy(text, head, strlen(head));
    CHECK_STR(judge(bytes_at(text, 9000), keyring),
              "its signature is too large");
    keyring_free(keyring);
}

static void other_passwords_do_not_look_like_one(void)
{
    CHECK(!jws_looks_like(bytes_of("")));
    CHECK(!jws_looks_like(bytes_of("secret")));
    CHECK(!jws_looks_like(bytes_of("eyJhbGciOiJIUzI1NiJ9")));
    CHECK(!jws_looks_like(bytes_of("eyJhbGci.e30")));
    CHECK(!jws_looks_like(bytes_of("eyJhbGci.e30.a.b")));
    CHECK(!jws_looks_like(bytes_of("eyJhbGci.e30.a b")));
    CHECK(!jws_looks_like(bytes_of("xxxxxxxx.e30.ab")));
    CHECK(jws_looks_like(bytes_of("eyJhbGci.e30.ab")));
    CHECK(jws_looks_like(bytes_of("eyJhbGci..")));
}

static void several_keys_are_tried(void)
{
    struct keyring *keyring = keyring_new();
    struct jwk keys[3];
    struct fault fault;
    char text[TOKEN_BYTES_MAX];
    for (size_t i = 0; i < 3; i++) {
        char pem[2048];
        keys[i] = signing_key(JWS_ES256);
        struct bytes b = signing_pem(&keys[i], pem);
        if (i < 2) REQUIRE(keyring_add(keyring, b, &fault) == OK);
    }
    for (size_t i = 0; i < 3; i++) {
        struct bytes token =
            signing_token(&keys[i], "{\"alg\":\"ES256\"}", "{}", text);
        CHECK_STR(judge(token, keyring),
                  i < 2 ? NULL : "its signature is wrong");
        jwk_fini(&keys[i]);
    }
    keyring_free(keyring);
}

int main(void)
{
    RUN(vectors_are_accepted);
    RUN(a_changed_letter_is_found);
    RUN(a_key_serves_its_algorithm_only);
    RUN(a_public_key_signs_nothing);
    RUN(headers_are_read_strictly);
    RUN(other_forms_are_refused);
    RUN(other_passwords_do_not_look_like_one);
    RUN(several_keys_are_tried);
    return check_result();
}
