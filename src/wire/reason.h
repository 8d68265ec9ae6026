/* reason.h - every reason code of MQTT 5.0 (2.4), and where each may stand. */
#ifndef MOGI_WIRE_REASON_H
#define MOGI_WIRE_REASON_H

#include "wire/packet.h"

/* A code may mean more than one thing: 0x00 is also Normal disconnection and
 * Granted QoS 0. */
enum reason {
    REASON_SUCCESS = 0x00,
    REASON_NORMAL_DISCONNECTION = 0x00,
    REASON_GRANTED_QOS_0 = 0x00,
    REASON_GRANTED_QOS_1 = 0x01,
    REASON_GRANTED_QOS_2 = 0x02,
    REASON_DISCONNECT_WITH_WILL = 0x04,
    REASON_NO_MATCHING_SUBSCRIBERS = 0x10,
    REASON_NO_SUBSCRIPTION_EXISTED = 0x11,
    REASON_CONTINUE_AUTHENTICATION = 0x18,
    REASON_RE_AUTHENTICATE = 0x19,
    REASON_UNSPECIFIED = 0x80,
    REASON_MALFORMED_PACKET = 0x81,
    REASON_PROTOCOL_ERROR = 0x82,
    REASON_IMPLEMENTATION_SPECIFIC = 0x83,
    REASON_UNSUPPORTED_VERSION = 0x84,
    REASON_CLIENT_ID_NOT_VALID = 0x85,
    REASON_BAD_CREDENTIALS = 0x86,
    REASON_NOT_AUTHORIZED = 0x87,
    REASON_SERVER_UNAVAILABLE = 0x88,
    REASON_SERVER_BUSY = 0x89,
    REASON_BANNED = 0x8a,
    REASON_SERVER_SHUTTING_DOWN = 0x8b,
    REASON_BAD_AUTHENTICATION_METHOD = 0x8c,
    REASON_KEEP_ALIVE_TIMEOUT = 0x8d,
    REASON_SESSION_TAKEN_OVER = 0x8e,
    REASON_TOPIC_FILTER_INVALID = 0x8f,
    REASON_TOPIC_NAME_INVALID = 0x90,
    REASON_PACKET_ID_IN_USE = 0x91,
    REASON_PACKET_ID_NOT_FOUND = 0x92,
    REASON_RECEIVE_MAX_EXCEEDED = 0x93,
    REASON_TOPIC_ALIAS_INVALID = 0x94,
    REASON_PACKET_TOO_LARGE = 0x95,
    REASON_MESSAGE_RATE_TOO_HIGH = 0x96,
    REASON_QUOTA_EXCEEDED = 0x97,
    REASON_ADMINISTRATIVE_ACTION = 0x98,
    REASON_PAYLOAD_FORMAT_INVALID = 0x99,
    REASON_RETAIN_NOT_SUPPORTED = 0x9a,
    REASON_QOS_NOT_SUPPORTED = 0x9b,
    REASON_USE_ANOTHER_SERVER = 0x9c,
    REASON_SERVER_MOVED = 0x9d,
    REASON_SHARED_NOT_SUPPORTED = 0x9e,
    REASON_CONNECTION_RATE_EXCEEDED = 0x9f,
    REASON_MAXIMUM_CONNECT_TIME = 0xa0,
    REASON_SUBSCRIPTION_ID_NOT_SUPPORTED = 0xa1,
    REASON_WILDCARD_NOT_SUPPORTED = 0xa2,
};

/* From this code on a reason is a failure. */
enum { REASON_FAILURE = 0x80 };

/* May `code` stand in a 5.0 packet of `type`? False for types that carry no
 * reason code. MQTT 5.0, table 2-6 */
bool reason_allowed(enum packet_type type, uint8_t code);

/* May a client send `code` in DISCONNECT? The server-only ones (0x87, 0x8b,
 * ...) are false. MQTT 5.0, 3.14.2.1 */
bool reason_disconnect_from_client(uint8_t code);

/* The CONNACK return code of 3.1 and 3.1.1, 0..5, that says what the 5.0 code
 * `code` says: 0 accepted, 1 protocol level, 2 client id, 3 unavailable, 4 bad
 * credentials, 5 not authorised. 0xff when 3.x has none: then the connection is
 * closed without a CONNACK. [MQTT3-3.2.2-6] */
uint8_t reason_connack3(uint8_t code);

/* The 5.0 code that says what CONNACK return code `code3` says; 0x80 when
 * `code3` is reserved (6..255). */
uint8_t reason_of_connack3(uint8_t code3);

/* A sentence without capital or full stop, by `type` where the code has more
 * than one meaning; "unknown reason" for an unknown code; static memory. */
const char *reason_text(enum packet_type type, uint8_t code);

#endif
