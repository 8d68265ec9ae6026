/* issue.c - see issue.h. */
#include "tls/issue.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    SERIAL_SIZE = 16, /* bytes; at most 20. RFC 5280, 4.1.2.2 */
    RSA_BITS = 3072,
    HOST_MAX = 253, /* bytes of a name of the DNS */
    DAY_S = 24 * 3600,
};

struct extension {
    int id;
    const char *value;
};

/* What a certificate is good for. RFC 5280, 4.2.1 */
static const struct extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {0, NULL}};
static const struct extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {0, NULL}};
static const struct extension client_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "clientAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {0, NULL}};

static const struct extension *const extensions[] = {
    [TLS_FOR_CA] = ca_extensions,
    [TLS_FOR_SERVER] = server_extensions,
    [TLS_FOR_CLIENT] = client_extensions,
};

void tls_pair_fini(struct tls_pair *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
    *p = (struct tls_pair){NULL, NULL};
}

static EVP_PKEY *key_make(enum tls_key_kind kind)
{
    switch (kind) {
    case TLS_KEY_P384: return EVP_EC_gen("P-384");
    case TLS_KEY_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case TLS_KEY_RSA: return EVP_RSA_gen(RSA_BITS);
    case TLS_KEY_P256: break;
    }
    return EVP_EC_gen("P-256");
}

/* The digest that goes with a key; Ed25519 has its own. */
static const EVP_MD *digest_of(EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519") == 1) return NULL;
    return EVP_PKEY_get_bits(key) == 384 ? EVP_sha384() : EVP_sha256();
}

/* A random number that nobody can foresee, and that is not taken. */
static bool serial_set(X509 *cert)
{
    uint8_t random[SERIAL_SIZE];
    if (RAND_bytes(random, sizeof random) != 1) return false;
    random[0] = (uint8_t)((random[0] & 0x3f) | 0x40);
    BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
    bool set = number != NULL &&
               BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return set;
}

static bool extension_add(X509 *cert, X509V3_CTX *context,
                          const struct extension *e)
{
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, context, e->id, e->value);
    bool added = made != NULL && X509_add_ext(cert, made, -1) == 1;
    X509_EXTENSION_free(made);
    return added;
}

/* `host` as an address or a name; NULL when it is neither. */
static GENERAL_NAME *host_name_make(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];
    int size = inet_pton(AF_INET, host, address) == 1    ? 4
               : inet_pton(AF_INET6, host, address) == 1 ? 16
                                                         : 0;
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value =
        size > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    const void *data = size > 0 ? (const void *)address : host;
    if (size == 0) size = (int)strlen(host);
    if (name == NULL || value == NULL ||
        ASN1_STRING_set(value, data, size) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return NULL;
    }
    bool is_address = ASN1_STRING_type(value) == V_ASN1_OCTET_STRING;
    GENERAL_NAME_set0_value(name, is_address ? GEN_IPADD : GEN_DNS, value);
    return name;
}

static bool hosts_set(X509 *cert, const struct tls_request *r)
{
    if (r->host_count == 0) return true;
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool good = names != NULL;
    for (size_t i = 0; i < r->host_count && good; i++) {
        GENERAL_NAME *name = host_name_make(r->hosts[i]);
        good = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!good) GENERAL_NAME_free(name);
    }
    good = good && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0,
                                     X509V3_ADD_APPEND) == 1;
    GENERAL_NAMES_free(names);
    return good;
}

static bool names_set(X509 *cert, const struct tls_request *r, X509 *issuer)
{
    X509_NAME *name = X509_NAME_new();
    bool set =
        name != NULL &&
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)r->name, -1, -1,
                                   0) == 1 &&
        X509_set_subject_name(cert, name) == 1 &&
        X509_set_issuer_name(
            cert, issuer == NULL ? name : X509_get_subject_name(issuer)) == 1;
    X509_NAME_free(name);
    return set;
}

/* ASN1_TIME_set() for a moment that a time_t of 32 bits cannot name. */
static ASN1_TIME *time_set(ASN1_TIME *time, int64_t unix_s)
{
    return ASN1_TIME_adj(time, 0, (int)(unix_s / DAY_S),
                         (long)(unix_s % DAY_S));
}

static bool times_set(X509 *cert, const struct tls_request *r)
{
    return time_set(X509_getm_notBefore(cert), r->from_s) != NULL &&
           time_set(X509_getm_notAfter(cert), r->until_s) != NULL;
}

static bool cert_fill(const struct tls_request *r, const struct tls_pair *ca,
                      struct tls_pair *p)
{
    X509 *issuer = ca == NULL ? NULL : ca->cert;
    if (X509_set_version(p->cert, X509_VERSION_3) != 1 ||
        !serial_set(p->cert) || !names_set(p->cert, r, issuer) ||
        !times_set(p->cert, r) || X509_set_pubkey(p->cert, p->key) != 1) {
        return false;
    }
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == NULL ? p->cert : issuer, p->cert, NULL,
                   NULL, 0);
    for (const struct extension *e = extensions[r->purpose]; e->id != 0; e++) {
        if (!extension_add(p->cert, &context, e)) return false;
    }
    EVP_PKEY *signer = ca == NULL ? p->key : ca->key;
    return hosts_set(p->cert, r) &&
           X509_sign(p->cert, signer, digest_of(signer)) > 0;
}

