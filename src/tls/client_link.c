/* client_link.c - see client_link.h. */
#include "tls/client_link.h"

#include "tls/socket_bio.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { RECORD_SIZE = 16 * 1024 }; /* of plain bytes. RFC 8446, 5.1 */

struct tls_link {
    SSL *ssl;
    struct tls_resume *resume;
    /* A record that OpenSSL has encrypted and the socket has not taken must be
     * offered again as it was; the caller's bytes may change until then. */
    uint8_t *held;
    size_t held_size;
    struct tls_trouble trouble;
    enum err failed; /* not OK: nothing more comes, nothing more can be sent */
    bool shaken;     /* the handshake is over */
    bool wants_write;
    bool has_input;
};

void tls_resume_clear(struct tls_resume *r)
{
    SSL_SESSION_free(r->session);
    r->session = NULL;
}

/* In TLS 1.3 each is for one use, and the newest lives longest. */
int tls_link_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_link *l = SSL_get_app_data(ssl);
    if (l->resume == NULL) return 0;
    tls_resume_clear(l->resume);
    l->resume->session = session;
    return 1;
}

int tls_link_verify(int good, X509_STORE_CTX *store)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_link *l = SSL_get_app_data(ssl);
    if (good == 0) tls_trouble_certificate(&l->trouble, store);
    return good;
}

static bool is_address(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

/* SSL_set_tlsext_host_name, which casts const away. */
static bool host_name(SSL *ssl, const char *host)
{
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                    TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) == 1;
}

/* What the certificate must be for. An address is compared with the
 * certificate's addresses alone, and never told as a name. RFC 6066, 3 */
static bool host_set(SSL *ssl, const char *host, enum tls_check check)
{
    bool address = is_address(host);
    if (!address && !host_name(ssl, host)) return false;
    if (check != TLS_CHECK_ALL) return true;
    X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (address) return X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1;
    return X509_VERIFY_PARAM_set1_host(p, host, 0) == 1;
}

/* A ticket of TLS 1.3 that is used twice shows who came twice. RFC 8446, C.4 */
static void session_offer(SSL *ssl, struct tls_resume *r)
{
    if (r == NULL || r->session == NULL) return;
    (void)SSL_set_session(ssl, r->session);
    if (SSL_SESSION_get_protocol_version(r->session) >= TLS1_3_VERSION) {
        tls_resume_clear(r);
    }
}

struct tls_link *tls_link_new(struct tls_client_context *c, int fd,
                              const char *host, struct tls_resume *resume)
{
    assert(host != NULL && host[0] != '\0');
    struct tls_link *l = calloc(1, sizeof *l);
    if (l == NULL) return NULL;
    l->ssl = SSL_new(tls_client_context_ssl(c));
    BIO *bio = socket_bio_new(fd);
    if (l->ssl == NULL || bio == NULL ||
        !host_set(l->ssl, host, tls_client_context_check(c))) {
        (void)BIO_free(bio);
        tls_link_free(l);
        return NULL;
    }
    SSL_set_bio(l->ssl, bio, bio);
    SSL_set_connect_state(l->ssl);
    l->resume = resume;
    (void)SSL_set_app_data(l->ssl, l);
    session_offer(l->ssl, resume);
    return l;
}

void tls_link_free(struct tls_link *l)
{
    if (l == NULL) return;
    /* A connection that was only lost says nothing against its session, which
     * OpenSSL would forget else. RFC 5246, 7.2.1 */
    if (l->shaken && l->failed != ERR_IO) {
        SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(l->ssl);
    free(l->held);
    free(l);
}

/* Has the other side, or the network, ended a connection that worked? */
static bool is_closed(int error, int saved)
{
    if (error == SSL_ERROR_ZERO_RETURN) return true;
    return error == SSL_ERROR_SYSCALL &&
           (saved == EPIPE || saved == ECONNRESET);
}

/* What OpenSSL said: OK means to come back later. */
static enum err call_judge(struct tls_link *l, int result)
{
    int saved = errno;
    int error = SSL_get_error(l->ssl, result);
    l->wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return OK;
    }
    if (l->shaken && is_closed(error, saved)) return ERR_CLOSED;
    tls_trouble_take(&l->trouble, error, saved, !l->shaken);
    l->failed = ERR_IO;
    return ERR_IO;
}

