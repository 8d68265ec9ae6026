/* properties.h - the properties of MQTT 5.0 packets. MQTT 5.0, 2.2.2
 *
 *     [ length: 1..4 bytes ][ id | value ][ id | value ] ...
 *                            <--------- region --------->
 *
 * One table says everything about a property. On the wire they travel as a
 * region; a decoder checks it whole, once, and leaves a `struct properties`
 * with the values and a view of the region. An encoder copies a region, which
 * the caller built with property_write_* in the order it likes:
 *
 *     uint8_t space[64];
 *     struct writer w = writer_at(space, sizeof space);
 *     property_write_number(&w, PROPERTY_TOPIC_ALIAS_MAX, 10);
 *     property_write_user(&w, key, value);
 *     connack.properties = properties_of(writer_bytes(&w));
 *
 * Everything is borrowed: views point into the packet or the caller's space.
 */
#ifndef MOGI_WIRE_PROPERTIES_H
#define MOGI_WIRE_PROPERTIES_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"
#include "wire/packet.h"

/* How a value is written. MQTT 5.0, 1.5 */
enum property_kind {
    PROPERTY_KIND_NONE = 0, /* no such property */
    PROPERTY_KIND_U8,
    PROPERTY_KIND_U16,
    PROPERTY_KIND_U32,
    PROPERTY_KIND_VARINT,
    PROPERTY_KIND_BINARY,
    PROPERTY_KIND_STRING,
    PROPERTY_KIND_PAIR,
};

/* Sets of packets: a bit per packet type. The will's properties, a region of
 * their own inside CONNECT, take the bit of the type that does not exist. */
enum { PROPERTIES_WILL = PACKET_NONE };

#define IN_WILL        (1u << PROPERTIES_WILL)
#define IN_CONNECT     (1u << PACKET_CONNECT)
#define IN_CONNACK     (1u << PACKET_CONNACK)
#define IN_PUBLISH     (1u << PACKET_PUBLISH)
#define IN_SUBSCRIBE   (1u << PACKET_SUBSCRIBE)
#define IN_SUBACK      (1u << PACKET_SUBACK)
#define IN_UNSUBSCRIBE (1u << PACKET_UNSUBSCRIBE)
#define IN_UNSUBACK    (1u << PACKET_UNSUBACK)
#define IN_DISCONNECT  (1u << PACKET_DISCONNECT)
#define IN_AUTH        (1u << PACKET_AUTH)
#define IN_ACK                                                                 \
    (1u << PACKET_PUBACK | 1u << PACKET_PUBREC | 1u << PACKET_PUBREL |         \
     1u << PACKET_PUBCOMP)
#define IN_MESSAGE (IN_PUBLISH | IN_WILL)
#define IN_OPENING (IN_CONNECT | IN_CONNACK)
#define IN_ANSWER                                                              \
    (IN_CONNACK | IN_ACK | IN_SUBACK | IN_UNSUBACK | IN_DISCONNECT | IN_AUTH)
#define IN_ALL                                                                 \
    (IN_MESSAGE | IN_OPENING | IN_ANSWER | IN_SUBSCRIBE | IN_UNSUBSCRIBE)

/* MQTT 5.0, table 2-4: name, id, kind, packets, lowest and highest value of a
 * number, member of struct properties. All but USER and (in PUBLISH)
 * SUBSCRIPTION_ID may stand only once. */
