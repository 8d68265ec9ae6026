/* explain.c - see explain.h. */
#include "tls/explain.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Reasons of handshakes that fail, and what they mean to a human. An alert is
 * what the peer said of us before it left. */
static const struct {
    int reason;
    const char *words;
} REASONS[] = {
    {SSL_R_NO_SHARED_CIPHER,
     "no cipher in common; look at \"ciphers\", and whether the kind of the "
     "certificate's key suits both sides"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
     "no signature algorithm in common for the certificate that is there"},
    {SSL_R_NO_SHARED_GROUPS, "no group for the key exchange in common"},
    {SSL_R_UNSUPPORTED_PROTOCOL,
     "the peer's version of TLS is too old or too new (see \"tls_version\")"},
    {SSL_R_VERSION_TOO_LOW, "the peer's version of TLS is too old"},
    {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS here"},
    {SSL_R_HTTP_REQUEST, "the peer speaks HTTP without TLS"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
     "the peer shows no certificate, and must"},
    {SSL_R_NO_APPLICATION_PROTOCOL,
     "the peer wants to speak another protocol than MQTT (ALPN)"},
    {SSL_R_PSK_IDENTITY_NOT_FOUND, "the PSK identity is unknown"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
     "what the peer sent is not what it encrypted (with a PSK: its key is "
     "another one)"},
    {SSL_R_BINDER_DOES_NOT_VERIFY, "the PSK is another one"},
    {SSL_R_DIGEST_CHECK_FAILED, "the PSK is another one"},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, "the peer closed the connection"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
     "the peer does not accept our certificate"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
     "the peer does not accept this kind of certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
     "the peer says that our certificate is out of date"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
     "the peer says that our certificate was revoked"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
     "the peer does not accept our certificate"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA,
     "the peer does not know the CA of our certificate; give it the CA file"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
     "the peer wants a certificate from us"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
     "the peer does not accept this version of TLS"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
     "the peer found no version, cipher or certificate in common"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, "the peer lets nobody in that is us"},
    {SSL_R_TLSV1_ALERT_DECRYPT_ERROR,
     "the peer could not check a signature, or its PSK is another one"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, "the peer has no such name"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL,
     "the peer does not speak MQTT here (ALPN)"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY,
     "the peer does not know our PSK identity"},
    {SSL_R_TLSV1_ALERT_USER_CANCELLED, "the peer gave up"},
};

void explain(struct trouble_text *trouble, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(trouble->text, sizeof trouble->text, format, list);
    va_end(list);
}

/* OpenSSL's words for `code`; a system's error has only its own. */
static const char *code_words(unsigned long code)
{
    const char *words = ERR_reason_error_string(code);
    return words != NULL ? words : "no reason given";
}

const char *explain_reason(void)
{
    unsigned long code = ERR_peek_error();
    ERR_clear_error();
    return code_words(code);
}

const char *explain_verdict(long verdict)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "it has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "it is not valid yet; is the clock right?";
    case X509_V_ERR_CERT_REVOKED: return "it was revoked";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "it is signed by itself, and not among the CAs";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return "its CA is unknown";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        return "the CRL file has no list of its CA";
    case X509_V_ERR_CRL_HAS_EXPIRED:
        return "the CRL is out of date; fetch a new one";
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return "the CRL is not valid yet; is the clock right?";
    case X509_V_ERR_INVALID_PURPOSE: return "it is for another purpose";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "it is for another host";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL: return "its key is too short";
    case X509_V_ERR_CA_MD_TOO_WEAK: return "its signature is too weak";
    default: return X509_verify_cert_error_string(verdict);
    }
}

void explain_handshake(long verdict, struct trouble_text *trouble)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    ERR_clear_error();
    if (code == 0) {
        explain(trouble, "the peer closed the connection");
        return;
    }
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        explain(trouble, "the peer's certificate is refused: %s",
                explain_verdict(verdict));
        return;
    }
    const char *words = code_words(code);
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++) {
        if (ERR_GET_LIB(code) != ERR_LIB_SSL) break;
        if (REASONS[i].reason == reason) words = REASONS[i].words;
    }
    explain(trouble, "%s", words);
}
