/* jwt_test.c - tokens that are signed well, and what else they must be. */
#include "auth/json.h"
#include "auth/jwt.h"
#include "signing.h"

enum { NOW_S = 1000000 };

static struct keyring *keyring;
static struct jwk key;

static const struct jwt_rules rules = {
    .issuer = "the issuer",
    .audience = "mogi",
    .user_claim = "sub",
    .acl_claim = "acl",
    .leeway_s = 10,
};

static const char *judge(const char *payload, const struct jwt_rules *with,
                         struct jwt *out)
{
    static char text[TOKEN_BYTES_MAX];
    struct bytes token = signing_token(
        &key, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", payload, text);
    return jwt_judge(token, keyring, with, NOW_S, out);
}

static void a_good_token_says_who_it_is(void)
{
    struct jwt jwt;
    CHECK_STR(judge("{\"sub\":\"anna\",\"exp\":1000060,\"iss\":\"the issuer\","
                    "\"aud\":\"mogi\",\"acl\":[],\"nbf\":1000000,\"iat\":1}",
                    &rules, &jwt),
              NULL);
    CHECK_STR(jwt.user, "anna");
    CHECK_EQ(jwt.expires_s, 1000070);
    CHECK(cJSON_IsArray(jwt.acl));
    jwt_fini(&jwt);
    jwt_fini(&jwt);
}

#define TOKEN(more)                                                            \
    "{\"iss\":\"the issuer\",\"aud\":[\"x\",\"mogi\"],\"sub\":\"anna\"" more "}"

/* One thing is changed in each; `because` is NULL where it is still good. */
static const struct {
    const char *payload, *because;
} cases[] = {
    {TOKEN(",\"exp\":1000001"), NULL},
    {TOKEN(",\"exp\":999991"), NULL}, /* the leeway */
    {TOKEN(",\"exp\":999990"), "it is expired"},
    {TOKEN(",\"exp\":0"), "it is expired"},
    {TOKEN(",\"exp\":1000060.5"), NULL},
    {TOKEN(""), "it has no \"exp\""},
    {TOKEN(",\"exp\":\"1000060\""), "one of its exp, nbf, iat is no time"},
    {TOKEN(",\"exp\":-1"), "one of its exp, nbf, iat is no time"},
    {TOKEN(",\"exp\":1e300"), "one of its exp, nbf, iat is no time"},
    {TOKEN(",\"exp\":null"), "one of its exp, nbf, iat is no time"},
    {TOKEN(",\"exp\":1000060,\"nbf\":1000010"), NULL},
    {TOKEN(",\"exp\":1000060,\"nbf\":1000011"), "it is not valid yet"},
    {TOKEN(",\"exp\":1000060,\"nbf\":true"),
     "one of its exp, nbf, iat is no time"},
    {TOKEN(",\"exp\":1000060,\"iat\":1000011"), "it is from the future"},
    {TOKEN(",\"exp\":1000060,\"iat\":\"now\""),
     "one of its exp, nbf, iat is no time"},
    {TOKEN(",\"exp\":1000060,\"exp\":1000060"),
     "its payload is no JSON object"},
    {"{\"sub\":\"anna\",\"aud\":\"mogi\",\"exp\":1000060}",
     "it has no \"iss\""},
    {"{\"sub\":\"anna\",\"aud\":\"mogi\",\"exp\":1000060,\"iss\":\"x\"}",
     "it is of another issuer"},
    {"{\"sub\":\"anna\",\"aud\":\"mogi\",\"exp\":1000060,"
     "\"iss\":[\"the issuer\"]}",
     "it has no \"iss\""},
    {"{\"sub\":\"anna\",\"iss\":\"the issuer\",\"exp\":1000060}",
     "it has no \"aud\""},
    {"{\"sub\":\"anna\",\"iss\":\"the issuer\",\"exp\":1000060,"
     "\"aud\":\"x\",\"zzz\":\"mogi\"}",
     "it is for another audience"},
    {"{\"sub\":\"anna\",\"iss\":\"the issuer\",\"exp\":1000060,\"aud\":[]}",
     "it is for another audience"},
    {"{\"sub\":\"anna\",\"iss\":\"the issuer\",\"exp\":1000060,"
     "\"aud\":[[\"mogi\"],{\"a\":\"mogi\"},5]}",
     "it is for another audience"},
    {"{\"sub\":\"\",\"iss\":\"the issuer\",\"exp\":1000060,\"aud\":\"mogi\"}",
     "it names no user"},
    {"{\"sub\":7,\"iss\":\"the issuer\",\"exp\":1000060,\"aud\":\"mogi\"}",
     "it names no user"},
    {"{\"iss\":\"the issuer\",\"exp\":1000060,\"aud\":\"mogi\"}",
     "it names no user"},
    {"{\"sub\":\"an\\u0000na\",\"iss\":\"the issuer\",\"exp\":1000060,"
     "\"aud\":\"mogi\"}",
     "its payload is no JSON object"},
    {"", "its payload is no JSON object"},
    {"[]", "its payload is no JSON object"},
    {"\"anna\"", "its payload is no JSON object"},
};

static void each_claim_is_judged(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jwt jwt;
        const char *why = judge(cases[i].payload, &rules, &jwt);
        if (!CHECK_STR(why, cases[i].because))
            fprintf(stderr, "    %s\n", cases[i].payload);
        CHECK_EQ(jwt.claims == NULL, why != NULL);
        jwt_fini(&jwt);
    }
}

