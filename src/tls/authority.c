/* authority.c - see authority.h. */
#include "tls/authority.h"

#include "tls/pemfile.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DAY_S = 24 * 3600, SLACK_S = 3600, FOLDER_MODE = 0700 };

struct tls_authority {
    char folder[TLS_PATH_SIZE];
    struct tls_pair ca;
    X509_CRL *crl;
};

/* Make a path in the folder; false, and `t` says why, when it is too long. */
__attribute__((format(printf, 4, 5))) static bool path_make(
    const struct tls_authority *a, char path[TLS_PATH_SIZE],
    struct tls_trouble *t, const char *format, ...)
{
    int used = snprintf(path, TLS_PATH_SIZE, "%s/", a->folder);
    if (used > 0 && used < TLS_PATH_SIZE) {
        size_t room = TLS_PATH_SIZE - (size_t)used;
        va_list values;
        va_start(values, format);
        int more = vsnprintf(path + used, room, format, values);
        va_end(values);
        if (more >= 0 && (size_t)more < room) return true;
    }
    tls_trouble_clear(t);
    tls_trouble_setup(t, "a path in '%.200s' is too long", a->folder);
    return false;
}

static bool folder_make(const char *path, struct tls_trouble *t)
{
    if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST) return true;
    int saved = errno;
    tls_trouble_clear(t);
    tls_trouble_setup(t, "the folder '%s' cannot be made: %s", path,
                      strerror(saved));
    return false;
}

static bool folders_make(const struct tls_authority *a, struct tls_trouble *t)
{
    static const char *const inner[] = {"servers", "clients", "issued"};
    char path[TLS_PATH_SIZE];
    if (!folder_make(a->folder, t)) return false;
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        if (!path_make(a, path, t, "%s", inner[i])) return false;
        if (!folder_make(path, t)) return false;
    }
    return true;
}

static struct tls_authority *authority_new(const char *folder,
                                           struct tls_trouble *t)
{
    tls_trouble_clear(t);
    struct tls_authority *a = calloc(1, sizeof *a);
    size_t size = strlen(folder) + 1;
    if (a == NULL || size > sizeof a->folder) {
        tls_trouble_setup(t, a == NULL ? "out of memory"
                                       : "the folder's name is too long");
        free(a);
        return NULL;
    }
    memcpy(a->folder, folder, size);
    return a;
}

/* Unix time of a date in a certificate. */
static int64_t seconds_of(const ASN1_TIME *time)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (epoch != NULL) (void)ASN1_TIME_diff(&days, &seconds, epoch, time);
    ASN1_TIME_free(epoch);
    return (int64_t)days * DAY_S + seconds;
}

/* Keep a copy, so that it can be listed and revoked whatever becomes of the
 * file that it was asked for. */
static enum err copy_keep(const struct tls_authority *a,
                          const struct tls_pair *p, struct tls_trouble *t)
{
    char path[TLS_PATH_SIZE];
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(p->cert), NULL);
    char *serial = number == NULL ? NULL : BN_bn2hex(number);
    BN_free(number);
    enum err e = ERR_CONFIG;
    if (serial != NULL && path_make(a, path, t, "issued/%s.crt", serial)) {
        e = tls_pem_write(path, p, TLS_PEM_CERT, false, t);
    }
    OPENSSL_free(serial);
    return e;
}

/* The list is good as long as the CA. */
static enum err crl_write(struct tls_authority *a, X509 *cert, int64_t now_s,
                          struct tls_trouble *t)
{
    char path[TLS_PATH_SIZE];
    X509_CRL *crl = NULL;
    int64_t until_s = seconds_of(X509_get0_notAfter(a->ca.cert));
    if (!path_make(a, path, t, "ca.crl")) return ERR_CONFIG;
    enum err e = tls_crl_make(&a->ca, a->crl, cert, now_s, until_s, &crl, t);
    if (e == OK) e = tls_pem_crl_write(path, crl, t);
    if (e != OK) {
        tls_crl_free(crl);
        return e;
    }
    tls_crl_free(a->crl);
    a->crl = crl;
    return OK;
}

