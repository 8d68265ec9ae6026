#include "lab.h"
#include "tls/material.h"

#include <openssl/err.h>

static struct lab_identity ca;
static struct lab_identity host;
static struct trouble_text trouble;

static SSL_CTX *context_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    REQUIRE(context != NULL);
    material_defaults(context);
    return context;
}

static bool says(const char *words)
{
    if (strstr(trouble.text, words) != NULL) return true;
    fprintf(stderr, "it says: %s\n", trouble.text);
    return false;
}

static void certificate_and_key(void)
{
    SSL_CTX *context = context_new();
    const char *cert = lab_write("cert", host.certificate, NULL, NULL);
    const char *key = lab_write("key", NULL, host.key, NULL);
    const char *both = lab_write("both", host.certificate, host.key, NULL);
    CHECK_EQ(material_certificate(context, cert, key, &trouble), OK);
    CHECK_EQ(material_certificate(context, both, both, &trouble), OK);
    SSL_CTX_free(context);
}

static void certificate_fails(const char *cert, const char *key,
                              const char *words)
{
    SSL_CTX *context = context_new();
    CHECK_EQ(material_certificate(context, cert, key, &trouble), ERR_CONFIG);
    CHECK(says(words));
    CHECK_EQ(ERR_peek_error(), 0);
    SSL_CTX_free(context);
}

static void certificates_that_fail(void)
{
    const char *cert = lab_write("cert", host.certificate, NULL, NULL);
    const char *key = lab_write("key", NULL, host.key, NULL);
    const char *locked = lab_write("locked", NULL, host.key, "secret");
    const char *other = lab_write("other", NULL, ca.key, NULL);
    const char *text = lab_write_text("text", "hello\n");
    certificate_fails(lab_path("none"), key, "No such file");
    certificate_fails(cert, lab_path("none"), "cannot read the keyfile");
    certificate_fails(lab_folder, key, "is a folder");
    certificate_fails(text, key, "in PEM form");
    certificate_fails(cert, text, "keyfile");
    certificate_fails(cert, locked, "passphrase");
    certificate_fails(cert, other, "does not belong to the certfile");
}

static void strangers_of_two_kinds(void)
{
    struct lab_identity rsa =
        lab_make(&(struct lab_wish){.cn = "rsa", .rsa_bits = 2048});
    const char *cert = lab_write("cert", host.certificate, NULL, NULL);
    const char *key = lab_write("rsa", NULL, rsa.key, NULL);
    certificate_fails(cert, key, "does not belong to the certfile");
    lab_free(&rsa);
}

static void short_keys_are_refused(void)
{
    struct lab_identity weak =
        lab_make(&(struct lab_wish){.cn = "weak", .rsa_bits = 1024});
    const char *both = lab_write("weak", weak.certificate, weak.key, NULL);
    certificate_fails(both, both, "key too small");
    lab_free(&weak);
}

static void authorities(void)
{
    SSL_CTX *context = context_new();
    const char *file = lab_write("ca", ca.certificate, NULL, NULL);
    const char *text = lab_write_text("text", "hello\n");
    CHECK_EQ(material_authorities(context, file, NULL, &trouble), OK);
    CHECK_EQ(material_authorities(context, NULL, lab_folder, &trouble), OK);
    CHECK_EQ(material_authorities(context, NULL, NULL, &trouble), OK);
    CHECK_EQ(material_authorities(context, text, NULL, &trouble), ERR_CONFIG);
    CHECK(says("the cafile"));
    CHECK_EQ(material_authorities(context, lab_folder, NULL, &trouble),
             ERR_CONFIG);
    CHECK(says("is a folder"));
    CHECK_EQ(material_authorities(context, NULL, file, &trouble), ERR_CONFIG);
    CHECK(says("is no folder"));
    CHECK_EQ(material_authorities(context, NULL, lab_path("none"), &trouble),
             ERR_CONFIG);
    CHECK_EQ(ERR_peek_error(), 0);
    SSL_CTX_free(context);
}

static void revoked(void)
{
    SSL_CTX *context = context_new();
    const char *crl = lab_write_crl("crl", &ca, host.certificate);
    CHECK_EQ(material_revoked(context, crl, &trouble), OK);
    const char *file = lab_write("ca", ca.certificate, NULL, NULL);
    CHECK_EQ(material_revoked(context, file, &trouble), ERR_CONFIG);
    CHECK(says("the crlfile"));
    CHECK_EQ(material_revoked(context, lab_path("none"), &trouble), ERR_CONFIG);
    SSL_CTX_free(context);
}

static void ciphers(void)
{
    SSL_CTX *context = context_new();
    CHECK_EQ(material_ciphers(context, NULL, NULL, &trouble), OK);
    CHECK_EQ(material_ciphers(context, "ECDHE+AESGCM", "TLS_AES_128_GCM_SHA256",
                              &trouble),
             OK);
    CHECK_EQ(material_ciphers(context, "NOTHING", NULL, &trouble), ERR_CONFIG);
    CHECK(says("ciphers 'NOTHING'"));
    CHECK_EQ(material_ciphers(context, NULL, "NOTHING", &trouble), ERR_CONFIG);
    CHECK(says("ciphers_tls1.3 'NOTHING'"));
    CHECK_EQ(ERR_peek_error(), 0);
    SSL_CTX_free(context);
}

static void versions(void)
{
    SSL_CTX *context = context_new();
    CHECK_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
    CHECK_EQ(material_version(context, "tlsv1.3", &trouble), OK);
    CHECK_EQ(SSL_CTX_get_min_proto_version(context), TLS1_3_VERSION);
    CHECK_EQ(material_version(context, "tlsv1.2", &trouble), OK);
    CHECK_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
    CHECK_EQ(material_version(context, "tlsv1.1", &trouble), ERR_CONFIG);
    CHECK(says("RFC 8996"));
    SSL_CTX_free(context);
}

static void who_can_read_a_key(void)
{
    const char *key = lab_write("key", NULL, host.key, NULL);
    CHECK(!material_is_open(key));
    CHECK_EQ(chmod(key, 0644), 0);
    CHECK(material_is_open(key));
    CHECK(!material_is_open(lab_path("none")));
}

int main(void)
{
    ca = lab_make(&(struct lab_wish){.cn = "CA", .is_ca = true});
    host = lab_make(&(struct lab_wish){.cn = "localhost", .issuer = &ca});
    RUN(certificate_and_key);
    RUN(certificates_that_fail);
    RUN(strangers_of_two_kinds);
    RUN(short_keys_are_refused);
    RUN(authorities);
    RUN(revoked);
    RUN(ciphers);
    RUN(versions);
    RUN(who_can_read_a_key);
    lab_free(&ca);
    lab_free(&host);
    lab_clear();
    return check_result();
}
