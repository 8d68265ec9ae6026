/* client_context.c - see client_context.h. */
#include "tls/client_context.h"

#include "tls/client_link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Key exchanges with a pre-shared key, those that keep old traffic secret when
 * the key becomes known first. */
static const char psk_ciphers[] =
    "kECDHEPSK+AESGCM:kDHEPSK+AESGCM:kECDHEPSK:kDHEPSK:kPSK:!eNULL";

struct tls_client_context {
    SSL_CTX *ssl;
    enum tls_check check;
    bool no_password; /* one was wanted */
    int keylog;       /* a file, or -1 */
    size_t psk_size;
    uint8_t psk[TLS_PSK_MAX];
    char identity[TLS_IDENTITY_MAX + 1];
};

typedef bool step(const struct tls_client_options *o,
                  struct tls_client_context *c, struct tls_trouble *t);

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

size_t tls_psk_read(const char *text, uint8_t key[TLS_PSK_MAX])
{
    size_t digits = strlen(text);
    size_t size = (digits + 1) / 2;
    if (size > TLS_PSK_MAX) return 0;
    memset(key, 0, size);
    for (size_t i = 0; i < digits; i++) {
        int digit = digit_of(text[i]);
        size_t at = (i + digits % 2) / 2;
        if (digit < 0) return 0;
        key[at] = (uint8_t)(key[at] << 4 | digit);
    }
    return size;
}

/* Who is asked for the password of a key. */
struct question {
    const struct tls_client_options *options;
    struct tls_client_context *context;
};

/* OpenSSL asks for what it calls a pass phrase. */
static int password_give(char *text, int size, int writing, void *context)
{
    const struct question *q = context;
    const struct tls_client_options *o = q->options;
    (void)writing;
    int length = o->key_password == NULL
                     ? -1
                     : o->key_password(o->key_password_context, text, size);
    if (length < 0) q->context->no_password = true;
    return length;
}

static unsigned psk_give(SSL *ssl, const char *hint, char *identity,
                         unsigned identity_size, unsigned char *psk,
                         unsigned psk_size)
{
    const struct tls_client_context *c =
        SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)hint;
    size_t size = strlen(c->identity) + 1;
    if (size > identity_size || c->psk_size > psk_size) return 0;
    memcpy(identity, c->identity, size);
    memcpy(psk, c->psk, c->psk_size);
    return (unsigned)c->psk_size;
}

static bool version_set(const struct tls_client_options *o,
                        struct tls_client_context *c, struct tls_trouble *t)
{
    int version = o->version_min == TLS_13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(c->ssl, version) == 1) return true;
    tls_trouble_setup(t, "this OpenSSL does not offer the version of TLS");
    return false;
}

static bool ciphers_set(const struct tls_client_options *o,
                        struct tls_client_context *c, struct tls_trouble *t)
{
    const char *list = o->ciphers;
    if (list == NULL && o->psk.size > 0) list = psk_ciphers;
    if (list != NULL && SSL_CTX_set_cipher_list(c->ssl, list) != 1) {
        tls_trouble_setup(t, "no cipher of TLS 1.2 is meant by '%s'", list);
        return false;
    }
    list = o->ciphersuites;
    if (list != NULL && SSL_CTX_set_ciphersuites(c->ssl, list) != 1) {
        tls_trouble_setup(t, "no cipher of TLS 1.3 is meant by '%s'", list);
        return false;
    }
    return true;
}

/* OpenSSL looks into the folder only when it needs a CA. */
static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool trust_set(const struct tls_client_options *o,
                      struct tls_client_context *c, struct tls_trouble *t)
{
    if (o->ca_file != NULL &&
        SSL_CTX_load_verify_file(c->ssl, o->ca_file) != 1) {
        tls_trouble_setup(t, "no CA can be read from '%s'", o->ca_file);
        return false;
    }
    if (o->ca_folder != NULL &&
        (!is_folder(o->ca_folder) ||
         SSL_CTX_load_verify_dir(c->ssl, o->ca_folder) != 1)) {
        tls_trouble_setup(t, "'%s' is no folder of CAs", o->ca_folder);
        return false;
    }
    bool other = o->ca_file != NULL || o->ca_folder != NULL || o->psk.size > 0;
    if ((o->system_cas || !other) &&
        SSL_CTX_set_default_verify_paths(c->ssl) != 1) {
        tls_trouble_setup(t, "the system's CAs cannot be read");
        return false;
    }
    bool none = o->check == TLS_CHECK_NOTHING;
    SSL_CTX_set_verify(c->ssl, none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       tls_link_verify);
    return true;
}

static bool identity_set(const struct tls_client_options *o,
                         struct tls_client_context *c, struct tls_trouble *t)
{
    const char *key = o->key_file != NULL ? o->key_file : o->cert_file;
    if (key == NULL) return true;
    if (o->cert_file == NULL) {
        tls_trouble_setup(t, "the key '%s' has no certificate", key);
        return false;
    }
    if (SSL_CTX_use_certificate_chain_file(c->ssl, o->cert_file) != 1) {
        tls_trouble_setup(t, "no certificate can be read from '%s'",
                          o->cert_file);
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(c->ssl, key, SSL_FILETYPE_PEM) == 1) {
        return true;
    }
    if (c->no_password) {
        ERR_clear_error();
        tls_trouble_setup(
            t, "the key '%s' is encrypted, and there is no password for it",
            key);
        return false;
    }
    tls_trouble_setup(t, "the key '%s' cannot be used with '%s'", key,
                      o->cert_file);
    return false;
}

