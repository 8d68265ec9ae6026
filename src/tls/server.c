/* server.c - see server.h. */
#include "tls/server.h"

#include "tls/material.h"
#include "tls/psk.h"
#include "tls/tickets.h"
#include "tls/wire.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { FINGERPRINT_SIZE = 32, READ_SIZE = 4096 };

struct tls_server {
    atomic_uint refs;
    enum identity_kind identity;
    bool ignore_dates;
    SSL_CTX *contexts[SERVER_PAIRS_MAX]; /* the first always */
    size_t context_count;
    X509 *certificates[SERVER_PAIRS_MAX];
    size_t certificate_count;
    struct psk *psk;
    struct tickets *tickets;
    BIO_METHOD *wire;
};

static enum err contexts_load(struct tls_server *server,
                              const struct server_options *options,
                              struct trouble_text *trouble);

static enum err options_check(const struct server_options *options,
                              struct trouble_text *trouble)
{
    bool certified = options->pair_count > 0;
    if (!certified && options->psk_file == NULL) {
        explain(trouble, "TLS takes a \"certfile\" and a \"keyfile\", or "
                         "\"psk_hint\" and a \"psk_file\"");
        return ERR_CONFIG;
    }
    bool authorities = options->cafile != NULL || options->capath != NULL;
    if (options->require_certificate && !authorities) {
        explain(trouble,
                "\"require_certificate true\" takes a \"cafile\" or \"capath\" "
                "with the CA that signs the clients' certificates");
        return ERR_CONFIG;
    }
    return OK;
}

enum err server_new(const struct server_options *options,
                    const struct tls_server *before, struct tls_server **out,
                    struct trouble_text *trouble)
{
    assert(options->pair_count <= SERVER_PAIRS_MAX);
    enum err err = options_check(options, trouble);
    if (err != OK) return err;
    struct tls_server *server = OPENSSL_zalloc(sizeof *server);
    if (server == NULL) return ERR_NO_MEMORY;
    atomic_init(&server->refs, 1);
    server->identity = options->identity;
    server->ignore_dates = options->ignore_dates;
    server->wire = wire_method_new();
    server->tickets =
        before != NULL ? tickets_ref(before->tickets) : tickets_new();
    if (server->wire == NULL || server->tickets == NULL) {
        explain(trouble, "OpenSSL does not start: %s", explain_reason());
        err = ERR_CONFIG;
    }
    if (err == OK && options->psk_file != NULL) {
        err = psk_new(options->psk_file, &server->psk, trouble);
    }
    if (err == OK) err = contexts_load(server, options, trouble);
    if (err == OK) {
        *out = server;
    } else {
        server_unref(server);
    }
    return err;
}

struct tls_server *server_ref(struct tls_server *server)
{
    atomic_fetch_add_explicit(&server->refs, 1, memory_order_relaxed);
    return server;
}

void server_unref(struct tls_server *server)
{
    if (server == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&server->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    for (size_t i = 0; i < server->context_count; i++) {
        SSL_CTX_free(server->contexts[i]);
    }
    for (size_t i = 0; i < server->certificate_count; i++) {
        X509_free(server->certificates[i]);
    }
    psk_free(server->psk);
    tickets_unref(server->tickets);
    BIO_meth_free(server->wire);
    OPENSSL_free(server);
}

SSL *server_ssl_new(const struct tls_server *server, char **psk_identity)
{
    SSL *ssl = SSL_new(server->contexts[0]);
    if (ssl == NULL) return NULL;
    (void)SSL_set_app_data(ssl, psk_identity);
    SSL_set_accept_state(ssl);
    return ssl;
}

const BIO_METHOD *server_wire(const struct tls_server *server)
{
    return server->wire;
}

enum identity_kind server_identity(const struct tls_server *server)
{
    return server->identity;
}

bool server_ignores_dates(const struct tls_server *server)
{
    return server->ignore_dates;
}

/* The time as people write it who sort it. */
static void time_text(const ASN1_TIME *time, char text[SERVER_UNTIL_MAX])
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1) {
        (void)snprintf(text, SERVER_UNTIL_MAX, "?");
        return;
    }
    (void)strftime(text, SERVER_UNTIL_MAX, "%Y-%m-%d %H:%M:%SZ", &tm);
}