bool tls_host_valid(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET6, host, address) == 1) return true;
    size_t size = strlen(host);
    if (size == 0 || size > HOST_MAX) return false;
    if (strncmp(host, "*.", 2) == 0) host += 2;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return host[0] != '\0' && host[0] != '.' &&
           strspn(host, allowed) == strlen(host);
}

static bool request_check(const struct tls_request *r, struct tls_trouble *t)
{
    size_t size = strlen(r->name);
    if (size == 0 || size > TLS_NAME_MAX) {
        tls_trouble_setup(t, "the name '%s' has not 1 to %d bytes", r->name,
                          TLS_NAME_MAX);
        return false;
    }
    for (size_t i = 0; i < r->host_count; i++) {
        if (tls_host_valid(r->hosts[i])) continue;
        tls_trouble_setup(t, "'%s' is no name and no address of a host",
                          r->hosts[i]);
        return false;
    }
    return true;
}

enum err tls_issue(const struct tls_request *r, const struct tls_pair *ca,
                   struct tls_pair *out, struct tls_trouble *t)
{
    assert(r->until_s > r->from_s);
    tls_trouble_clear(t);
    *out = (struct tls_pair){NULL, NULL};
    if (!request_check(r, t)) return ERR_CONFIG;
    out->cert = X509_new();
    out->key = key_make(r->key);
    if (out->cert != NULL && out->key != NULL && cert_fill(r, ca, out)) {
        return OK;
    }
    tls_trouble_setup(t, "OpenSSL cannot make a certificate for '%s'", r->name);
    tls_pair_fini(out);
    return ERR_CONFIG;
}

/* Copy what is revoked already. */
static bool revoked_copy(X509_CRL *crl, X509_CRL *old)
{
    if (old == NULL) return true;
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(old);
    for (int i = 0; i < sk_X509_REVOKED_num(all); i++) {
        X509_REVOKED *one = X509_REVOKED_dup(sk_X509_REVOKED_value(all, i));
        if (one == NULL || X509_CRL_add0_revoked(crl, one) != 1) {
            X509_REVOKED_free(one);
            return false;
        }
    }
    return true;
}

static bool revoked_add(X509_CRL *crl, X509 *cert, ASN1_TIME *now)
{
    if (cert == NULL) return true;
    X509_REVOKED *one = X509_REVOKED_new();
    bool added =
        one != NULL &&
        X509_REVOKED_set_serialNumber(one, X509_get_serialNumber(cert)) == 1 &&
        X509_REVOKED_set_revocationDate(one, now) == 1 &&
        X509_CRL_add0_revoked(crl, one) == 1;
    if (!added) X509_REVOKED_free(one);
    return added;
}

/* The number of a list, and who signed it. RFC 5280, 5.2 */
static bool crl_number_set(X509_CRL *crl, X509_CRL *old, X509 *issuer)
{
    long number = 1;
    ASN1_INTEGER *last =
        old == NULL ? NULL
                    : X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL);
    if (last != NULL) number = ASN1_INTEGER_get(last) + 1;
    ASN1_INTEGER_free(last);
    ASN1_INTEGER *next = ASN1_INTEGER_new();
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *key = X509V3_EXT_conf_nid(
        NULL, &context, NID_authority_key_identifier, "keyid:always");
    bool set = next != NULL && key != NULL &&
               ASN1_INTEGER_set(next, number) == 1 &&
               X509_CRL_add1_ext_i2d(crl, NID_crl_number, next, 0,
                                     X509V3_ADD_APPEND) == 1 &&
               X509_CRL_add_ext(crl, key, -1) == 1;
    X509_EXTENSION_free(key);
    ASN1_INTEGER_free(next);
    return set;
}

static bool crl_fill(X509_CRL *crl, const struct tls_pair *ca, X509_CRL *old,
                     X509 *cert, ASN1_TIME *now, const ASN1_TIME *until)
{
    if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert)) != 1 ||
        X509_CRL_set1_lastUpdate(crl, now) != 1 ||
        X509_CRL_set1_nextUpdate(crl, until) != 1 || !revoked_copy(crl, old) ||
        !revoked_add(crl, cert, now) || !crl_number_set(crl, old, ca->cert)) {
        return false;
    }
    (void)X509_CRL_sort(crl);
    return X509_CRL_sign(crl, ca->key, digest_of(ca->key)) > 0;
}

enum err tls_crl_make(const struct tls_pair *ca, X509_CRL *old, X509 *cert,
                      int64_t now_s, int64_t until_s, X509_CRL **out,
                      struct tls_trouble *t)
{
    tls_trouble_clear(t);
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = time_set(NULL, now_s);
    ASN1_TIME *until = time_set(NULL, until_s);
    bool made = crl != NULL && now != NULL && until != NULL &&
                crl_fill(crl, ca, old, cert, now, until);
    ASN1_TIME_free(now);
    ASN1_TIME_free(until);
    *out = crl;
    if (made) return OK;
    tls_trouble_setup(t, "OpenSSL cannot make a list of revoked certificates");
    tls_crl_free(crl);
    *out = NULL;
    return ERR_CONFIG;
}

void tls_crl_free(X509_CRL *crl)
{
    X509_CRL_free(crl);
}

bool tls_crl_has(X509_CRL *crl, X509 *cert)
{
    X509_REVOKED *found;
    return X509_CRL_get0_by_cert(crl, &found, cert) != 0;
}
