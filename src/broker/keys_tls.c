/* keys_tls.c - encryption and certificates of a listener. See keys.h. */
#include "broker/keys_row.h"

#define NO_ENGINE                                                              \
    "engines, which OpenSSL 3 gives up, are not used; put the key into a "     \
    "file, and remove the line"

const struct key keys_tls[] = {
    TEXTS("certfile", IN(tls.certfile),
          "certificate of the listener and those above it (PEM); several, "
          "each with its keyfile: chosen by the name that the client asks for"),
    TEXTS("keyfile", IN(tls.keyfile), "key of the certificate (PEM)"),
    PATH("cafile", IN(tls.cafile),
         "certificates of those who sign clients' certificates (PEM)"),
    PATH("capath", IN(tls.capath),
         "folder of such certificates, prepared by openssl rehash"),
    PATH("crlfile", IN(tls.crlfile), "certificates that are revoked (PEM)"),
    BOOL("require_certificate", IN(tls.require_certificate), "false",
         "clients must show a certificate, to the proxy where "
         "enable_proxy_protocol is 2 and the listener has no TLS"),
    BOOL("use_identity_as_username", IN(tls.use_identity_as_username), "false",
         "the certificate's common name, or the PSK identity, is the user "
         "name"),
    BOOL("use_subject_as_username", IN(tls.use_subject_as_username), "false",
         "the certificate's whole subject is the user name"),
    WORD("identity_from", IN(tls.identity_from),
         "cn subject san_email san_dns san_uri", "cn",
         "which part of the certificate use_identity_as_username takes: cn, "
         "subject, or the first alternative name of a kind"),
    BOOL("disable_client_cert_date_checks",
         IN(tls.disable_client_cert_date_checks), "false",
         "take clients' certificates that are expired, or not valid yet"),
    WORD("tls_version", IN(tls.version), "any tlsv1.2 tlsv1.3", "any",
         "the oldest version of TLS: tlsv1.2 or tlsv1.3"),
    TEXT("ciphers", IN(tls.ciphers), CONFIG_TEXT_MAX - 1, "",
         "ciphers of TLS 1.2, as in openssl ciphers"),
    TEXT("ciphers_tls1.3", IN(tls.ciphers_tls13), CONFIG_TEXT_MAX - 1, "",
         "ciphers of TLS 1.3, with : between them"),
    PATH("dhparamfile", IN(tls.dhparamfile),
         "parameters for DHE ciphers (PEM)"),
    TEXT("psk_hint", IN(tls.psk_hint), 127, "",
         "TLS by the keys of psk_file; this text is told to clients"),
    WORD("tls_keyform", IN(tls.keyform), "pem engine", "pem",
         "what keyfile holds: pem"),
    NUMBER("tls_handshake_timeout", AT(tls_handshake_timeout_s), 1, 3600, "10",
           "s that a new connection has for the handshake of TLS"),
    REFUSED("tls_engine", NO_ENGINE),
    REFUSED("tls_engine_kpass_sha1", NO_ENGINE),
    END,
};
