#include "scene.h"

#include <openssl/x509v3.h>

/* Does `p` stand up to a check as `purpose`, with the scene's CA trusted? */
static bool verifies(const struct tls_pair *p, int purpose, X509_CRL *crl)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    REQUIRE(store != NULL && ctx != NULL);
    REQUIRE(X509_STORE_add_cert(store, scene_ca.cert) == 1);
    if (crl != NULL) {
        REQUIRE(X509_STORE_add_crl(store, crl) == 1);
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    }
    X509_STORE_set_purpose(store, purpose);
    X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
    REQUIRE(X509_STORE_CTX_init(ctx, store, p->cert, NULL) == 1);
    bool good = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return good;
}

static void kinds_of_keys(void)
{
    static const struct {
        enum tls_key_kind kind;
        const char *name;
        int bits;
    } rows[] = {{TLS_KEY_P256, "EC", 256},
                {TLS_KEY_P384, "EC", 384},
                {TLS_KEY_ED25519, "ED25519", 256},
                {TLS_KEY_RSA, "RSA", 3072}};
    const char *host = "h";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_trouble t;
        struct tls_pair ca, leaf;
        struct tls_request r = {.purpose = TLS_FOR_CA,
                                .key = rows[i].kind,
                                .name = "ca",
                                .from_s = 0,
                                .until_s = (int64_t)time(NULL) + 100};
        REQUIRE(tls_issue(&r, NULL, &ca, &t) == OK);
        CHECK(EVP_PKEY_is_a(ca.key, rows[i].name));
        CHECK_EQ(EVP_PKEY_get_bits(ca.key), rows[i].bits);
        CHECK_EQ(X509_verify(ca.cert, ca.key), 1);
        r.purpose = TLS_FOR_SERVER;
        r.hosts = &host;
        r.host_count = 1;
        REQUIRE(tls_issue(&r, &ca, &leaf, &t) == OK);
        CHECK_EQ(X509_verify(leaf.cert, ca.key), 1);
        CHECK_EQ(X509_check_private_key(leaf.cert, leaf.key), 1);
        tls_pair_fini(&leaf);
        tls_pair_fini(&ca);
    }
}

static void each_for_its_purpose(void)
{
    struct tls_pair server = scene_pair(TLS_FOR_SERVER, "h", &scene_ca, -1, 5);
    struct tls_pair client = scene_pair(TLS_FOR_CLIENT, "h", &scene_ca, -1, 5);
    CHECK(verifies(&server, X509_PURPOSE_SSL_SERVER, NULL));
    CHECK(!verifies(&server, X509_PURPOSE_SSL_CLIENT, NULL));
    CHECK(verifies(&client, X509_PURPOSE_SSL_CLIENT, NULL));
    CHECK(!verifies(&client, X509_PURPOSE_SSL_SERVER, NULL));
    CHECK_EQ(X509_check_host(server.cert, "h", 1, 0, NULL), 1);
    CHECK(X509_check_ca(scene_ca.cert) > 0);
    CHECK_EQ(X509_check_ca(client.cert), 0);
    /* Numbers are never the same. */
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(server.cert),
                           X509_get0_serialNumber(client.cert)) != 0);
    tls_pair_fini(&server);
    tls_pair_fini(&client);
}

static enum err try_host(const char *host)
{
    struct tls_trouble t;
    struct tls_pair p;
    struct tls_request r = {.purpose = TLS_FOR_SERVER,
                            .name = "n",
                            .hosts = &host,
                            .host_count = 1,
                            .from_s = 0,
                            .until_s = 1};
    enum err e = tls_issue(&r, NULL, &p, &t);
    CHECK((e == OK) == (t.kind == TLS_FINE));
    tls_pair_fini(&p);
    return e;
}

