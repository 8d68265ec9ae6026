/* tunnel.c - see tunnel.h. */
#include "tls/tunnel.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

struct tunnel {
    SSL *ssl;
    BIO *bio;
    struct tls_server *server;
    char *psk_identity; /* claimed, and after the handshake proven */
    char *identity;
    bool failed;
};

struct tunnel *tunnel_new(struct tls_server *server)
{
    struct tunnel *tunnel = OPENSSL_zalloc(sizeof *tunnel);
    if (tunnel == NULL) return NULL;
    tunnel->server = server_ref(server);
    tunnel->ssl = server_ssl_new(server, &tunnel->psk_identity);
    tunnel->bio = BIO_new(server_wire(server));
    if (tunnel->ssl == NULL || tunnel->bio == NULL) {
        BIO_free(tunnel->bio);
        tunnel->bio = NULL;
        tunnel_free(tunnel);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_bio(tunnel->ssl, tunnel->bio, tunnel->bio);
    return tunnel;
}

void tunnel_free(struct tunnel *tunnel)
{
    if (tunnel == NULL) return;
    /* A session may be resumed although its connection was cut: since TLS 1.1
     * that says nothing against it. */
    if (tunnel->ssl != NULL && !tunnel->failed) {
        SSL_set_shutdown(tunnel->ssl, SSL_SENT_SHUTDOWN);
    }
    SSL_free(tunnel->ssl);
    server_unref(tunnel->server);
    OPENSSL_free(tunnel->psk_identity);
    OPENSSL_free(tunnel->identity);
    OPENSSL_free(tunnel);
}

/* Was the client let in by its key, and not only asked for by its name? */
static bool psk_is_proven(const SSL *ssl)
{
    if (SSL_version(ssl) >= TLS1_3_VERSION) {
        /* There are no tickets where there are keys (server.c). */
        return SSL_session_reused(ssl) == 1;
    }
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    return cipher != NULL && SSL_CIPHER_get_auth_nid(cipher) == NID_auth_psk;
}

/* A session is resumed without a look at the certificate that it began with,
 * which may be out of date by now. */
static enum err dates_check(const struct tunnel *tunnel,
                            const X509 *certificate,
                            struct trouble_text *trouble)
{
    if (certificate == NULL || server_ignores_dates(tunnel->server)) return OK;
    if (SSL_get_verify_mode(tunnel->ssl) == SSL_VERIFY_NONE) return OK;
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0) return OK;
    explain(trouble, "the peer's certificate is refused: %s",
            explain_verdict(X509_V_ERR_CERT_HAS_EXPIRED));
    return ERR_CREDENTIALS;
}

static enum err identity_find(struct tunnel *tunnel, const X509 *certificate,
                              struct trouble_text *trouble)
{
    enum identity_kind kind = server_identity(tunnel->server);
    if (kind == IDENTITY_NONE) return OK;
    if (certificate == NULL) {
        explain(trouble, "the peer shows no certificate that could say who it "
                         "is");
        return ERR_CREDENTIALS;
    }
    char text[IDENTITY_TEXT_MAX];
    enum err err = identity_of(certificate, kind, text, trouble);
    if (err != OK) return err;
    tunnel->identity = OPENSSL_strdup(text);
    return tunnel->identity != NULL ? OK : ERR_NO_MEMORY;
}

/* The handshake is done. Is it somebody for us? */
static enum err peer_admit(struct tunnel *tunnel, struct trouble_text *trouble)
{
    if (tunnel->psk_identity != NULL && psk_is_proven(tunnel->ssl)) {
        if (server_identity(tunnel->server) == IDENTITY_NONE) return OK;
        tunnel->identity = tunnel->psk_identity;
        tunnel->psk_identity = NULL;
        return OK;
    }
    X509 *certificate = SSL_get1_peer_certificate(tunnel->ssl);
    enum err err = dates_check(tunnel, certificate, trouble);
    if (err == OK) err = identity_find(tunnel, certificate, trouble);
    X509_free(certificate);
    return err;
}

