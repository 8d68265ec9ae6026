/* keys_proof.c - how clients prove who they are, other than by a password file
 * or a certificate. See keys.h. */
#include "auth/httpform.h"
#include "broker/keys_row.h"

#define JWT(member)  FOR_ENTRY(jwt.member)
#define HTTP(member) FOR_ENTRY(http.member)

/* May be repeated, and is no path. */
#define LINES(key, where, what, ...)                                           \
    ROW(key, KEY_TEXTS, "", __VA_ARGS__, where, FORM(what),                    \
        .max = CONFIG_TEXT_MAX - 1, LIVE)

const struct key keys_proof[] = {
    PATH("scram_file", FOR_ENTRY(scram_file),
         "names of clients that prove their passwords by SCRAM-SHA-256 and "
         "SCRAM-SHA-512, as `mogi passwd --scram` writes them"),

    PATH("jwt_key_file", JWT(key_file),
         "public keys of those who sign tokens: PEM, a JWK or a JWK set"),
    PATH("jwt_secret_file", JWT(secret_file),
         "secret of those who sign tokens with HS256, 32 bytes or more"),
    TEXT("jwt_issuer", JWT(issuer), CONFIG_TEXT_MAX - 1, "",
         "who a token must be from (iss); else anybody who has the key", UTF8),
    TEXT("jwt_audience", JWT(audience), CONFIG_TEXT_MAX - 1, "",
         "whom a token must be for (aud); else one that is for somebody is "
         "refused",
         UTF8),
    TEXT("jwt_user_claim", JWT(user_claim), 63, "sub",
         "which claim of a token is the user name", UTF8),
    TEXT("jwt_acl_claim", JWT(acl_claim), 63, "acl",
         "which claim of a token holds access rules", UTF8),
    NUMBER("jwt_leeway", JWT(leeway_s), 0, 3600, "5",
           "s by which the clocks of those who sign tokens may be wrong"),
    WORD("jwt_field", JWT(field), "password username", "password",
         "where 3.1 and 3.1.1 clients put a token: password or username"),
    BOOL("jwt_require_expiry", JWT(require_expiry), "true",
         "tokens without an end (exp) are refused"),
    BOOL("jwt_check_username", JWT(check_username), "true",
         "a user name beside a token must be the one in it"),

    LINES("http_auth_url", HTTP(url), "URL",
          "web server that is asked about user names and passwords; several: "
          "the next when one is down"),
    WORD("http_auth_format", HTTP(format), "json form", "json",
         "how it is asked: json or form"),
    TEXT("http_auth_fields", HTTP(fields), CONFIG_TEXT_MAX - 1, "",
         "what it is told, if not: " HTTPFORM_FIELDS
         "; also ${peerhost}, ${identity} and fixed texts",
         UTF8, FORM("NAME=VALUE...")),
    LINES("http_auth_header", HTTP(header), "NAME: VALUE",
          "header to send along, as a key that the server asks for"),
    PATH("http_auth_cafile", HTTP(cafile),
         "certificates of those who sign the server's certificate (PEM), in "
         "place of the system's"),
    BOOL("http_auth_insecure", HTTP(insecure), "false",
         "do not check the server's certificate: whoever is in between reads "
         "the passwords"),
    NUMBER("http_auth_timeout", HTTP(timeout_s), 1, 60, "5",
           "s to wait for an answer"),
    NUMBER("http_auth_connections", HTTP(connections), 1, 1000, "16",
           "connections to the server at once"),
    NUMBER("http_auth_max_in_flight", HTTP(max_in_flight), 1, 4096, "1024",
           "questions under way; a client beyond that is told to come later"),
    DURATION("http_auth_cache_seconds", HTTP(cache_s), "60",
             "s that a yes is remembered, as a hash under a key of this "
             "process; 0: not at all"),
    WORD("http_auth_down", HTTP(down), "refuse pass", "refuse",
         "when the server does not answer: refuse clients, or pass them on to "
         "the next method"),
    BOOL("http_auth_status_only", HTTP(status_only), "false",
         "200 is a yes, whatever the answer's body says"),
    END,
};