static void hosts(void)
{
    static const char *const good[] = {
        "localhost", "a.example.org", "*.local",     "10.1.2.3",
        "fe80::1",   "my_box",        "UPPER.lower", "1.example"};
    static const char *const bad[] = {"",     "a b",     "*",        "*.",
                                      "a,b",  "a.*.b",   ".example", "DNS:x",
                                      "a\nb", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_EQ(try_host(good[i]), OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(try_host(bad[i]), ERR_CONFIG);
    }
}

static enum err try_name(const char *name)
{
    struct tls_trouble t;
    struct tls_pair p;
    struct tls_request r = {
        .purpose = TLS_FOR_CLIENT, .name = name, .from_s = 0, .until_s = 1};
    enum err e = tls_issue(&r, NULL, &p, &t);
    tls_pair_fini(&p);
    return e;
}

static void names(void)
{
    char name[TLS_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[TLS_NAME_MAX] = '\0';
    CHECK_EQ(try_name(name), OK);
    CHECK_EQ(try_name("\xeb\xaa\xa8\xea\xb8\xb0"), OK);
    CHECK_EQ(try_name(""), ERR_CONFIG);
    CHECK_EQ(try_name("\xff"), ERR_CONFIG);
    name[TLS_NAME_MAX] = 'n';
    name[TLS_NAME_MAX + 1] = '\0';
    CHECK_EQ(try_name(name), ERR_CONFIG);
}

/* Whatever the machine's time_t holds. */
static void dates_after_2038(void)
{
    struct tls_trouble t;
    struct tls_pair p;
    int days, seconds;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    struct tls_request r = {.purpose = TLS_FOR_CLIENT,
                            .name = "n",
                            .from_s = 86399,
                            .until_s = INT64_C(86400) * 36500 + 7};
    REQUIRE(tls_issue(&r, NULL, &p, &t) == OK);
    CHECK(ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notBefore(p.cert)));
    CHECK(days == 0 && seconds == 86399);
    CHECK(ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(p.cert)));
    CHECK(days == 36500 && seconds == 7);
    ASN1_TIME_free(epoch);
    tls_pair_fini(&p);
}

static void lists_of_revoked(void)
{
    int64_t now_s = (int64_t)time(NULL);
    struct tls_trouble t;
    struct tls_pair a = scene_pair(TLS_FOR_CLIENT, "a", &scene_ca, -1, 5);
    struct tls_pair b = scene_pair(TLS_FOR_CLIENT, "b", &scene_ca, -1, 5);
    X509_CRL *none, *one, *both;
    REQUIRE(tls_crl_make(&scene_ca, NULL, NULL, now_s, now_s + 99, &none, &t) ==
            OK);
    CHECK(verifies(&a, X509_PURPOSE_SSL_CLIENT, none));
    REQUIRE(tls_crl_make(&scene_ca, none, a.cert, now_s, now_s + 99, &one,
                         &t) == OK);
    CHECK(tls_crl_has(one, a.cert));
    CHECK(!tls_crl_has(one, b.cert));
    CHECK(!verifies(&a, X509_PURPOSE_SSL_CLIENT, one));
    CHECK(verifies(&b, X509_PURPOSE_SSL_CLIENT, one));
    REQUIRE(tls_crl_make(&scene_ca, one, b.cert, now_s, now_s + 99, &both,
                         &t) == OK);
    CHECK(tls_crl_has(both, a.cert) && tls_crl_has(both, b.cert));
    ASN1_INTEGER *number =
        X509_CRL_get_ext_d2i(both, NID_crl_number, NULL, NULL);
    CHECK_EQ(ASN1_INTEGER_get(number), 3);
    ASN1_INTEGER_free(number);
    tls_crl_free(none);
    tls_crl_free(one);
    tls_crl_free(both);
    tls_pair_fini(&a);
    tls_pair_fini(&b);
}

int main(void)
{
    scene_set();
    RUN(kinds_of_keys);
    RUN(each_for_its_purpose);
    RUN(hosts);
    RUN(names);
    RUN(dates_after_2038);
    RUN(lists_of_revoked);
    scene_clear();
    return check_result();
}
