/* options.h - what the operator decides about the core.
 *
 * Immutable while shards use it; a reload brings another one. Names are those
 * of mosquitto.conf where it has one. 0 means "no limit" unless said.
 */
#ifndef MOGI_CORE_OPTIONS_H
#define MOGI_CORE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum overflow { OVERFLOW_NEWEST, OVERFLOW_OLDEST };

struct options {
    /* Connections. */
    bool allow_anonymous;       /* else everybody is refused */
    uint32_t connect_timeout_s; /* from accept to CONNECT; > 0 */
    uint16_t max_keepalive;     /* s; 0: clients may choose 0 */
    bool allow_zero_length_clientid;
    char auto_id_prefix[64];
    uint32_t persistent_client_expiration_s; /* 0: as the client says */

    /* Packets. */
    uint32_t max_packet_size;        /* bytes; announced; 0: protocol's limit */
    uint32_t message_size_limit;     /* bytes of payload */
    uint16_t max_topic_alias;        /* from clients */
    uint16_t max_topic_alias_broker; /* to clients */
    uint8_t max_qos;                 /* 0..2 */
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
    enum overflow queue_overflow;  /* what goes when a queue is full */
    bool queue_qos0_messages;      /* also for clients that are away */
    bool upgrade_outgoing_qos;     /* deliver at the subscription's QoS */
    bool allow_duplicate_messages; /* a copy for each subscription */
    uint32_t max_subscriptions;    /* of one client */

    /* Retained. */
    uint32_t retained_limit; /* messages of one shard's part */
    uint32_t retain_expiry_interval_s;

    /* $SYS. */
    uint32_t sys_interval_s; /* 0: no $SYS */

    /* Durable state: PUT and DEL are made for what must survive. */
    bool persistence;
};

/* The defaults: Mosquitto's, so that what works against it works here. */
void options_init(struct options *options);

#endif
