/* bounds.h - every limit of the core that is not an option, by name. */
#ifndef MOGI_CORE_BOUNDS_H
#define MOGI_CORE_BOUNDS_H

enum {
    /* Shards of one broker: a set of them is one 64-bit word. */
    SHARDS_MAX = 64,

    /* The largest packet that MQTT can say, fixed header included. */
    PACKET_BYTES_MAX = 268435455 + 5,

    /* Of a client that is not in: its texts, five of 64 KiB at most, and some
     * properties. */
    OPENING_BYTES_MAX = 512 * 1024,

    /* Output of one connection that may be with the host, unwritten, before
     * the core keeps further messages back. */
    OUTPUT_BYTES_MAX = 256 * 1024,

    /* After this much output the host is asked to say when it is written. */
    OUTPUT_NOTIFY_BYTES = 64 * 1024,

    /* Publishes of one client that wait for other shards or for the disk;
     * its connection is not read while there are more. */
    INBOUND_PENDING_MAX = 1024,

    /* Memory of QoS 0 messages that wait for one client's output. */
    WAITING_BYTES_MAX = 16 * 1024 * 1024,

    /* Payloads from this size on are sent from the shared body, not copied. */
    PAYLOAD_SHARED_BYTES = 4096,

    /* Packets that are taken together, at most. */
    RUN_BYTES_MAX = 16 * 1024,

    /* A message of at most so many bytes goes to another shard as a copy of its
     * own: to count references to one, in two threads, costs more. */
    POST_PACKED_BYTES_MAX = 1024,

    /* Payloads above this are refused while memory is short. */
    PUBLISH_BIG_BYTES = 16 * 1024,

    /* Shared subscriptions of one client, which are searched one by one. */
    MEMBERSHIPS_MAX = 1024,

    /* Members of a shared subscription that are asked, one after the other, to
     * take a message. */
    MEMBERS_ASKED_MAX = 64,

    /* Topic names that a shard remembers, at first and when more come, and how
     * long they may be. */
    HOT_TOPIC_SLOTS = 4096,
    HOT_TOPIC_SLOTS_MAX = 32768,
    HOT_TOPIC_BYTES_MAX = 256,

    /* Resolved topics that a shard remembers, likewise. */
    TOPIC_CACHE_SLOTS = 4096,
    TOPIC_CACHE_SLOTS_MAX = 32768,

    /* What clients may do with topics that a shard remembers. */
    GRANT_VERDICTS = 4096,

    /* Bytes of its three arrays that actions_clear keeps for the next turn. */
    ACTIONS_KEPT_BYTES = 4 * 1024 * 1024,

    /* Resolved topics take no more bytes than this in one shard: old ones go
     * for new ones, and one that takes a quarter of it is not remembered. */
    TOPIC_CACHE_BYTES_MAX = 64 * 1024 * 1024,

    /* How long a client of 3.x whose publish cannot be kept stays, in ms. */
    CONN_DOOM_MS = 5000,

    /* One page of a queue that is read from disk: deliveries, the bytes of
     * their messages (one more fits), and orders that are looked for. */
    PAGE_ENTRIES_MAX = 256,
    PAGE_BYTES_MAX = 256 * 1024,
    PAGE_LOOKS_MAX = 4096,

    /* Messages in one queue, when no option says less. */
    QUEUE_COUNT_MAX = 1 << 30,

    /* Bytes of messages of one queue that are in memory, with persistence. */
    QUEUE_MEMORY_BYTES_MAX = 1024 * 1024,

    /* Client ids that a shard remembers as coming too often. */
    FLAP_SLOTS = 256,

    /* Characters of one log line of the core. */
    NOTE_BYTES_MAX = 512
};

#endif
