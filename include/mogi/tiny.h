/* tiny.h - MQTT 3.1, 3.1.1 and 5.0 as a function: a client for any machine.
 *
 * No heap, no clock, no socket, no threads, no callbacks but an optional trace.
 * The caller owns all memory, carries bytes to and from the server, and says
 * what time it is. A session:
 *
 *     mogi_tiny_init(&t, &memory);
 *     open a socket;  mogi_tiny_connect(&t, &connect, now_ms);
 *     loop:
 *         send what mogi_tiny_output(&t) shows, say how much with
 *             mogi_tiny_sent(&t, count, now_ms);
 *         received bytes -> mogi_tiny_input(&t, &bytes, now_ms, &event), again
 *             until it gives MOGI_NOTHING; each call gives at most one event;
 *         mogi_tiny_tick(&t, now_ms), at the latest after mogi_tiny_wait_ms;
 *     the socket is gone:  mogi_tiny_closed(&t);
 *     again from "open a socket": what was not acknowledged is sent again.
 *
 *                        +--------------------+
 *     publish(), ...  -->| store: QoS 1, 2,   |--+
 *                        | kept until acked   |  |   output()
 *                        +--------------------+  +------------> socket
 *                        | out: all the rest  |--+
 *                        +--------------------+
 *     event           <--| in: one packet     |<--------------- socket
 *                        +--------------------+      input()
 *
 * A struct mogi_tiny may be used by one thread at a time. Bytes that an event
 * or mogi_tiny_output shows are valid until the next call with the same `t`.
 * C99 and C++11.
 */
#ifndef MOGI_TINY_H
#define MOGI_TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What can go wrong, and what to do. */
#define MOGI_ERROR_LIST(X)                                                     \
    X(MOGI_OK, "success")                                                      \
    X(MOGI_ERROR_FULL, "no room at the moment: send output, or wait for "      \
                       "acknowledgements")                                     \
    X(MOGI_ERROR_TOO_LARGE, "the packet is larger than the server or the "     \
                            "memory allows")                                   \
    X(MOGI_ERROR_ARGUMENT, "an argument is not valid")                         \
    X(MOGI_ERROR_STATE, "there is no connection for this")                     \
    X(MOGI_ERROR_UNSUPPORTED, "the server does not offer this")                \
    X(MOGI_ERROR_PROTOCOL, "the server broke the rules of MQTT")               \
    X(MOGI_ERROR_KEEP_ALIVE, "the server does not answer")                     \
    X(MOGI_ERROR_MEMORY, "out of memory")                                      \
    X(MOGI_ERROR_HOST, "the host name is not known")                           \
    X(MOGI_ERROR_NETWORK, "the network or the operating system refused")       \
    X(MOGI_ERROR_TIMEOUT, "there was no answer in time")                       \
    X(MOGI_ERROR_CLOSED, "the server closed the connection")                   \
    X(MOGI_ERROR_TLS, "TLS cannot be agreed on")

enum mogi_error {
#define X(name, text) name,
    MOGI_ERROR_LIST(X)
#undef X
};

/* A sentence without capital or full stop; static memory. */
const char *mogi_error_text(enum mogi_error e);

/* A borrowed run of bytes. */
struct mogi_bytes {
    const uint8_t *data; /* may be NULL when size is 0 */
    size_t size;
};

/* A view of a C string, without its NUL; NULL gives no bytes. */
static inline struct mogi_bytes mogi_text(const char *text)
{
    struct mogi_bytes b;
    b.data = (const uint8_t *)text;
    b.size = text == NULL ? 0 : strlen(text);
    return b;
}

/* --- properties, 5.0 only. MQTT 5.0, 2.2.2 ------------------------------- */

/* The identifiers, and how each value is written: as a number, as text (or any
 * bytes), or as a pair of texts. */