#define PROPERTY_LIST(X)                                                       \
    X(PAYLOAD_FORMAT, 0x01, U8, IN_MESSAGE, 0, 1, payload_format)              \
    X(MESSAGE_EXPIRY, 0x02, U32, IN_MESSAGE, 0, UINT32_MAX, message_expiry_s)  \
    X(CONTENT_TYPE, 0x03, STRING, IN_MESSAGE, 0, 0, content_type)              \
    X(RESPONSE_TOPIC, 0x08, STRING, IN_MESSAGE, 0, 0, response_topic)          \
    X(CORRELATION_DATA, 0x09, BINARY, IN_MESSAGE, 0, 0, correlation_data)      \
    X(SUBSCRIPTION_ID, 0x0b, VARINT, IN_PUBLISH | IN_SUBSCRIBE, 1, VARINT_MAX, \
      subscription_id)                                                         \
    X(SESSION_EXPIRY, 0x11, U32, IN_OPENING | IN_DISCONNECT, 0, UINT32_MAX,    \
      session_expiry_s)                                                        \
    X(ASSIGNED_CLIENT_ID, 0x12, STRING, IN_CONNACK, 0, 0, assigned_client_id)  \
    X(SERVER_KEEP_ALIVE, 0x13, U16, IN_CONNACK, 0, UINT16_MAX,                 \
      server_keep_alive_s)                                                     \
    X(AUTH_METHOD, 0x15, STRING, IN_OPENING | IN_AUTH, 0, 0, auth_method)      \
    X(AUTH_DATA, 0x16, BINARY, IN_OPENING | IN_AUTH, 0, 0, auth_data)          \
    X(REQUEST_PROBLEM_INFO, 0x17, U8, IN_CONNECT, 0, 1, request_problem_info)  \
    X(WILL_DELAY, 0x18, U32, IN_WILL, 0, UINT32_MAX, will_delay_s)             \
    X(REQUEST_RESPONSE_INFO, 0x19, U8, IN_CONNECT, 0, 1,                       \
      request_response_info)                                                   \
    X(RESPONSE_INFO, 0x1a, STRING, IN_CONNACK, 0, 0, response_info)            \
    X(SERVER_REFERENCE, 0x1c, STRING, IN_CONNACK | IN_DISCONNECT, 0, 0,        \
      server_reference)                                                        \
    X(REASON_STRING, 0x1f, STRING, IN_ANSWER, 0, 0, reason_string)             \
    X(RECEIVE_MAX, 0x21, U16, IN_OPENING, 1, UINT16_MAX, receive_max)          \
    X(TOPIC_ALIAS_MAX, 0x22, U16, IN_OPENING, 0, UINT16_MAX, topic_alias_max)  \
    X(TOPIC_ALIAS, 0x23, U16, IN_PUBLISH, 1, UINT16_MAX, topic_alias)          \
    X(MAXIMUM_QOS, 0x24, U8, IN_CONNACK, 0, 1, maximum_qos)                    \
    X(RETAIN_AVAILABLE, 0x25, U8, IN_CONNACK, 0, 1, retain_available)          \
    X(USER, 0x26, PAIR, IN_ALL, 0, 0, user)                                    \
    X(PACKET_SIZE_MAX, 0x27, U32, IN_OPENING, 1, UINT32_MAX, packet_size_max)  \
    X(WILDCARD_AVAILABLE, 0x28, U8, IN_CONNACK, 0, 1, wildcard_available)      \
    X(SUBSCRIPTION_ID_AVAILABLE, 0x29, U8, IN_CONNACK, 0, 1,                   \
      subscription_id_available)                                               \
    X(SHARED_AVAILABLE, 0x2a, U8, IN_CONNACK, 0, 1, shared_available)

enum property_id {
#define X(name, id, kind, packets, low, high, member) PROPERTY_##name = id,
    PROPERTY_LIST(X)
#undef X
};

enum { PROPERTY_ID_MAX = 0x2a };

/* The values of one region. A member whose property is absent holds the
 * standard's default: receive_max 65,535, request_problem_info 1, maximum_qos
 * 2, *_available 1, packet_size_max UINT32_MAX (no limit), all others 0 or
 * empty. Encoders look at `raw` alone. */
struct properties {
    struct bytes raw; /* the region, without its length */
    uint64_t present; /* bit per property id; see properties_has */
    size_t user_count;
    size_t subscription_id_count;
    struct bytes user;        /* part of raw, from the first user property on */
    uint32_t subscription_id; /* the first */
    uint32_t payload_format;
    uint32_t message_expiry_s;
    uint32_t session_expiry_s;
    uint32_t will_delay_s;
    uint32_t server_keep_alive_s;
    uint32_t request_problem_info;
    uint32_t request_response_info;
    uint32_t receive_max;
    uint32_t topic_alias_max;
    uint32_t topic_alias;
    uint32_t maximum_qos;
    uint32_t retain_available;
    uint32_t packet_size_max;
    uint32_t wildcard_available;
    uint32_t subscription_id_available;
    uint32_t shared_available;
    struct bytes content_type;
    struct bytes response_topic;
    struct bytes correlation_data;
    struct bytes assigned_client_id;
    struct bytes auth_method;
    struct bytes auth_data;
    struct bytes response_info;
    struct bytes server_reference;
    struct bytes reason_string;
};

