/* trouble.c - see trouble.h. */
#include "tls/trouble.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* An alert of the peer, as TLS 1.3, 6.2 numbers it. OpenSSL adds 1000. */
enum { ALERT_BASE = 1000 };

struct alert_row {
    int number;
    const char *text;
};

static const struct alert_row alerts[] = {
    {40, "the server found no common way to encrypt (handshake_failure): "
         "versions, ciphers or the kind of key do not match, or it wants a "
         "certificate of ours"},
    {42, "the server says that our certificate is bad (bad_certificate)"},
    {43, "the server does not take this kind of certificate "
         "(unsupported_certificate)"},
    {44, "the server says that our certificate is revoked "
         "(certificate_revoked)"},
    {45, "the server says that our certificate has expired "
         "(certificate_expired)"},
    {46, "the server does not accept our certificate (certificate_unknown)"},
    {47, "the server could not check what we sent (illegal_parameter): with a "
         "pre-shared key, the keys differ"},
    {48, "the server does not know the CA of our certificate (unknown_ca)"},
    {49, "the server denies access (access_denied)"},
    {51, "the server could not check what we sent (decrypt_error): with a "
         "pre-shared key, the keys differ"},
    {70, "the server does not speak our versions of TLS (protocol_version)"},
    {71, "the server wants stronger ciphers (insufficient_security)"},
    {112, "the server has no certificate for this name (unrecognized_name)"},
    {115, "the server does not know our PSK identity (unknown_psk_identity)"},
    {116, "the server wants a client certificate, and we gave none "
          "(certificate_required)"},
    {120, "the server does not speak our ALPN protocol "
          "(no_application_protocol)"},
};

void tls_trouble_clear(struct tls_trouble *t)
{
    t->kind = TLS_FINE;
    t->text[0] = '\0';
    ERR_clear_error();
}

static void say(struct tls_trouble *t, enum tls_trouble_kind kind,
                const char *text)
{
    t->kind = kind;
    (void)snprintf(t->text, sizeof t->text, "%s", text);
}

/* What OpenSSL calls the error; NULL when it does not know either. */
static const char *reason_of(unsigned long error)
{
    if (error == 0) return NULL;
    if (ERR_SYSTEM_ERROR(error)) return strerror(ERR_GET_REASON(error));
    return ERR_reason_error_string(error);
}

void tls_trouble_setup(struct tls_trouble *t, const char *what, ...)
{
    va_list values;
    va_start(values, what);
    int size = vsnprintf(t->text, sizeof t->text, what, values);
    va_end(values);
    t->kind = TLS_SETUP;
    const char *why = reason_of(ERR_peek_error());
    if (why != NULL && size >= 0 && (size_t)size < sizeof t->text) {
        (void)snprintf(t->text + size, sizeof t->text - (size_t)size, ": %s",
                       why);
    }
    ERR_clear_error();
}

static enum tls_trouble_kind kind_of_verify(long result)
{
    switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED: return TLS_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TLS_WRONG_HOST;
    case X509_V_ERR_CERT_REVOKED: return TLS_REVOKED;
    default: return TLS_UNTRUSTED;
    }
}

/* The name of a certificate's owner, for a human. */
static void subject_say(X509 *cert, char *text, size_t size)
{
    text[0] = '\0';
    BIO *out = BIO_new(BIO_s_mem());
    if (out == NULL) return;
    const unsigned long flags = XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB;
    (void)X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, flags);
    int got = BIO_read(out, text, (int)size - 1);
    text[got < 0 ? 0 : got] = '\0';
    (void)BIO_free(out);
}

/* One name of a certificate; false when it is of a kind that hosts have not. */
static bool name_say(const GENERAL_NAME *name, char *text, size_t size)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    const unsigned char *data = ASN1_STRING_get0_data(value);
    int length = ASN1_STRING_length(value);
    if (kind == GEN_DNS) {
        (void)snprintf(text, size, "%.*s", length, (const char *)data);
        return true;
    }
    if (kind != GEN_IPADD || (length != 4 && length != 16)) return false;
    int family = length == 4 ? AF_INET : AF_INET6;
    return inet_ntop(family, data, text, (socklen_t)size) != NULL;
}