enum mogi_property_id {
    MOGI_PAYLOAD_FORMAT = 0x01,            /* number 0..1 */
    MOGI_MESSAGE_EXPIRY = 0x02,            /* number, seconds */
    MOGI_CONTENT_TYPE = 0x03,              /* text */
    MOGI_RESPONSE_TOPIC = 0x08,            /* text */
    MOGI_CORRELATION_DATA = 0x09,          /* bytes */
    MOGI_SUBSCRIPTION_ID = 0x0b,           /* number 1..268,435,455 */
    MOGI_SESSION_EXPIRY = 0x11,            /* number, seconds */
    MOGI_ASSIGNED_CLIENT_ID = 0x12,        /* text */
    MOGI_SERVER_KEEP_ALIVE = 0x13,         /* number, seconds */
    MOGI_AUTH_METHOD = 0x15,               /* text */
    MOGI_AUTH_DATA = 0x16,                 /* bytes */
    MOGI_REQUEST_PROBLEM_INFO = 0x17,      /* number 0..1 */
    MOGI_WILL_DELAY = 0x18,                /* number, seconds */
    MOGI_REQUEST_RESPONSE_INFO = 0x19,     /* number 0..1 */
    MOGI_RESPONSE_INFO = 0x1a,             /* text */
    MOGI_SERVER_REFERENCE = 0x1c,          /* text */
    MOGI_REASON_STRING = 0x1f,             /* text */
    MOGI_RECEIVE_MAX = 0x21,               /* number 1..65,535 */
    MOGI_TOPIC_ALIAS_MAX = 0x22,           /* number */
    MOGI_TOPIC_ALIAS = 0x23,               /* number 1..65,535 */
    MOGI_MAXIMUM_QOS = 0x24,               /* number 0..1 */
    MOGI_RETAIN_AVAILABLE = 0x25,          /* number 0..1 */
    MOGI_USER_PROPERTY = 0x26,             /* pair */
    MOGI_PACKET_SIZE_MAX = 0x27,           /* number, bytes */
    MOGI_WILDCARD_AVAILABLE = 0x28,        /* number 0..1 */
    MOGI_SUBSCRIPTION_ID_AVAILABLE = 0x29, /* number 0..1 */
    MOGI_SHARED_AVAILABLE = 0x2a           /* number 0..1 */
};

/* A region of properties in the caller's memory, to be filled by mogi_put_*. */
struct mogi_properties {
    uint8_t *data;
    size_t size; /* bytes of memory */
    size_t used; /* bytes filled */
};

/* Start an empty region in `size` bytes at `data`. */
static inline struct mogi_properties mogi_properties_in(void *data, size_t size)
{
    struct mogi_properties p;
    p.data = (uint8_t *)data;
    p.size = size;
    p.used = 0;
    return p;
}

/* What was put, for the `properties` member of a packet. */
static inline struct mogi_bytes mogi_properties_bytes(
    const struct mogi_properties *p)
{
    struct mogi_bytes b;
    b.data = p->data;
    b.size = p->used;
    return b;
}

/* Append one property.
 *
 * MOGI_OK, or
 * MOGI_ERROR_ARGUMENT   `id` does not take this kind of value, or the value is
 *                       out of its range or over 65,535 bytes
 * MOGI_ERROR_TOO_LARGE  the region's memory is used up */
enum mogi_error mogi_put_number(struct mogi_properties *p,
                                enum mogi_property_id id, uint32_t value);
enum mogi_error mogi_put_text(struct mogi_properties *p,
                              enum mogi_property_id id, struct mogi_bytes text);
enum mogi_error mogi_put_user(struct mogi_properties *p, struct mogi_bytes key,
                              struct mogi_bytes value);

struct mogi_property {
    enum mogi_property_id id;
    uint32_t number;        /* 0 when the value is no number */
    struct mogi_bytes key;  /* of a pair */
    struct mogi_bytes text; /* text, bytes, or the value of a pair */
};

/* Take the first property off `*region` (the `properties` of an event); false
 * when there is none left. */
bool mogi_property_next(struct mogi_bytes *region, struct mogi_property *p);

/* Find the first property `id`; false, and `p` untouched, when absent. */
bool mogi_property_find(struct mogi_bytes region, enum mogi_property_id id,
                        struct mogi_property *p);

/* --- what is sent and what comes back ------------------------------------ */

enum mogi_version { MOGI_MQTT_31 = 3, MOGI_MQTT_311 = 4, MOGI_MQTT_50 = 5 };