/* Two CAs of a host have two names, lest one is taken for the other. */
static enum err ca_issue(struct tls_authority *a, enum tls_key_kind key,
                         unsigned days, int64_t now_s, struct tls_trouble *t)
{
    uint8_t random[4];
    char name[TLS_NAME_MAX + 1];
    if (RAND_bytes(random, sizeof random) != 1) {
        tls_trouble_setup(t, "OpenSSL has no random numbers");
        return ERR_CONFIG;
    }
    (void)snprintf(name, sizeof name, "mogi CA %02x%02x%02x%02x", random[0],
                   random[1], random[2], random[3]);
    struct tls_request r = {.purpose = TLS_FOR_CA,
                            .key = key,
                            .name = name,
                            .from_s = now_s - SLACK_S,
                            .until_s = now_s + (int64_t)days * DAY_S};
    return tls_issue(&r, NULL, &a->ca, t);
}

static enum err ca_write(struct tls_authority *a, bool replace, int64_t now_s,
                         struct tls_trouble *t)
{
    char cert[TLS_PATH_SIZE], key[TLS_PATH_SIZE];
    if (!path_make(a, cert, t, "ca.crt") || !path_make(a, key, t, "ca.key")) {
        return ERR_CONFIG;
    }
    enum err e = tls_pem_write(key, &a->ca, TLS_PEM_KEY, replace, t);
    if (e == OK) e = tls_pem_write(cert, &a->ca, TLS_PEM_CERT, replace, t);
    if (e == OK) e = copy_keep(a, &a->ca, t);
    return e == OK ? crl_write(a, NULL, now_s, t) : e;
}

enum err tls_authority_init(const char *folder, enum tls_key_kind key,
                            unsigned days, int64_t now_s, bool replace,
                            struct tls_authority **out, struct tls_trouble *t)
{
    *out = NULL;
    struct tls_authority *a = authority_new(folder, t);
    if (a == NULL) return ERR_CONFIG;
    enum err e = folders_make(a, t) ? OK : ERR_IO;
    if (e == OK) e = ca_issue(a, key, days, now_s, t);
    if (e == OK) e = ca_write(a, replace, now_s, t);
    if (e != OK) {
        tls_authority_free(a);
        return e;
    }
    *out = a;
    return OK;
}

static bool ca_read(struct tls_authority *a, struct tls_trouble *t)
{
    char path[TLS_PATH_SIZE];
    if (!path_make(a, path, t, "ca.crt")) return false;
    a->ca.cert = tls_pem_cert_read(path, t);
    if (a->ca.cert == NULL || !path_make(a, path, t, "ca.key")) return false;
    a->ca.key = tls_pem_key_read(path, t);
    if (a->ca.key == NULL || !path_make(a, path, t, "ca.crl")) return false;
    a->crl = tls_pem_crl_read(path, t);
    if (a->crl == NULL) return false;
    if (X509_check_private_key(a->ca.cert, a->ca.key) == 1) return true;
    tls_trouble_clear(t);
    tls_trouble_setup(t, "ca.key in '%s' is not the key of ca.crt", a->folder);
    return false;
}

enum err tls_authority_open(const char *folder, struct tls_authority **out,
                            struct tls_trouble *t)
{
    *out = NULL;
    struct tls_authority *a = authority_new(folder, t);
    if (a == NULL) return ERR_CONFIG;
    if (!ca_read(a, t)) {
        tls_authority_free(a);
        return ERR_CONFIG;
    }
    *out = a;
    return OK;
}

void tls_authority_free(struct tls_authority *a)
{
    if (a == NULL) return;
    tls_pair_fini(&a->ca);
    tls_crl_free(a->crl);
    free(a);
}