void tls_trouble_names(X509 *cert, char *text, size_t size)
{
    text[0] = '\0';
    GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char name[INET6_ADDRSTRLEN + 64];
        if (!name_say(sk_GENERAL_NAME_value(names, i), name, sizeof name)) {
            continue;
        }
        int more = snprintf(text + used, size - used, "%s%s",
                            used == 0 ? "" : ", ", name);
        if (more < 0 || (size_t)more >= size - used) break;
        used += (size_t)more;
    }
    GENERAL_NAMES_free(names);
}

static const char *verdict_of(enum tls_trouble_kind kind)
{
    switch (kind) {
    case TLS_EXPIRED: return "is out of its dates";
    case TLS_REVOKED: return "is revoked";
    case TLS_WRONG_HOST: return "is for another host";
    default: return "is not trusted";
    }
}

void tls_trouble_certificate(struct tls_trouble *t, X509_STORE_CTX *store)
{
    char subject[112] = "";
    char names[112] = "";
    int error = X509_STORE_CTX_get_error(store);
    bool own = X509_STORE_CTX_get_error_depth(store) == 0;
    X509 *cert = X509_STORE_CTX_get_current_cert(store);
    t->kind = kind_of_verify(error);
    if (cert != NULL) subject_say(cert, subject, sizeof subject);
    if (cert != NULL && t->kind == TLS_WRONG_HOST) {
        tls_trouble_names(cert, names, sizeof names);
    }
    const char *why = X509_verify_cert_error_string(error);
    if (t->kind == TLS_WRONG_HOST) why = names;
    (void)snprintf(t->text, sizeof t->text, "the %s's certificate (%s) %s%s%s",
                   own ? "server" : "CA", subject, verdict_of(t->kind),
                   why[0] == '\0' ? "" : ": ", why);
}

static bool alert_say(struct tls_trouble *t, int reason)
{
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        if (alerts[i].number + ALERT_BASE != reason) continue;
        say(t, TLS_REFUSED, alerts[i].text);
        return true;
    }
    return false;
}

/* What a server that expects plain MQTT, or HTTP, answers to a hello of TLS. */
static bool is_no_tls(int reason)
{
    return reason == SSL_R_WRONG_VERSION_NUMBER ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
           reason == SSL_R_HTTP_REQUEST || reason == SSL_R_UNKNOWN_PROTOCOL ||
           reason == SSL_R_BAD_RECORD_TYPE ||
           reason == SSL_R_RECORD_LENGTH_MISMATCH;
}

/* The connection ended; `saved` is errno, or 0. */
static void cut_say(struct tls_trouble *t, int saved, bool shaking)
{
    t->kind = shaking ? TLS_NOT_SPOKEN : TLS_BROKEN;
    (void)snprintf(t->text, sizeof t->text, "%s%s%s",
                   shaking ? "the server closed the connection instead of "
                             "answering in TLS"
                           : "the connection was cut",
                   saved == 0 ? "" : ": ", saved == 0 ? "" : strerror(saved));
}

static void error_say(struct tls_trouble *t, unsigned long error, bool shaking)
{
    int reason = ERR_GET_REASON(error);
    bool of_ssl = ERR_GET_LIB(error) == ERR_LIB_SSL;
    if (of_ssl && alert_say(t, reason)) return;
    if (of_ssl && shaking && is_no_tls(reason)) {
        say(t, TLS_NOT_SPOKEN, "what the server answers is not TLS");
        return;
    }
    const char *why = reason_of(error);
    t->kind = TLS_BROKEN;
    (void)snprintf(t->text, sizeof t->text, "TLS failed: %s",
                   why == NULL ? "for no known reason" : why);
}

void tls_trouble_take(struct tls_trouble *t, int result, int saved,
                      bool shaking)
{
    unsigned long error = ERR_peek_error();
    bool verified = result == SSL_ERROR_SSL && shaking &&
                    ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    if (verified && t->kind != TLS_FINE) {
        /* tls_trouble_certificate has said it all. */
    } else if (error != 0) {
        error_say(t, error, shaking);
    } else {
        cut_say(t, result == SSL_ERROR_SYSCALL ? saved : 0, shaking);
    }
    ERR_clear_error();
}