struct mogi_message {
    struct mogi_bytes topic;
    struct mogi_bytes payload;
    struct mogi_bytes properties; /* 5.0; ignored before */
    uint16_t packet_id;           /* only of received ones; 0 with QoS 0 */
    uint8_t qos;                  /* 0..2 */
    bool retain;
    bool dup; /* only of received ones */
};

struct mogi_connect {
    enum mogi_version version;
    bool clean_start; /* "clean session" before 5.0 */
    bool has_user_name;
    bool has_password;
    uint16_t keep_alive_s; /* 0: no keep alive */
    struct mogi_bytes client_id;
    struct mogi_bytes user_name;
    struct mogi_bytes password;
    const struct mogi_message *will; /* NULL: none; payload <= 65,535 bytes */
    struct mogi_bytes properties;    /* 5.0. Receive Maximum and Maximum Packet
                                        Size are added when they are absent */
    uint32_t packet_size_max;        /* largest packet taken, told to a 5.0
                                        server: 0: the size of the `in` memory;
                                        UINT32_MAX: any, `in` will grow */
};

struct mogi_filter {
    struct mogi_bytes filter;
    uint8_t qos;
    bool no_local;            /* 5.0 */
    bool retain_as_published; /* 5.0 */
    uint8_t retain_handling;  /* 5.0: 0 send, 1 only if new, 2 do not send */
};

enum mogi_event_kind {
    MOGI_NOTHING = 0,
    MOGI_CONNECTED,    /* session_present, properties */
    MOGI_REFUSED,      /* reason, properties; close the socket */
    MOGI_MESSAGE,      /* message */
    MOGI_PUBLISHED,    /* packet_id, reason: a QoS 1, 2 message is settled */
    MOGI_SUBSCRIBED,   /* packet_id, reasons (one byte a filter), properties */
    MOGI_UNSUBSCRIBED, /* packet_id, reasons (5.0 only), properties */
    MOGI_DISCONNECTED, /* reason, properties; close the socket */
    MOGI_LOST          /* of client.h: the connection broke; see wait_ms */
};

struct mogi_event {
    enum mogi_event_kind kind;
    uint8_t reason; /* 5.0: reason code. Before: CONNACK's return code */
    bool session_present;
    uint16_t packet_id;
    uint32_t wait_ms;      /* MOGI_LOST: until the next try; UINT32_MAX: none */
    enum mogi_error error; /* MOGI_LOST: why */
    size_t size_needed;    /* with MOGI_ERROR_TOO_LARGE of mogi_tiny_input */
    struct mogi_bytes reasons;
    struct mogi_bytes properties;
    struct mogi_message message;
};

/* --- the engine ---------------------------------------------------------- */

/* One message, subscription or unsubscription under way; private. */
struct mogi_tiny_slot {
    uint32_t offset; /* in the store */
    uint32_t size;
    uint32_t sent; /* bytes already given to the socket */
    uint32_t mark; /* leaves when this many bytes of `out` have left */
    uint16_t packet_id;
    uint16_t filter_count;
    uint8_t state;
};

/* The caller's memory. Nothing is aligned but slots and received. */
struct mogi_tiny_memory {
    uint8_t *in; /* >= 16: gathers a packet that comes in pieces */
    size_t in_size;
    uint8_t *out; /* >= 64: packets not yet sent, but for QoS 1 and 2 */
    size_t out_size;
    uint8_t *store; /* QoS 1 and 2 packets, until acknowledged */
    size_t store_size;
    struct mogi_tiny_slot *slots; /* one for each thing under way */
    size_t slot_count;
    uint16_t *received; /* ids of QoS 2 messages not yet released: this many
                           is told to a 5.0 server as Receive Maximum */
    size_t received_count;
    uint8_t *aliases; /* topics the server gave aliases to; may be NULL */
    size_t aliases_size;
};

/* See every packet, whole: sent ones when they are queued, received ones before
 * they are acted on. */
typedef void (*mogi_trace)(void *context, bool sent, struct mogi_bytes packet);

