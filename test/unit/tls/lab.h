/* lab.h - certificates for tests, made when they run: none can be out of date,
 * and no key lies about.
 *
 *     struct lab_identity ca = lab_make(&(struct lab_wish){.cn = "CA",
 *                                                          .is_ca = true});
 *     struct lab_identity me =
 *         lab_make(&(struct lab_wish){.cn = "localhost", .issuer = &ca});
 */
#ifndef MOGI_TEST_LAB_H
#define MOGI_TEST_LAB_H

#include "check.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

enum { LAB_PATH_MAX = 256, LAB_DAY_S = 24 * 3600 };

struct lab_identity {
    X509 *certificate;
    EVP_PKEY *key;
};

/* What a certificate shall be. */
struct lab_wish {
    const char *cn;
    const char *names;                 /* "DNS:a,email:b", or NULL */
    const struct lab_identity *issuer; /* NULL: itself */
    bool is_ca;
    unsigned rsa_bits; /* 0: an EC key, P-256 */
    long from_s;       /* from now; 0 with to_s 0: from yesterday on */
    long to_s;         /* 0: for a year */
};

static char lab_folder[LAB_PATH_MAX];

/* A path in a folder of this test's own. The last 8 stay as they are. */
CHECK_UNUSED static const char *lab_path(const char *name)
{
    static char paths[8][LAB_PATH_MAX * 2];
    static unsigned next;
    if (lab_folder[0] == '\0') {
        (void)snprintf(lab_folder, sizeof lab_folder, "/tmp/mogi-tls-XXXXXX");
        REQUIRE(mkdtemp(lab_folder) != NULL);
    }
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", lab_folder, name);
    return path;
}

CHECK_UNUSED static void lab_extend(X509 *certificate, X509 *issuer, int nid,
                                    const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    REQUIRE(extension != NULL);
    REQUIRE(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

CHECK_UNUSED static struct lab_identity lab_make(const struct lab_wish *wish)
{
    static long serial = 1;
    struct lab_identity made;
    made.key =
        wish->rsa_bits > 0 ? EVP_RSA_gen(wish->rsa_bits) : EVP_EC_gen("P-256");
    REQUIRE(made.key != NULL);
    X509 *x = made.certificate = X509_new();
    X509 *issuer = wish->issuer != NULL ? wish->issuer->certificate : x;
    EVP_PKEY *key = wish->issuer != NULL ? wish->issuer->key : made.key;
    REQUIRE(X509_set_version(x, 2) == 1);
    REQUIRE(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++) == 1);
    bool plain = wish->from_s == 0 && wish->to_s == 0;
    X509_gmtime_adj(X509_getm_notBefore(x), plain ? -LAB_DAY_S : wish->from_s);
    X509_gmtime_adj(X509_getm_notAfter(x),
                    plain ? 365L * LAB_DAY_S : wish->to_s);
    X509_NAME *name = X509_get_subject_name(x);
    REQUIRE(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                       (const unsigned char *)"Lab", -1, -1,
                                       0) == 1);
    if (wish->cn != NULL) {
        REQUIRE(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                           (const unsigned char *)wish->cn, -1,
                                           -1, 0) == 1);
    }
    REQUIRE(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
    REQUIRE(X509_set_pubkey(x, made.key) == 1);
    if (wish->is_ca) {
        lab_extend(x, issuer, NID_basic_constraints, "critical,CA:TRUE");
        lab_extend(x, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    if (wish->names != NULL) {
        lab_extend(x, issuer, NID_subject_alt_name, wish->names);
    }
    REQUIRE(X509_sign(x, key, EVP_sha256()) > 0);
    return made;
}

CHECK_UNUSED static void lab_free(struct lab_identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

/* Write what is not NULL into the file `name`, and return its path. */
CHECK_UNUSED static const char *lab_write(const char *name, X509 *certificate,
                                          EVP_PKEY *key, const char *passphrase)
{
    const char *path = lab_path(name);
    BIO *file = BIO_new_file(path, "w");
    REQUIRE(file != NULL);
    (void)chmod(path, 0600);
    if (certificate != NULL) {
        REQUIRE(PEM_write_bio_X509(file, certificate) == 1);
    }
    if (key != NULL) {
        REQUIRE(PEM_write_bio_PrivateKey(
                    file, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
                    NULL, 0, NULL, (void *)(uintptr_t)passphrase) == 1);
    }
    BIO_free(file);
    return path;
}

/* The list of what `ca` revokes, `revoked` (or nothing, if NULL), in a file. */
CHECK_UNUSED static const char *lab_write_crl(const char *name,
                                              const struct lab_identity *ca,
                                              X509 *revoked)
{
    X509_CRL *crl = X509_CRL_new();
    REQUIRE(X509_CRL_set_version(crl, 1) == 1);
    X509_NAME *issuer = X509_get_subject_name(ca->certificate);
    REQUIRE(X509_CRL_set_issuer_name(crl, issuer) == 1);
    ASN1_TIME *time = X509_gmtime_adj(NULL, -LAB_DAY_S);
    REQUIRE(X509_CRL_set1_lastUpdate(crl, time) == 1);
    X509_gmtime_adj(time, LAB_DAY_S);
    REQUIRE(X509_CRL_set1_nextUpdate(crl, time) == 1);
    if (revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();
        X509_gmtime_adj(time, -LAB_DAY_S);
        REQUIRE(X509_REVOKED_set_revocationDate(entry, time) == 1);
        REQUIRE(X509_REVOKED_set_serialNumber(
                    entry, X509_get_serialNumber(revoked)) == 1);
        REQUIRE(X509_CRL_add0_revoked(crl, entry) == 1);
    }
    ASN1_TIME_free(time);
    REQUIRE(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
    const char *path = lab_path(name);
    BIO *file = BIO_new_file(path, "w");
    REQUIRE(file != NULL);
    REQUIRE(PEM_write_bio_X509_CRL(file, crl) == 1);
    BIO_free(file);
    X509_CRL_free(crl);
    return path;
}

CHECK_UNUSED static const char *lab_write_text(const char *name,
                                               const char *text)
{
    const char *path = lab_path(name);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    REQUIRE(fputs(text, file) >= 0);
    REQUIRE(fclose(file) == 0);
    return path;
}

/* Remove the files named, which are all there are, and the folder. */
CHECK_UNUSED static void lab_clear(void)
{
    if (lab_folder[0] == '\0') return;
    char command[LAB_PATH_MAX + 16];
    (void)snprintf(command, sizeof command, "rm -r %s", lab_folder);
    CHECK_EQ(system(command), 0);
    lab_folder[0] = '\0';
}

#endif