bool server_certificate(const struct tls_server *server, size_t index,
                        struct server_certificate *about)
{
    if (index >= server->certificate_count) return false;
    const X509 *certificate = server->certificates[index];
    *about = (struct server_certificate){.days = 0};
    struct trouble_text trouble;
    if (identity_of(certificate, IDENTITY_SUBJECT, about->name, &trouble) !=
        OK) {
        (void)snprintf(about->name, sizeof about->name, "without a name");
    }
    const ASN1_TIME *until = X509_get0_notAfter(certificate);
    int days = 0, seconds = 0;
    (void)ASN1_TIME_diff(&days, &seconds, NULL, until);
    /* A difference is cut towards zero: minus an hour is not day 0. */
    about->days = days == 0 && seconds < 0 ? -1 : days;
    about->pending =
        X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
    time_text(until, about->until);
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, until) == 1) {
        about->until_s = (int64_t)days * 24 * 3600 + seconds;
    }
    ASN1_TIME_free(epoch);
    return true;
}

/* The server that a context, and so a connection, belongs to. */
static struct tls_server *server_of(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    return tickets_use(server_of(ssl)->tickets, name, iv, cipher, mac, encrypt,
                       (int64_t)time(NULL));
}

static unsigned on_psk(SSL *ssl, const char *identity, unsigned char *key,
                       unsigned size_max)
{
    if (identity == NULL) return 0;
    struct bytes found = psk_find(server_of(ssl)->psk, identity);
    if (found.size == 0 || found.size > size_max) return 0;
    char **claimed = SSL_get_app_data(ssl);
    OPENSSL_free(*claimed);
    *claimed = OPENSSL_strdup(identity);
    if (*claimed == NULL) return 0;
    memcpy(key, found.data, found.size);
    return (unsigned)found.size;
}