/* All members are private. */
struct mogi_tiny {
    struct mogi_tiny_memory memory;
    mogi_trace trace;
    void *trace_context;
    size_t in_used;
    size_t in_wanted; /* size of the packet in `in`; 0: not known yet */
    size_t out_first;
    size_t out_end;
    uint32_t out_sent_total; /* bytes of `out` that ever left; wraps */
    size_t slot_first;
    size_t slot_end;
    size_t slot_next; /* first that may still wait for its turn */
    size_t slot_send; /* first that may be leaving now */
    size_t refused_count;
    size_t store_end;
    size_t received_used;
    size_t aliases_used;
    uint32_t packet_size_max;        /* ours */
    uint32_t server_packet_size_max; /* theirs */
    uint32_t window_used;            /* of server_receive_max */
    uint32_t last_in_ms;
    uint32_t last_out_ms;
    uint32_t ping_ms;
    uint16_t server_receive_max;
    uint16_t server_alias_max;
    uint16_t alias_max; /* ours */
    uint16_t keep_alive_s;
    uint16_t last_id;
    uint8_t version;
    uint8_t state;
    uint8_t server_qos_max;
    bool clean_start;
    bool server_retain;
    bool ping_sent;
};

/* Start without connection, session or anything under way. `memory` is copied,
 * what it points to stays the caller's: in_size >= 16, out_size >= 64,
 * slot_count <= 65,535. To end, forget `t` and free that. */
void mogi_tiny_init(struct mogi_tiny *t, const struct mogi_tiny_memory *memory);

/* Have `trace` see every packet; NULL: stop. */
void mogi_tiny_trace(struct mogi_tiny *t, mogi_trace trace, void *context);

/* The caller moved the memory, contents and all: none of the parts may have
 * shrunk. How a caller with a heap lets parts grow. */
void mogi_tiny_move(struct mogi_tiny *t, const struct mogi_tiny_memory *memory);

/* Queue CONNECT as the first packet of a new connection. Everything that `c`
 * holds is borrowed for the call. What an earlier connection left without an
 * acknowledgement stays, and is sent again once the server accepts.
 *
 * MOGI_OK, or
 * MOGI_ERROR_STATE      a connection is up already: mogi_tiny_closed first
 * MOGI_ERROR_ARGUMENT   a property that cannot stand there, a bad will, a field
 *                       over 65,535 bytes, a password without user name before
 *                       5.0
 * MOGI_ERROR_TOO_LARGE  the packet is larger than the `out` memory, or the
 *                       properties than `in` */
enum mogi_error mogi_tiny_connect(struct mogi_tiny *t,
                                  const struct mogi_connect *c,
                                  uint32_t now_ms);

/* Queue a message.
 *
 *   packet_id  receives what MOGI_PUBLISHED will name; 0 for QoS 0. May be NULL
 *
 * QoS 0 needs a connection and is forgotten once it has left. QoS 1 and 2 are
 * copied into the store, wait for a connection and for room in the server's
 * Receive Maximum [MQTT-3.3.4-9], and are sent again, in order and marked DUP,
 * on every new connection until they are settled. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
 *
 * MOGI_OK, or
 * MOGI_ERROR_FULL         no slot, store or out memory is free now
 * MOGI_ERROR_TOO_LARGE    will never fit the memory, or is over the server's
 *                         Maximum Packet Size [MQTT-3.2.2-15]
 * MOGI_ERROR_ARGUMENT     the topic is not valid; an empty one is, with QoS 0
 *                         and a Topic Alias; or a bad property
 * MOGI_ERROR_UNSUPPORTED  QoS, retain or alias over what the server told
 *                         [MQTT-3.2.2-11] [MQTT-3.2.2-14] [MQTT-3.2.2-17]
 * MOGI_ERROR_STATE        QoS 0 without connection */
enum mogi_error mogi_tiny_publish(struct mogi_tiny *t,
                                  const struct mogi_message *m,
                                  uint16_t *packet_id);