/* Before each call: SSL_get_error() looks at what earlier ones have left. */
static void call_prepare(void)
{
    ERR_clear_error();
    errno = 0;
}

enum err tls_link_handshake(struct tls_link *l)
{
    if (l->shaken || l->failed != OK) return l->failed;
    call_prepare();
    int result = SSL_do_handshake(l->ssl);
    if (result == 1) {
        l->shaken = true;
        l->wants_write = false;
        return OK;
    }
    enum err e = call_judge(l, result);
    return e == OK ? ERR_MORE : e;
}

/* Offer the held record again; false: the socket does not take it, now or at
 * all. */
static bool held_send(struct tls_link *l, enum err *e)
{
    size_t written = 0;
    call_prepare();
    int result = SSL_write_ex(l->ssl, l->held, l->held_size, &written);
    if (result != 1) {
        *e = call_judge(l, result);
        return false;
    }
    /* A record leaves as a whole. */
    assert(written == l->held_size);
    l->wants_write = false;
    l->held_size = 0;
    free(l->held);
    l->held = NULL;
    return true;
}

/* Keep what OpenSSL wants to see again. */
static enum err chunk_hold(struct tls_link *l, struct bytes b)
{
    assert(l->held == NULL);
    l->held = malloc(b.size);
    if (l->held == NULL) return l->failed = ERR_NO_MEMORY;
    memcpy(l->held, b.data, b.size);
    l->held_size = b.size;
    return OK;
}

enum err tls_link_send(struct tls_link *l, struct bytes b, size_t *count)
{
    enum err e = l->failed;
    *count = 0;
    if (e != OK || (l->held_size > 0 && !held_send(l, &e))) return e;
    while (b.size > 0) {
        struct bytes chunk =
            bytes_at(b.data, b.size < RECORD_SIZE ? b.size : RECORD_SIZE);
        size_t written = chunk.size;
        call_prepare();
        int result = SSL_write_ex(l->ssl, chunk.data, chunk.size, &written);
        if (result != 1) {
            e = call_judge(l, result);
            if (e == OK) e = chunk_hold(l, chunk);
            if (e == OK) *count += chunk.size;
            return e;
        }
        *count += written;
        b = bytes_skip(b, written);
    }
    return OK;
}

enum err tls_link_receive(struct tls_link *l, void *data, size_t size,
                          size_t *count)
{
    *count = 0;
    l->has_input = false;
    while (l->failed == OK && *count < size) {
        size_t got = 0;
        call_prepare();
        int result =
            SSL_read_ex(l->ssl, (uint8_t *)data + *count, size - *count, &got);
        if (result != 1) {
            l->failed = call_judge(l, result);
            break;
        }
        *count += got;
        /* The rest is in the socket, whose readiness poll tells of. */
        if (SSL_has_pending(l->ssl) == 0) break;
    }
    if (*count == size) l->has_input = SSL_has_pending(l->ssl) == 1;
    /* What came before the end is told first. */
    if (*count > 0) {
        l->has_input = l->has_input || l->failed != OK;
        return OK;
    }
    return l->failed;
}

const struct tls_trouble *tls_link_trouble(const struct tls_link *l)
{
    return &l->trouble;
}

bool tls_link_wants_write(const struct tls_link *l)
{
    return l->wants_write || l->held_size > 0;
}

bool tls_link_has_input(const struct tls_link *l)
{
    return l->has_input;
}

void tls_link_end(struct tls_link *l)
{
    if (!l->shaken || l->failed != OK) return;
    l->failed = ERR_CLOSED;
    (void)SSL_shutdown(l->ssl);
    ERR_clear_error();
}

bool tls_link_is_resumed(const struct tls_link *l)
{
    return SSL_session_reused(l->ssl) == 1;
}

const char *tls_link_version(const struct tls_link *l)
{
    return SSL_get_version(l->ssl);
}

const char *tls_link_cipher(const struct tls_link *l)
{
    return SSL_get_cipher_name(l->ssl);
}

struct bytes tls_link_alpn(const struct tls_link *l)
{
    struct bytes b = {NULL, 0};
    unsigned size = 0;
    SSL_get0_alpn_selected(l->ssl, &b.data, &size);
    b.size = size;
    return b;
}