static void rules_may_ask_less(void)
{
    struct jwt_rules few = {.user_claim = "name", .expiry_optional = true};
    struct jwt jwt;
    CHECK_STR(judge("{\"name\":\"b\",\"acl\":1,\"iss\":3}", &few, &jwt), NULL);
    CHECK_STR(jwt.user, "b");
    CHECK_EQ(jwt.expires_s, 0);
    CHECK(jwt.acl == NULL);
    jwt_fini(&jwt);
    CHECK_STR(judge("{\"name\":\"b\",\"exp\":1}", &few, &jwt), "it is expired");
    CHECK_STR(judge("{\"name\":\"b\",\"aud\":\"x\"}", &few, &jwt),
              "it has an \"aud\", and no jwt_audience is set");
}

static void a_name_has_a_size(void)
{
    static char payload[2 * JWT_USER_BYTES_MAX];
    struct jwt_rules few = {.user_claim = "sub", .expiry_optional = true};
    for (int more = 0; more < 2; more++) {
        struct jwt jwt;
        (void)snprintf(payload, sizeof payload, "{\"sub\":\"%0*d\"}",
                       JWT_USER_BYTES_MAX + more, 0);
        CHECK_STR(judge(payload, &few, &jwt),
                  more == 0 ? NULL : "its user's name is too long");
        if (more == 0) CHECK_EQ(strlen(jwt.user), JWT_USER_BYTES_MAX);
        jwt_fini(&jwt);
    }
}

/* A payload is not even looked at before its signature is right. */
static void the_signature_comes_first(void)
{
    char text[TOKEN_BYTES_MAX];
    struct jwk other;
    struct fault fault;
    struct jwt jwt;
    REQUIRE(jwk_secret(bytes_of("an0ther-secret-of-thirty-2-bytes"), &other,
                       &fault) == OK);
    struct bytes token =
        signing_token(&other, "{\"alg\":\"HS256\"}", "x", text);
    CHECK_STR(jwt_judge(token, keyring, &rules, NOW_S, &jwt),
              "its signature is wrong");
    CHECK_STR(jwt_judge(bytes_of("x"), keyring, &rules, NOW_S, &jwt),
              "it has not three parts");
    jwk_fini(&other);
}

static void each_algorithm_serves(void)
{
    for (enum jws_algorithm a = JWS_HS256; a <= JWS_EDDSA; a++) {
        struct keyring *ring = keyring_new();
        struct fault fault;
        char header[64], text[TOKEN_BYTES_MAX], pem[2048];
        struct jwk pair = signing_key(a);
        if (a == JWS_HS256) {
            REQUIRE(jwk_secret(pair.secret, &ring->keys[0], &fault) == OK);
            ring->count = 1;
        } else {
            REQUIRE(keyring_add(ring, signing_pem(&pair, pem), &fault) == OK);
        }
        (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"7\"}",
                       jwk_algorithm_name(a));
        struct bytes token =
            signing_token(&pair, header, TOKEN(",\"exp\":1000060"), text);
        struct jwt jwt;
        CHECK_STR(jwt_judge(token, ring, &rules, NOW_S, &jwt), NULL);
        jwt_fini(&jwt);
        jwk_fini(&pair);
        keyring_free(ring);
    }
}

static void what_is_made_is_taken(void)
{
    cJSON *claims = cJSON_CreateObject();
    cJSON_AddStringToObject(claims, "sub", "an\"na");
    cJSON_AddNumberToObject(claims, "exp", NOW_S + 60);
    struct jwt_rules few = {.user_claim = "sub"};
    for (enum jws_algorithm a = JWS_HS256; a <= JWS_EDDSA; a++) {
        struct keyring *ring = keyring_new();
        struct fault fault;
        struct jwt jwt;
        char pem[2048], id[] = "7";
        struct jwk pair = signing_key(a);
        if (a == JWS_HS256) {
            REQUIRE(jwk_secret(pair.secret, &ring->keys[0], &fault) == OK);
            ring->count = 1;
        } else {
            REQUIRE(keyring_add(ring, signing_pem(&pair, pem), &fault) == OK);
        }
        ring->keys[0].id = strdup(id);
        pair.id = strdup(id);
        char *token = jwt_make(&pair, claims);
        REQUIRE(token != NULL);
        CHECK_STR(jwt_judge(bytes_of(token), ring, &few, NOW_S, &jwt), NULL);
        CHECK_STR(jwt.user, "an\"na");
        CHECK_EQ(jwt.expires_s, NOW_S + 60);
        jwt_fini(&jwt);
        free(token);
        jwk_fini(&pair);
        keyring_free(ring);
    }
    cJSON_Delete(claims);
}

int main(void)
{
    key = signing_key(JWS_HS256);
    keyring = keyring_new();
    REQUIRE(jwk_secret(bytes_of(SIGNING_SECRET), &keyring->keys[0],
                       &(struct fault){{0}}) == OK);
    keyring->count = 1;
    RUN(a_good_token_says_who_it_is);
    RUN(each_claim_is_judged);
    RUN(rules_may_ask_less);
    RUN(a_name_has_a_size);
    RUN(the_signature_comes_first);
    RUN(each_algorithm_serves);
    RUN(what_is_made_is_taken);
    keyring_free(keyring);
    jwk_fini(&key);
    return check_result();
}