/* The name becomes one of a file; '*' of a host is written as a word. */
static bool made_paths(const struct tls_authority *a,
                       const struct tls_wish *wish, struct tls_made *made,
                       struct tls_trouble *t)
{
    const char *name = wish->name;
    bool server = wish->purpose == TLS_FOR_SERVER;
    bool good = name[0] != '\0' && name[0] != '.';
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '/' || (unsigned char)*at < ' ' || *at == 0x7f) good = false;
    }
    if (!good) {
        tls_trouble_clear(t);
        tls_trouble_setup(t, "'%.64s' cannot be the name of a file", name);
        return false;
    }
    const char *folder = !server ? "clients/" : wish->is_main ? "" : "servers/";
    const char *prefix = "";
    if (wish->is_main) {
        name = "server";
    } else if (server && name[0] == '*') {
        prefix = "wildcard";
        name += 1;
    }
    return path_make(a, made->cert, t, "%s%s%s.crt", folder, prefix, name) &&
           path_make(a, made->key, t, "%s%s%s.key", folder, prefix, name);
}

static bool is_free(const char *path, struct tls_trouble *t)
{
    struct stat about;
    if (lstat(path, &about) != 0) return true;
    tls_trouble_clear(t);
    tls_trouble_setup(t, "'%s' exists already", path);
    return false;
}

static enum err pair_write(const struct tls_authority *a,
                           const struct tls_pair *p, const struct tls_made *m,
                           bool replace, struct tls_trouble *t)
{
    if (!replace && (!is_free(m->cert, t) || !is_free(m->key, t))) {
        return ERR_CONFIG;
    }
    enum err e = copy_keep(a, p, t);
    if (e == OK) e = tls_pem_write(m->key, p, TLS_PEM_KEY, replace, t);
    if (e == OK) e = tls_pem_write(m->cert, p, TLS_PEM_CERT, replace, t);
    return e;
}

enum err tls_authority_issue(struct tls_authority *a,
                             const struct tls_wish *wish, int64_t now_s,
                             struct tls_made *made, struct tls_trouble *t)
{
    struct tls_pair pair;
    struct tls_request r = {.purpose = wish->purpose,
                            .key = wish->key,
                            .name = wish->name,
                            .hosts = wish->hosts,
                            .host_count = wish->host_count,
                            .from_s = now_s - SLACK_S,
                            .until_s = now_s + (int64_t)wish->days * DAY_S};
    int64_t ca_until_s = seconds_of(X509_get0_notAfter(a->ca.cert));
    if (r.until_s > ca_until_s) r.until_s = ca_until_s;
    if (r.until_s <= now_s) {
        tls_trouble_clear(t);
        tls_trouble_setup(t, "the CA has expired");
        return ERR_CONFIG;
    }
    made->until_s = r.until_s;
    if (!made_paths(a, wish, made, t)) return ERR_CONFIG;
    enum err e = tls_issue(&r, &a->ca, &pair, t);
    if (e != OK) return e;
    e = pair_write(a, &pair, made, wish->replace, t);
    tls_pair_fini(&pair);
    return e;
}

/* --- what was issued ----------------------------------------------------- */

struct collection {
    X509 **certs;
    size_t count, capacity;
};

static void collection_free(struct collection *c)
{
    for (size_t i = 0; i < c->count; i++)
        X509_free(c->certs[i]);
    free(c->certs);
}

static bool collection_add(struct collection *c, X509 *cert)
{
    if (c->count == c->capacity) {
        size_t more = c->capacity == 0 ? 16 : c->capacity * 2;
        X509 **larger = realloc(c->certs, more * sizeof *larger);
        if (larger == NULL) return false;
        c->certs = larger;
        c->capacity = more;
    }
    c->certs[c->count] = cert;
    c->count += 1;
    return true;
}

static enum err file_collect(struct tls_authority *a, const char *name,
                             struct collection *c, struct tls_trouble *t)
{
    char path[TLS_PATH_SIZE];
    const char *end = strrchr(name, '.');
    if (end == NULL || strcmp(end, ".crt") != 0) return OK;
    if (!path_make(a, path, t, "issued/%s", name)) return ERR_CONFIG;
    X509 *cert = tls_pem_cert_read(path, t);
    if (cert == NULL) return ERR_IO;
    /* One that an earlier CA in this folder has signed. */
    if (X509_check_issued(a->ca.cert, cert) != X509_V_OK) {
        X509_free(cert);
        return OK;
    }
    if (collection_add(c, cert)) return OK;
    X509_free(cert);
    tls_trouble_setup(t, "out of memory");
    return ERR_NO_MEMORY;
}