/* All absent. */
extern const struct properties PROPERTIES_NONE;

/* Did the region hold the property `id`? */
static inline bool properties_has(const struct properties *p,
                                  enum property_id id)
{
    return (p->present >> id & 1) != 0;
}

/* PROPERTIES_NONE but for `raw`: what an encoder wants. */
struct properties properties_of(struct bytes raw);

/* Read a length and a region that stands in a packet of type `where`, or
 * PROPERTIES_WILL. Linear in the region's size; a length of 0 costs nothing.
 *
 * OK, or
 * ERR_MALFORMED  cut short, ill-formed text, an unknown id, or a property that
 *                may not stand in this packet (2.2.2.2 calls both malformed)
 * ERR_PROTOCOL   one that may stand once stands twice; a number outside its
 *                range; a Response Topic that is empty or has a wildcard
 *                [MQTT-3.3.2-14]; Authentication Data without a Method
 * ERR_ALIAS      a Topic Alias of 0 [MQTT-3.3.2-8] */
MUST_USE
enum err properties_decode(struct reader *r, unsigned where,
                           struct properties *p);

/* The same for a region without its length; longer than VARINT_MAX, it is
 * ERR_MALFORMED. */
MUST_USE
enum err properties_check(struct bytes region, unsigned where,
                          struct properties *p);

/* The size of a region of `region_size` bytes with its length before it. */
size_t properties_size(size_t region_size);

/* Write the length and the region. */
void properties_write(struct writer *w, struct bytes region);

/* One property of a region. */
struct property {
    enum property_id id;
    uint32_t number;   /* of U8, U16, U32, VARINT; else 0 */
    struct bytes key;  /* of PAIR; else empty */
    struct bytes text; /* of BINARY and STRING, and the value of PAIR */
};

/* Walk a region, in its order:
 *
 *     struct reader at = reader_of(p->raw);
 *     while (property_next(&at, &property)) ...
 *
 * False at the end, or with at->failed at what cannot be read: never in a
 * region that properties_decode let through. */
bool property_next(struct reader *at, struct property *property);

/* As property_next, but gives only those with `id`: PROPERTY_USER over p->user,
 * PROPERTY_SUBSCRIPTION_ID over p->raw. */
bool property_next_of(struct reader *at, enum property_id id,
                      struct property *property);

/* The kind of `id`, any number; PROPERTY_KIND_NONE when there is no such. */
enum property_kind property_kind(uint32_t id);

/* May the property `id` stand in `where` (packet type or PROPERTIES_WILL)? */
bool property_allowed(enum property_id id, unsigned where);

/* Append one property. The kind of `id` must be the function's: a number (U8,
 * U16, U32, VARINT; the value must fit), text (BINARY, STRING; 65,535 bytes at
 * most, else `w` fails), or USER. */
void property_write_number(struct writer *w, enum property_id id,
                           uint32_t value);
void property_write_text(struct writer *w, enum property_id id,
                         struct bytes text);
void property_write_user(struct writer *w, struct bytes key,
                         struct bytes value);

/* The same for BINARY and STRING. */
static inline size_t property_text_size(struct bytes text)
{
    return 1 + 2 + text.size;
}

/* The same for a user property. */
static inline size_t property_user_size(struct bytes key, struct bytes value)
{
    return 1 + 2 + key.size + 2 + value.size;
}

/* What a server must pass on unchanged and in order from a PUBLISH or a will to
 * the subscribers: Payload Format, Content Type, Response Topic, Correlation
 * Data, User. What it does not: Message Expiry (counted down), Topic Alias,
 * Subscription Identifiers, Will Delay. [MQTT-3.3.2-4] [MQTT-3.3.2-15]
 * [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] */
size_t properties_forward_size(const struct properties *p);

/* Write those, properties_forward_size bytes, as a region without its length.
 * `p` comes from properties_decode. One memcpy when all pass. */
void properties_forward_write(const struct properties *p, struct writer *w);

#endif
