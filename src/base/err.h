/* err.h - everything that can go wrong, in one list.
 *
 * A row is: name, MQTT 5.0 reason code (2.4), sentence for a human. Codes
 * below 0x80 that are not OK never reach the wire as an error.
 */
#ifndef MOGI_BASE_ERR_H
#define MOGI_BASE_ERR_H

#include <stdint.h>

#define ERR_LIST(X)                                                            \
    X(OK, 0x00, "success")                                                     \
    X(ERR_MORE, 0x00, "more bytes are needed")                                 \
    X(ERR_NO_MEMORY, 0x97, "out of memory")                                    \
    X(ERR_IO, 0x83, "the operating system refused")                            \
    X(ERR_UNSPECIFIED, 0x80, "unspecified error")                              \
    X(ERR_MALFORMED, 0x81, "malformed packet")                                 \
    X(ERR_PROTOCOL, 0x82, "protocol error")                                    \
    X(ERR_IMPLEMENTATION, 0x83, "implementation specific error")               \
    X(ERR_VERSION, 0x84, "unsupported protocol version")                       \
    X(ERR_CLIENT_ID, 0x85, "client identifier not valid")                      \
    X(ERR_CREDENTIALS, 0x86, "bad user name or password")                      \
    X(ERR_NOT_AUTHORIZED, 0x87, "not authorized")                              \
    X(ERR_EXPIRED, 0x87, "the authorization has expired")                      \
    X(ERR_UNAVAILABLE, 0x88, "server unavailable")                             \
    X(ERR_BUSY, 0x89, "server busy")                                           \
    X(ERR_BANNED, 0x8a, "banned")                                              \
    X(ERR_SHUTTING_DOWN, 0x8b, "server shutting down")                         \
    X(ERR_AUTH_METHOD, 0x8c, "bad authentication method")                      \
    X(ERR_KEEP_ALIVE, 0x8d, "keep alive timeout")                              \
    X(ERR_TAKEN_OVER, 0x8e, "session taken over")                              \
    X(ERR_FILTER, 0x8f, "topic filter invalid")                                \
    X(ERR_TOPIC, 0x90, "topic name invalid")                                   \
    X(ERR_ID_IN_USE, 0x91, "packet identifier in use")                         \
    X(ERR_ID_UNKNOWN, 0x92, "packet identifier not found")                     \
    X(ERR_RECEIVE_MAX, 0x93, "receive maximum exceeded")                       \
    X(ERR_ALIAS, 0x94, "topic alias invalid")                                  \
    X(ERR_TOO_LARGE, 0x95, "packet too large")                                 \
    X(ERR_RATE, 0x96, "message rate too high")                                 \
    X(ERR_QUOTA, 0x97, "quota exceeded")                                       \
    X(ERR_ADMIN, 0x98, "administrative action")                                \
    X(ERR_PAYLOAD_FORMAT, 0x99, "payload format invalid")                      \
    X(ERR_NO_RETAIN, 0x9a, "retain not supported")                             \
    X(ERR_NO_QOS, 0x9b, "QoS not supported")                                   \
    X(ERR_USE_ANOTHER, 0x9c, "use another server")                             \
    X(ERR_MOVED, 0x9d, "server moved")                                         \
    X(ERR_NO_SHARED, 0x9e, "shared subscriptions not supported")               \
    X(ERR_CONNECT_RATE, 0x9f, "connection rate exceeded")                      \
    X(ERR_CONNECT_TIME, 0xa0, "maximum connect time")                          \
    X(ERR_NO_SUBSCRIPTION_ID, 0xa1, "subscription identifiers not supported")  \
    X(ERR_NO_WILDCARD, 0xa2, "wildcard subscriptions not supported")           \
    X(ERR_CLOSED, 0x80, "the peer closed the connection")                      \
    X(ERR_CONFIG, 0x83, "the configuration is wrong")                          \
    X(ERR_FULL, 0x97, "a limit is reached")

enum err {
#define X(name, code, text) name,
    ERR_LIST(X)
#undef X
};

/* The caller must look at the result. */
#define MUST_USE __attribute__((warn_unused_result))

/* The MQTT 5.0 reason code of `e`, 0x00..0xa2. MQTT 5.0, 2.4 */
uint8_t err_code(enum err e);

/* A sentence without capital or full stop; static memory. */
const char *err_text(enum err e);

/* The C name of `e`, "ERR_MALFORMED"; static memory. */
const char *err_name(enum err e);

#endif