static enum err issued_collect(struct tls_authority *a, struct collection *c,
                               struct tls_trouble *t)
{
    char path[TLS_PATH_SIZE];
    *c = (struct collection){NULL, 0, 0};
    if (!path_make(a, path, t, "issued")) return ERR_CONFIG;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        int saved = errno;
        tls_trouble_clear(t);
        tls_trouble_setup(t, "'%s' cannot be read: %s", path, strerror(saved));
        return ERR_IO;
    }
    enum err e = OK;
    const struct dirent *entry;
    while (e == OK && (entry = readdir(folder)) != NULL)
        e = file_collect(a, entry->d_name, c, t);
    (void)closedir(folder);
    return e;
}

static void name_get(X509 *cert, char name[TLS_NAME_MAX + 1])
{
    int size = X509_NAME_get_text_by_NID(
        X509_get_subject_name(cert), NID_commonName, name, TLS_NAME_MAX + 1);
    if (size < 0) name[0] = '\0';
}

static enum tls_purpose purpose_of(X509 *cert)
{
    if (X509_check_ca(cert) > 0) return TLS_FOR_CA;
    uint32_t uses = X509_get_extended_key_usage(cert);
    return (uses & XKU_SSL_SERVER) != 0 ? TLS_FOR_SERVER : TLS_FOR_CLIENT;
}

enum err tls_authority_revoke(struct tls_authority *a, const char *name,
                              int64_t now_s, size_t *count,
                              struct tls_trouble *t)
{
    struct collection all;
    size_t known = 0;
    *count = 0;
    enum err e = issued_collect(a, &all, t);
    for (size_t i = 0; i < all.count && e == OK; i++) {
        char own[TLS_NAME_MAX + 1];
        name_get(all.certs[i], own);
        if (strcmp(own, name) != 0) continue;
        if (purpose_of(all.certs[i]) == TLS_FOR_CA) continue;
        known += 1;
        if (tls_crl_has(a->crl, all.certs[i])) continue;
        e = crl_write(a, all.certs[i], now_s, t);
        if (e == OK) *count += 1;
    }
    collection_free(&all);
    if (e == OK && known == 0) {
        tls_trouble_clear(t);
        tls_trouble_setup(t, "no certificate was ever made for '%.64s'", name);
        return ERR_CONFIG;
    }
    return e;
}

static int by_name_and_age(const void *left, const void *right)
{
    const struct tls_issued *a = left, *b = right;
    if (a->purpose != b->purpose) return (int)a->purpose - (int)b->purpose;
    int order = strcmp(a->name, b->name);
    if (order != 0) return order;
    return (a->from_s > b->from_s) - (a->from_s < b->from_s);
}

enum err tls_authority_list(struct tls_authority *a,
                            void (*take)(void *context,
                                         const struct tls_issued *one),
                            void *context, struct tls_trouble *t)
{
    struct collection all;
    enum err e = issued_collect(a, &all, t);
    struct tls_issued *list = NULL;
    if (e == OK) list = calloc(all.count + 1, sizeof *list);
    if (e == OK && list == NULL) {
        tls_trouble_setup(t, "out of memory");
        e = ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < all.count && e == OK; i++) {
        X509 *cert = all.certs[i];
        list[i].purpose = purpose_of(cert);
        list[i].revoked = tls_crl_has(a->crl, cert);
        list[i].from_s = seconds_of(X509_get0_notBefore(cert));
        list[i].until_s = seconds_of(X509_get0_notAfter(cert));
        name_get(cert, list[i].name);
        tls_trouble_names(cert, list[i].hosts, sizeof list[i].hosts);
    }
    if (e == OK) {
        qsort(list, all.count, sizeof *list, by_name_and_age);
        for (size_t i = 0; i < all.count; i++)
            take(context, &list[i]);
    }
    free(list);
    collection_free(&all);
    return e;
}