static bool psk_set(const struct tls_client_options *o,
                    struct tls_client_context *c, struct tls_trouble *t)
{
    if (o->psk.size == 0) return true;
    if (o->psk.size > sizeof c->psk) {
        tls_trouble_setup(t, "the pre-shared key is longer than %d bytes",
                          TLS_PSK_MAX);
        return false;
    }
    if (o->psk_identity == NULL || strlen(o->psk_identity) == 0 ||
        strlen(o->psk_identity) > TLS_IDENTITY_MAX) {
        tls_trouble_setup(t,
                          "a pre-shared key needs an identity of 1 to %d "
                          "bytes",
                          TLS_IDENTITY_MAX);
        return false;
    }
    memcpy(c->psk, o->psk.data, o->psk.size);
    c->psk_size = o->psk.size;
    memcpy(c->identity, o->psk_identity, strlen(o->psk_identity) + 1);
    SSL_CTX_set_psk_client_callback(c->ssl, psk_give);
    return true;
}

static bool alpn_set(const struct tls_client_options *o,
                     struct tls_client_context *c, struct tls_trouble *t)
{
    uint8_t wire[1 + UINT8_MAX];
    if (o->alpn == NULL) return true;
    size_t size = strlen(o->alpn);
    if (size > 0 && size <= UINT8_MAX) {
        wire[0] = (uint8_t)size;
        memcpy(wire + 1, o->alpn, size);
        if (SSL_CTX_set_alpn_protos(c->ssl, wire, (unsigned)size + 1) == 0) {
            return true;
        }
    }
    tls_trouble_setup(t, "an ALPN protocol has 1 to 255 bytes");
    return false;
}

/* A line more in one write, so that those of several programs do not mix. What
 * a disk that is full does not take is lost; the connection is not. */
static void keylog_add(const SSL *ssl, const char *line)
{
    const struct tls_client_context *c =
        SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)dprintf(c->keylog, "%s\n", line);
}

static bool keylog_set(const struct tls_client_options *o,
                       struct tls_client_context *c, struct tls_trouble *t)
{
    if (o->keylog_file == NULL) return true;
    c->keylog = open(o->keylog_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                     S_IRUSR | S_IWUSR);
    if (c->keylog < 0) {
        tls_trouble_setup(t, "the secrets cannot be written to '%s': %s",
                          o->keylog_file, strerror(errno));
        return false;
    }
    SSL_CTX_set_keylog_callback(c->ssl, keylog_add);
    return true;
}

/* An idle connection owns no buffers, what was begun is taken from a buffer
 * that may move, and nobody may start a new handshake in the middle. A network
 * that breaks is no crime of the session: MQTT knows by itself whether a packet
 * is whole, and OpenSSL would forget the session otherwise. */
static void modes_set(SSL_CTX *ssl)
{
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS |
                                    SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF |
                                       SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
                                                  SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, tls_link_session);
    SSL_CTX_set_read_ahead(ssl, 1);
}

enum err tls_client_context_new(const struct tls_client_options *options,
                                struct tls_client_context **out,
                                struct tls_trouble *t)
{
    static step *const steps[] = {version_set,  ciphers_set, trust_set, psk_set,
                                  identity_set, alpn_set,    keylog_set};
    *out = NULL;
    tls_trouble_clear(t);
    struct tls_client_context *c = calloc(1, sizeof *c);
    if (c == NULL) return ERR_NO_MEMORY;
    c->check = options->check;
    c->keylog = -1;
    c->ssl = SSL_CTX_new(TLS_client_method());
    if (c->ssl == NULL) {
        free(c);
        return ERR_NO_MEMORY;
    }
    modes_set(c->ssl);
    SSL_CTX_set_default_passwd_cb(c->ssl, password_give);
    /* OpenSSL asks only while the key is read, below. */
    struct question question = {options, c};
    SSL_CTX_set_default_passwd_cb_userdata(c->ssl, &question);
    (void)SSL_CTX_set_app_data(c->ssl, c);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i](options, c, t)) continue;
        tls_client_context_free(c);
        return ERR_CONFIG;
    }
    SSL_CTX_set_default_passwd_cb_userdata(c->ssl, NULL);
    *out = c;
    return OK;
}

void tls_client_context_free(struct tls_client_context *c)
{
    if (c == NULL) return;
    SSL_CTX_free(c->ssl);
    if (c->keylog >= 0) (void)close(c->keylog);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

SSL_CTX *tls_client_context_ssl(const struct tls_client_context *c)
{
    return c->ssl;
}

enum tls_check tls_client_context_check(const struct tls_client_context *c)
{
    return c->check;
}