/* Why the handshake failed. Where there are keys alone OpenSSL complains about
 * the certificate that it would have needed. */
static void greeting_explain(const struct tunnel *tunnel,
                             struct trouble_text *trouble)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    struct server_certificate first;
    explain_handshake(SSL_get_verify_result(tunnel->ssl), trouble);
    if (server_certificate(tunnel->server, 0, &first)) return;
    if (reason == SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM ||
        reason == SSL_R_NO_SHARED_CIPHER ||
        reason == SSL_R_PSK_IDENTITY_NOT_FOUND) {
        explain(trouble, "the client names no PSK identity of the psk_file, "
                         "and this listener has no certificate");
    }
}

enum err tunnel_greet(struct tunnel *tunnel, struct wire *wire,
                      struct trouble_text *trouble)
{
    assert(!tunnel->failed);
    BIO_set_data(tunnel->bio, wire);
    ERR_clear_error();
    int done = SSL_do_handshake(tunnel->ssl);
    if (done == 1) {
        enum err err = peer_admit(tunnel, trouble);
        ERR_clear_error();
        return err;
    }
    if (SSL_get_error(tunnel->ssl, done) == SSL_ERROR_WANT_READ) {
        assert(wire->in.size == 0);
        return ERR_MORE;
    }
    tunnel->failed = true;
    greeting_explain(tunnel, trouble);
    return ERR_PROTOCOL;
}

enum err tunnel_read(struct tunnel *tunnel, struct wire *wire, uint8_t *to,
                     size_t size, size_t *got, struct trouble_text *trouble)
{
    assert(size >= wire->in.size + TUNNEL_RECORD_MAX);
    *got = 0;
    if (tunnel->failed) return ERR_CLOSED;
    BIO_set_data(tunnel->bio, wire);
    ERR_clear_error();
    size_t count;
    while (SSL_read_ex(tunnel->ssl, to + *got, size - *got, &count) == 1) {
        *got += count;
    }
    int error = SSL_get_error(tunnel->ssl, 0);
    if (error == SSL_ERROR_WANT_READ) {
        assert(wire->in.size == 0);
        return OK;
    }
    tunnel->failed = true;
    if (error == SSL_ERROR_ZERO_RETURN) return ERR_CLOSED;
    explain_handshake(X509_V_OK, trouble);
    return ERR_PROTOCOL;
}

enum err tunnel_write(struct tunnel *tunnel, struct wire *wire,
                      struct bytes plain)
{
    assert(plain.size > 0 && plain.size <= TUNNEL_RECORD_MAX);
    BIO_set_data(tunnel->bio, wire);
    ERR_clear_error();
    size_t count;
    if (SSL_write_ex(tunnel->ssl, plain.data, plain.size, &count) == 1) {
        assert(count == plain.size);
        return OK;
    }
    ERR_clear_error();
    tunnel->failed = true;
    return ERR_PROTOCOL;
}

void tunnel_close(struct tunnel *tunnel, struct wire *wire)
{
    if (SSL_is_init_finished(tunnel->ssl) != 1) return;
    BIO_set_data(tunnel->bio, wire);
    (void)SSL_shutdown(tunnel->ssl);
    ERR_clear_error();
}

const char *tunnel_identity(const struct tunnel *tunnel)
{
    return tunnel->identity != NULL ? tunnel->identity : "";
}

void tunnel_describe(const struct tunnel *tunnel, char text[TUNNEL_TEXT_MAX])
{
    const char *resumed =
        SSL_session_reused(tunnel->ssl) == 1 ? ", resumed" : "";
    (void)snprintf(text, TUNNEL_TEXT_MAX, "%s %s%s",
                   SSL_get_version(tunnel->ssl),
                   SSL_get_cipher_name(tunnel->ssl), resumed);
}
