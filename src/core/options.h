/* options.h - what the operator decides about the core.
 *
 * Immutable while shards use it; a reload brings another one. Names are those
 * of mosquitto.conf where it has one. 0 means "no limit" unless said.
 */
#ifndef MOGI_CORE_OPTIONS_H
#define MOGI_CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acl;

enum {
    OPTIONS_MOUNT_MAX = 256,
    OPTIONS_PREFIX_MAX = 128,
    OPTIONS_AUTO_ID_MAX = 64
};

enum overflow { OVERFLOW_NEWEST, OVERFLOW_OLDEST };

/* A client that sends too fast is read more slowly, or is disconnected. */
enum rate_overflow { RATE_PAUSE, RATE_DISCONNECT };

/* Bits of `protocols`. */
enum { SPEAKS_31 = 1, SPEAKS_311 = 2, SPEAKS_50 = 4, SPEAKS_ALL = 7 };

/* What holds for those who come through one listener. */
struct options_listener {
    /* Someone must be asked about each client: ACTION_ASK. Without, it is let
     * in if it has an identity, or if `allow_anonymous`. */
    bool ask;
    bool allow_anonymous;

    /* The client id is the user name, whatever CONNECT says. */
    bool use_username_as_clientid;

    /* The client id, up to its first "/", must be the user name. */
    bool bind_clientid;

    uint8_t protocols;                          /* SPEAKS_... */
    uint8_t max_qos;                            /* 0..2 */
    uint16_t max_topic_alias;                   /* from clients */
    uint16_t max_topic_alias_broker;            /* to clients */
    bool allow_zero_length_clientid;            /* then the broker gives one */
    char auto_id_prefix[OPTIONS_AUTO_ID_MAX];   /* how it begins; UTF-8 */
    char clientid_prefixes[OPTIONS_PREFIX_MAX]; /* how ids begin; "": any */

    /* Stands before every topic of its clients, unseen by them. Only a restart
     * changes it. No wildcards; "": nothing. */
    char mount_point[OPTIONS_MOUNT_MAX];

    /* When its first certificate to end ends, in s since 1970; 0: it has
     * none. For $SYS. */
    int64_t certificate_until_s;

    /* What its clients may do, or NULL: everything. Lives as long as the
     * options. */
    const struct acl *acl;
};

struct options {
    /* Listeners, by index; one that is not among them has `listener`. */
    struct options_listener listener;
    const struct options_listener *listeners;
    size_t listener_count;

    /* Connections. */
    uint32_t connect_timeout_s;              /* from accept to CONNACK; > 0 */
    uint16_t max_keepalive;                  /* s; 0: clients may choose 0 */
    uint32_t persistent_client_expiration_s; /* 0: as the client says */

    /* Packets. */
    uint32_t max_packet_size;    /* bytes; announced; 0: protocol's limit */
    uint32_t message_size_limit; /* bytes of payload */
    bool retain_available;
    bool wildcard_subscriptions;
    bool shared_subscriptions;
    bool check_payload_format; /* enforce UTF-8 where it is declared */
    uint32_t max_topic_levels; /* of wildcard filters, retained topics */

    /* Flow. */
    uint16_t receive_maximum;       /* QoS > 0 from a client, > 0 */
    uint16_t max_inflight_messages; /* to a client; 0: 65535 */
    uint64_t max_inflight_bytes;
    uint32_t max_queued_messages;
    uint64_t max_queued_bytes;
    enum overflow queue_overflow;   /* what goes when a queue is full */
    uint32_t queue_memory_messages; /* of one queue that is on disk; > 0 */
    bool queue_qos0_messages;       /* also for clients that are away */
    bool upgrade_outgoing_qos;      /* deliver at the subscription's QoS */
    bool allow_duplicate_messages;  /* a copy for each subscription */
    uint32_t max_subscriptions;     /* of one client */

    /* Abuse. */
    uint32_t max_packets_per_second; /* of one client */
    uint64_t max_bytes_per_second;
    enum rate_overflow rate_overflow; /* what comes of more */
    uint32_t max_topic_bytes;         /* of topics and filters */
    uint32_t flapping_count;          /* of one client id ... */
    uint32_t flapping_window_s;       /* ... in this time; > 0 */
    uint32_t flapping_hold_s;         /* ... it is held off for so long */

    /* Retained. */
    uint32_t retained_limit; /* messages of one shard's part */
    uint64_t retained_bytes_limit;
    uint32_t retain_expiry_interval_s;
    bool check_retain_source; /* who published it must still be allowed to */

    /* $SYS. */
    uint32_t sys_interval_s; /* 0: no $SYS */

    /* Durable state: PUT and DEL are made for what must survive. */
    bool persistence;
};

/* The defaults: Mosquitto's, so that what works against it works here. */
void options_init(struct options *options);

/* Those of listener `index`. */
static inline const struct options_listener *options_of(
    const struct options *options, uint16_t index)
{
    return index < options->listener_count ? &options->listeners[index]
                                           : &options->listener;
}

#endif
