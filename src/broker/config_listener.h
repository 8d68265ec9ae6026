/* config_listener.h - what the configuration says about one listener.
 *
 * Keys below a `listener` line are about that listener; above the first one,
 * about the listener of `port`. Those of `struct config_entry` are about all
 * listeners, unless `per_listener_settings` is true.
 */
#ifndef MOGI_BROKER_CONFIG_LISTENER_H
#define MOGI_BROKER_CONFIG_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options_listener;

enum {
    CONFIG_TEXT_MAX = 256,

    /* Times that a key may be repeated for one listener. */
    CONFIG_TEXTS_MAX = 8,

    /* Bytes of the path of a Unix socket, without NUL. */
    CONFIG_SOCKET_PATH_MAX = 107
};

/* Where a value comes from; a higher one wins. */
enum config_rank { RANK_DEFAULT, RANK_FILE, RANK_ENVIRONMENT, RANK_COMMAND };

/* What a key that may be repeated says, each time. */
struct config_texts {
    char list[CONFIG_TEXTS_MAX][CONFIG_TEXT_MAX];
    uint8_t count;
    uint8_t rank; /* enum config_rank of all of them */
};

/* May clients without a name come in? */
enum config_anonymous { ANONYMOUS_UNSAID, ANONYMOUS_NO, ANONYMOUS_YES };

/* Tokens: auth/tokens.h. */
struct config_jwt {
    char key_file[CONFIG_TEXT_MAX];
    char secret_file[CONFIG_TEXT_MAX];
    char issuer[CONFIG_TEXT_MAX];
    char audience[CONFIG_TEXT_MAX];
    char user_claim[64];
    char acl_claim[64];
    uint32_t leeway_s;
    uint8_t field; /* 0: password; 1: username */
    bool require_expiry;
    bool check_username;
};

/* A web server that is asked: auth/httpauth.h. */
struct config_http {
    struct config_texts url; /* several: when one is down, the next */
    struct config_texts header;
    char fields[CONFIG_TEXT_MAX];
    char cafile[CONFIG_TEXT_MAX];
    uint32_t timeout_s;
    uint32_t connections;
    uint32_t max_in_flight;
    uint32_t cache_s;
    uint8_t format; /* enum httpform_kind */
    uint8_t down;   /* 0: refuse; 1: pass */
    bool insecure;
    bool status_only;
};

/* Who may come in. Texts are empty when nothing is said. */
struct config_entry {
    uint8_t anonymous; /* enum config_anonymous */
    bool allow_zero_length_clientid;
    char auto_id_prefix[64]; /* at most 50 bytes */
    char clientid_prefixes[128];
    char password_file[CONFIG_TEXT_MAX];
    char acl_file[CONFIG_TEXT_MAX];
    char auth_order[CONFIG_TEXT_MAX]; /* "": the order there is */
    char psk_file[CONFIG_TEXT_MAX];
    char scram_file[CONFIG_TEXT_MAX];
    struct config_jwt jwt;
    struct config_http http;
};

/* How connections are encrypted: with a certificate, or with psk_hint; else
 * they are not. */
struct config_tls {
    struct config_texts certfile; /* several: chosen by the name asked for */
    struct config_texts keyfile;  /* as many, in the same order */
    char cafile[CONFIG_TEXT_MAX];
    char capath[CONFIG_TEXT_MAX];
    char crlfile[CONFIG_TEXT_MAX];
    char dhparamfile[CONFIG_TEXT_MAX];
    char ciphers[CONFIG_TEXT_MAX];
    char ciphers_tls13[CONFIG_TEXT_MAX];
    char psk_hint[CONFIG_TEXT_MAX];
    uint8_t version; /* 0: 1.2 and later; 1: 1.2 and later; 2: 1.3 */
    uint8_t keyform; /* 0: pem; 1: engine */
    bool require_certificate;
    bool use_identity_as_username;
    bool use_subject_as_username;
    uint8_t identity_from; /* which part of a certificate is the identity: as
                              enum identity_kind, less 1 */
    bool disable_client_cert_date_checks;
};

struct config_listener {
    uint16_t port;  /* 0 with a path in `host`: a Unix socket; else any free */
    uint8_t family; /* enum address_family; ADDRESS_UNIX: both */
    bool loopback;  /* this machine's own addresses, and `host` is "" */
    bool touched;   /* a key was about it */
    char host[CONFIG_TEXT_MAX]; /* name, address, path; "": everywhere */
    char interface[32];         /* "": all */
    uint8_t proxy_protocol;     /* 0: none; else its version, 1 or 2 */
    bool proxy_protocol_v2_require_tls;

    struct config_entry entry;
    struct config_tls tls;
    bool use_username_as_clientid;
    bool bind_clientid;
    uint8_t own_anonymous; /* enum config_anonymous: says more than `entry` */
    char own_auto_id_prefix[64];
    uint8_t protocols; /* of MQTT, a bit for each: 3.1, 3.1.1, 5.0 */
    uint8_t max_qos;
    uint16_t max_topic_alias;
    uint16_t max_topic_alias_broker;
    uint32_t max_connections; /* 0: no limit */
    char mount_point[CONFIG_TEXT_MAX];
};

/* The defaults, and nothing that says where it is. */
void config_listener_init(struct config_listener *listener);

/* Does it encrypt? */
bool config_listener_has_tls(const struct config_listener *listener);

/* Is `host`, at port 0, the path of a Unix socket? It is if it has a slash or
 * ends in ".sock"; else it is a name or an address, at any free port. */
bool config_host_is_path(const char *host);

/* What the core is told about it, but for what others decide: `ask` is false
 * and `acl` NULL. Whether it is open to anonymous clients must be settled. */
void config_listener_options(const struct config_listener *listener,
                             struct options_listener *out);

#endif