/* The certificate of the name that the client asks for. */
static int on_name(SSL *ssl, int *alert, void *argument)
{
    (void)alert;
    const struct tls_server *server = argument;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == NULL) return SSL_TLSEXT_ERR_NOACK;
    for (size_t i = 0; i < server->context_count; i++) {
        SSL_CTX *context = server->contexts[i];
        X509 *certificate = SSL_CTX_get0_certificate(context);
        if (certificate == NULL ||
            X509_check_host(certificate, name, 0, 0, NULL) != 1) {
            continue;
        }
        if (i > 0) (void)SSL_set_SSL_CTX(ssl, context);
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* Who asks for protocols must ask for ours: else a browser could be made to
 * talk to us, and find in what we answer what it should not. Amazon's clients
 * have their own name for MQTT. */
static int on_protocols(SSL *ssl, const unsigned char **chosen,
                        unsigned char *chosen_size, const unsigned char *list,
                        unsigned size, void *argument)
{
    static const unsigned char ours[] = "\x04mqtt\x0ex-amzn-mqtt-ca";
    (void)ssl;
    (void)argument;
    unsigned char *found;
    if (SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, list,
                              size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/* A certificate that is out of date is as good as another. */
static int on_verify_undated(int fine, X509_STORE_CTX *check)
{
    int error = X509_STORE_CTX_get_error(check);
    if (fine == 1) return 1;
    if (error != X509_V_ERR_CERT_HAS_EXPIRED &&
        error != X509_V_ERR_CERT_NOT_YET_VALID) {
        return 0;
    }
    X509_STORE_CTX_set_error(check, X509_V_OK);
    return 1;
}

static void file_digest(EVP_MD_CTX *digest, const char *path)
{
    uint8_t block[READ_SIZE];
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    if (file == NULL) return;
    size_t count;
    while ((count = fread(block, 1, sizeof block, file)) > 0) {
        (void)EVP_DigestUpdate(digest, block, count);
    }
    (void)fclose(file);
}

/* A mark of who is let in. A session that began under another one cannot be
 * resumed: it would pass by the new rule. What lies in a folder of CAs is not
 * looked at, so there each mark is a new one. */
static bool fingerprint_set(SSL_CTX *context,
                            const struct server_options *options)
{
    uint8_t mark[FINGERPRINT_SIZE];
    bool fine = false;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1) {
        uint8_t flags[3] = {options->require_certificate, options->ignore_dates,
                            options->identity};
        (void)EVP_DigestUpdate(digest, flags, sizeof flags);
        file_digest(digest, options->cafile);
        (void)EVP_DigestUpdate(digest, "|", 1);
        file_digest(digest, options->crlfile);
        fine = EVP_DigestFinal_ex(digest, mark, NULL) == 1;
    }
    EVP_MD_CTX_free(digest);
    if (options->capath != NULL) fine = RAND_bytes(mark, sizeof mark) == 1;
    return fine &&
           SSL_CTX_set_session_id_context(context, mark, sizeof mark) == 1;
}

static void sessions_prepare(SSL_CTX *context,
                             const struct server_options *options)
{
    (void)SSL_CTX_set_timeout(context, SERVER_SESSION_S);
    if (options->psk_file == NULL) {
        (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
        (void)SSL_CTX_sess_set_cache_size(context, SERVER_SESSIONS_MAX);
        (void)SSL_CTX_set_num_tickets(context, 1);
        (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
        return;
    }
    /* A ticket would let in an identity whose key was taken away. */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_num_tickets(context, 0);
}

static enum err group_load(SSL_CTX *context, const char *path,
                           struct trouble_text *trouble)
{
    (void)SSL_CTX_set_dh_auto(context, 1);
    if (path == NULL) return OK;
    ERR_clear_error();
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *group = file != NULL ? PEM_read_bio_Parameters(file, NULL) : NULL;
    BIO_free(file);
    if (group != NULL && SSL_CTX_set0_tmp_dh_pkey(context, group) == 1) {
        return OK;
    }
    EVP_PKEY_free(group);
    explain(trouble,
            "the dhparamfile %s is of no use: %s; \"openssl dhparam -out %s "
            "2048\" makes one, and without it a good group is taken",
            path, explain_reason(), path);
    return ERR_CONFIG;
}

static enum err clients_load(SSL_CTX *context,
                             const struct server_options *options,
                             struct trouble_text *trouble)
{
    enum err err = material_authorities(context, options->cafile,
                                        options->capath, trouble);
    if (err == OK && options->crlfile != NULL) {
        err = material_revoked(context, options->crlfile, trouble);
    }
    if (err != OK || !options->require_certificate) return err;
    SSL_CTX_set_verify(context,
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       options->ignore_dates ? on_verify_undated : NULL);
    if (options->cafile != NULL) {
        SSL_CTX_set_client_CA_list(context,
                                   SSL_load_client_CA_file(options->cafile));
        ERR_clear_error();
    }
    return OK;
}

static enum err psk_prepare(SSL_CTX *context,
                            const struct server_options *options,
                            struct trouble_text *trouble)
{
    if (options->psk_file == NULL) return OK;
    SSL_CTX_set_psk_server_callback(context, on_psk);
    if (options->psk_hint == NULL) return OK;
    if (SSL_CTX_use_psk_identity_hint(context, options->psk_hint) == 1) {
        return OK;
    }
    explain(trouble, "the psk_hint is longer than %d bytes", PSK_IDENTITY_MAX);
    ERR_clear_error();
    return ERR_CONFIG;
}

/* All of a context but its certificate. */
static enum err context_prepare(SSL_CTX *context, struct tls_server *server,
                                const struct server_options *options,
                                struct trouble_text *trouble)
{
    material_defaults(context);
    (void)SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_PRIORITIZE_CHACHA);
    (void)SSL_CTX_set_app_data(context, server);
    sessions_prepare(context, options);
    SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
    (void)SSL_CTX_set_tlsext_servername_callback(context, on_name);
    (void)SSL_CTX_set_tlsext_servername_arg(context, server);
    if (!fingerprint_set(context, options)) {
        explain(trouble, "OpenSSL does not start: %s", explain_reason());
        return ERR_CONFIG;
    }
    enum err err = OK;
    if (options->version != NULL) {
        err = material_version(context, options->version, trouble);
    }
    if (err == OK) {
        err = material_ciphers(context, options->ciphers, options->suites,
                               trouble);
    }
    if (err == OK) err = group_load(context, options->dhparamfile, trouble);
    if (err == OK) err = clients_load(context, options, trouble);
    if (err == OK) err = psk_prepare(context, options, trouble);
    return err;
}

static SSL_CTX *context_new(struct tls_server *server,
                            const struct server_options *options,
                            struct trouble_text *trouble)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) {
        explain(trouble, "OpenSSL does not start: %s", explain_reason());
        return NULL;
    }
    if (context_prepare(context, server, options, trouble) == OK) {
        return context;
    }
    SSL_CTX_free(context);
    return NULL;
}

/* Are they for the same names, with keys of two kinds? */
static bool certificates_pair(const X509 *one, const X509 *two)
{
    int a = X509_get_ext_by_NID(one, NID_subject_alt_name, -1);
    int b = X509_get_ext_by_NID(two, NID_subject_alt_name, -1);
    if (a < 0 || b < 0) return false;
    const ASN1_STRING *names = X509_EXTENSION_get_data(X509_get_ext(one, a));
    const ASN1_STRING *others = X509_EXTENSION_get_data(X509_get_ext(two, b));
    return ASN1_STRING_cmp(names, others) == 0 &&
           EVP_PKEY_get_base_id(X509_get0_pubkey(one)) !=
               EVP_PKEY_get_base_id(X509_get0_pubkey(two));
}

/* The context that the certificate `of` is to stand in as well, or NULL. */
static SSL_CTX *context_sibling(const struct tls_server *server, SSL_CTX *of)
{
    const X509 *certificate = SSL_CTX_get0_certificate(of);
    for (size_t i = 0; i < server->context_count; i++) {
        SSL_CTX *context = server->contexts[i];
        if (certificates_pair(SSL_CTX_get0_certificate(context), certificate)) {
            return context;
        }
    }
    return NULL;
}

static enum err pair_load(struct tls_server *server,
                          const struct server_options *options,
                          const struct server_pair *pair,
                          struct trouble_text *trouble)
{
    SSL_CTX *context = context_new(server, options, trouble);
    if (context == NULL) return ERR_CONFIG;
    enum err err =
        material_certificate(context, pair->certfile, pair->keyfile, trouble);
    if (err != OK) {
        SSL_CTX_free(context);
        return err;
    }
    X509 *certificate = SSL_CTX_get0_certificate(context);
    (void)X509_up_ref(certificate);
    server->certificates[server->certificate_count++] = certificate;
    SSL_CTX *sibling = context_sibling(server, context);
    if (sibling == NULL) {
        server->contexts[server->context_count++] = context;
        return OK;
    }
    SSL_CTX_free(context);
    return material_certificate(sibling, pair->certfile, pair->keyfile,
                                trouble);
}

static enum err contexts_load(struct tls_server *server,
                              const struct server_options *options,
                              struct trouble_text *trouble)
{
    for (size_t i = 0; i < options->pair_count; i++) {
        enum err err = pair_load(server, options, &options->pairs[i], trouble);
        if (err != OK) return err;
    }
    if (options->pair_count > 0) return OK;
    server->contexts[0] = context_new(server, options, trouble);
    if (server->contexts[0] == NULL) return ERR_CONFIG;
    server->context_count = 1;
    return OK;
}
