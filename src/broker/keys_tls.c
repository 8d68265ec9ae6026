/* keys_tls.c - encryption and certificates of a listener. See keys.h. */
#include "broker/keys_row.h"

#define NO_TLS                                                                 \
    "this version has no TLS; put a TLS proxy in front of it, or remove the "  \
    "line"
#define NO_ENGINE                                                              \
    "OpenSSL 3 has no engines; use a key in a file, and remove the line"

const struct key keys_tls[] = {
    TEXTS("certfile", IN(tls.certfile),
          "certificate of the listener and those above it (PEM); several, "
          "each with its keyfile: chosen by the name that the client asks for",
          INSTEAD(NO_TLS)),
    TEXTS("keyfile", IN(tls.keyfile), "key of the certificate (PEM)",
          INSTEAD(NO_TLS)),
    PATH("cafile", IN(tls.cafile),
         "certificates of those who sign clients' certificates (PEM)",
         INSTEAD(NO_TLS)),
    PATH("capath", IN(tls.capath),
         "folder of such certificates, prepared by openssl rehash",
         INSTEAD(NO_TLS)),
    PATH("crlfile", IN(tls.crlfile), "certificates that are revoked (PEM)",
         INSTEAD(NO_TLS)),
    BOOL("require_certificate", IN(tls.require_certificate), "false",
         "clients must show a certificate", INSTEAD(NO_TLS)),
    BOOL("use_identity_as_username", IN(tls.use_identity_as_username), "false",
         "the certificate's common name, or the PSK identity, is the user "
         "name",
         INSTEAD(NO_TLS)),
    BOOL("use_subject_as_username", IN(tls.use_subject_as_username), "false",
         "the certificate's whole subject is the user name", INSTEAD(NO_TLS)),
    BOOL("disable_client_cert_date_checks",
         IN(tls.disable_client_cert_date_checks), "false",
         "take clients' certificates that are expired, or not valid yet",
         INSTEAD(NO_TLS)),
    WORD("tls_version", IN(tls.version), "any tlsv1.2 tlsv1.3", "any",
         "the oldest version of TLS: tlsv1.2 or tlsv1.3", INSTEAD(NO_TLS)),
    TEXT("ciphers", IN(tls.ciphers), CONFIG_TEXT_MAX - 1, "",
         "ciphers of TLS 1.2, as in openssl ciphers", INSTEAD(NO_TLS)),
    TEXT("ciphers_tls1.3", IN(tls.ciphers_tls13), CONFIG_TEXT_MAX - 1, "",
         "ciphers of TLS 1.3, with : between them", INSTEAD(NO_TLS)),
    PATH("dhparamfile", IN(tls.dhparamfile), "parameters for DHE ciphers (PEM)",
         INSTEAD(NO_TLS)),
    TEXT("psk_hint", IN(tls.psk_hint), 127, "",
         "TLS by the keys of psk_file; this text is told to clients",
         INSTEAD(NO_TLS)),
    WORD("tls_keyform", IN(tls.keyform), "pem engine", "pem",
         "what keyfile holds: pem", INSTEAD(NO_TLS)),
    REFUSED("tls_engine", NO_ENGINE),
    REFUSED("tls_engine_kpass_sha1", NO_ENGINE),
    END,
};