/* Queue SUBSCRIBE with `count` filters, 1..65,535; MOGI_SUBSCRIBED answers. A
 * lost connection forgets it.
 *
 *   properties  5.0: Subscription Identifier, User; else none
 *   packet_id   receives what MOGI_SUBSCRIBED will name; may be NULL
 *
 * MOGI_OK, or
 * MOGI_ERROR_STATE      there is no connection
 * MOGI_ERROR_ARGUMENT   no filter, one that is not valid, or a bad property
 * MOGI_ERROR_FULL, MOGI_ERROR_TOO_LARGE  as above */
enum mogi_error mogi_tiny_subscribe(struct mogi_tiny *t,
                                    const struct mogi_filter *filters,
                                    size_t count, struct mogi_bytes properties,
                                    uint16_t *packet_id);

/* Queue UNSUBSCRIBE; MOGI_UNSUBSCRIBED answers. As above. */
enum mogi_error mogi_tiny_unsubscribe(struct mogi_tiny *t,
                                      const struct mogi_bytes *filters,
                                      size_t count,
                                      struct mogi_bytes properties,
                                      uint16_t *packet_id);

/* Queue PINGREQ now; mogi_tiny_tick does so by itself when it is time.
 *
 * MOGI_OK, also when one is under way already, MOGI_ERROR_STATE,
 * MOGI_ERROR_FULL */
enum mogi_error mogi_tiny_ping(struct mogi_tiny *t, uint32_t now_ms);

/* Queue DISCONNECT: the last packet; messages that have not begun to leave
 * wait for the next connection. Send the output, then close the socket.
 *
 *   reason      5.0: 0x00, 0x04 (publish the will), or 0x80 and above
 *   properties  5.0: Session Expiry, Reason String, User
 *
 * MOGI_OK, MOGI_ERROR_STATE, MOGI_ERROR_ARGUMENT, MOGI_ERROR_FULL */
enum mogi_error mogi_tiny_disconnect(struct mogi_tiny *t, uint8_t reason,
                                     struct mogi_bytes properties);

/* Take bytes that the server sent.
 *
 *   in     what was taken is cut off at its front: all, when the event is
 *          MOGI_NOTHING; else call again
 *   event  what happened; its bytes may point into *in
 *
 * MOGI_OK, or
 * MOGI_ERROR_FULL        `out` has no room for an answer: send output, repeat
 * MOGI_ERROR_TOO_LARGE   the packet does not fit `in`: mogi_tiny_move to one of
 *                        event->size_needed bytes and repeat, or give up
 * MOGI_ERROR_PROTOCOL    the server broke a rule; 5.0: DISCONNECT with
 *                        event->reason is queued. Send the output, close
 * MOGI_ERROR_STATE       there is no connection */
enum mogi_error mogi_tiny_input(struct mogi_tiny *t, struct mogi_bytes *in,
                                uint32_t now_ms, struct mogi_event *event);

/* The next bytes for the server; size 0 when there are none. */
struct mogi_bytes mogi_tiny_output(struct mogi_tiny *t);

/* The first `count` bytes of mogi_tiny_output have left. */
void mogi_tiny_sent(struct mogi_tiny *t, size_t count, uint32_t now_ms);

/* Time passes: queues PINGREQ when nothing was heard or said for the keep
 * alive. `now_ms` may wrap around.
 *
 * MOGI_OK, or MOGI_ERROR_KEEP_ALIVE: a PINGREQ was not answered for as long
 * again; close the socket. */
enum mogi_error mogi_tiny_tick(struct mogi_tiny *t, uint32_t now_ms);

/* Milliseconds until mogi_tiny_tick has something to do; UINT32_MAX: nothing.
 */
uint32_t mogi_tiny_wait_ms(const struct mogi_tiny *t, uint32_t now_ms);

/* The socket is closed, by whomever. Forgets unsent output and pending
 * subscriptions; keeps QoS 1 and 2 messages. */
void mogi_tiny_closed(struct mogi_tiny *t);

/* Has the server accepted, and did neither side disconnect? */
bool mogi_tiny_is_connected(const struct mogi_tiny *t);

/* QoS 1 and 2 messages not settled yet, subscriptions not yet answered. */
size_t mogi_tiny_unsettled(const struct mogi_tiny *t);

#ifdef __cplusplus
}
#endif
#endif
