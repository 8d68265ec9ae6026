/* reason.c - the table of reason codes. MQTT 5.0, 2.4 */
#include "wire/reason.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#define CONNACK    (1u << PACKET_CONNACK)
#define PUBLISHED  (1u << PACKET_PUBACK | 1u << PACKET_PUBREC)
#define RELEASED   (1u << PACKET_PUBREL | 1u << PACKET_PUBCOMP)
#define SUBACK     (1u << PACKET_SUBACK)
#define UNSUBACK   (1u << PACKET_UNSUBACK)
#define DISCONNECT (1u << PACKET_DISCONNECT)
#define AUTH       (1u << PACKET_AUTH)
#define FILTERED   (SUBACK | UNSUBACK)
#define EITHER     (CONNACK | DISCONNECT)

struct row {
    uint16_t packets;
    bool client; /* a client may send it in DISCONNECT */
    const char *text;
};

/* Indexed by code; a row without packets is no code. */
static const struct row ROWS[256] = {
    [0x00] = {EITHER | PUBLISHED | RELEASED | FILTERED | AUTH, true, "success"},
    [0x01] = {SUBACK, false, "granted QoS 1"},
    [0x02] = {SUBACK, false, "granted QoS 2"},
    [0x04] = {DISCONNECT, true, "disconnect with will message"},
    [0x10] = {PUBLISHED, false, "no matching subscribers"},
    [0x11] = {UNSUBACK, false, "no subscription existed"},
    [0x18] = {AUTH, false, "continue authentication"},
    [0x19] = {AUTH, false, "re-authenticate"},
    [0x80] = {EITHER | PUBLISHED | FILTERED, true, "unspecified error"},
    [0x81] = {EITHER, true, "malformed packet"},
    [0x82] = {EITHER, true, "protocol error"},
    [0x83] = {EITHER | PUBLISHED | FILTERED, true,
              "implementation specific error"},
    [0x84] = {CONNACK, false, "unsupported protocol version"},
    [0x85] = {CONNACK, false, "client identifier not valid"},
    [0x86] = {CONNACK, false, "bad user name or password"},
    [0x87] = {EITHER | PUBLISHED | FILTERED, false, "not authorized"},
    [0x88] = {CONNACK, false, "server unavailable"},
    [0x89] = {EITHER, false, "server busy"},
    [0x8a] = {CONNACK, false, "banned"},
    [0x8b] = {DISCONNECT, false, "server shutting down"},
    [0x8c] = {EITHER, false, "bad authentication method"},
    [0x8d] = {DISCONNECT, false, "keep alive timeout"},
    [0x8e] = {DISCONNECT, false, "session taken over"},
    [0x8f] = {FILTERED | DISCONNECT, false, "topic filter invalid"},
    [0x90] = {EITHER | PUBLISHED, true, "topic name invalid"},
    [0x91] = {PUBLISHED | FILTERED, false, "packet identifier in use"},
    [0x92] = {RELEASED, false, "packet identifier not found"},
    [0x93] = {DISCONNECT, true, "receive maximum exceeded"},
    [0x94] = {DISCONNECT, true, "topic alias invalid"},
    [0x95] = {EITHER, true, "packet too large"},
    [0x96] = {DISCONNECT, true, "message rate too high"},
    [0x97] = {EITHER | PUBLISHED | SUBACK, true, "quota exceeded"},
    [0x98] = {DISCONNECT, true, "administrative action"},
    [0x99] = {EITHER | PUBLISHED, true, "payload format invalid"},
    [0x9a] = {EITHER, false, "retain not supported"},
    [0x9b] = {EITHER, false, "QoS not supported"},
    [0x9c] = {EITHER, false, "use another server"},
    [0x9d] = {EITHER, false, "server moved"},
    [0x9e] = {SUBACK | DISCONNECT, false, "shared subscriptions not supported"},
    [0x9f] = {EITHER, false, "connection rate exceeded"},
    [0xa0] = {DISCONNECT, false, "maximum connect time"},
    [0xa1] = {SUBACK | DISCONNECT, false,
              "subscription identifiers not supported"},
    [0xa2] = {SUBACK | DISCONNECT, false,
              "wildcard subscriptions not supported"},
};

bool reason_allowed(enum packet_type type, uint8_t code)
{
    assert(type >= PACKET_CONNECT && type <= PACKET_AUTH);
    return (ROWS[code].packets >> type & 1) != 0;
}

bool reason_disconnect_from_client(uint8_t code)
{
    const struct row *row = &ROWS[code];
    assert(!row->client || (row->packets & DISCONNECT) != 0);
    return row->client;
}

uint8_t reason_connack3(uint8_t code)
{
    switch (code) {
    case REASON_SUCCESS: return 0;
    case REASON_UNSUPPORTED_VERSION: return 1;
    case REASON_CLIENT_ID_NOT_VALID: return 2;
    case REASON_SERVER_UNAVAILABLE:
    case REASON_SERVER_BUSY:
    case REASON_SERVER_SHUTTING_DOWN:
    case REASON_QUOTA_EXCEEDED:
    case REASON_USE_ANOTHER_SERVER:
    case REASON_SERVER_MOVED:
    case REASON_CONNECTION_RATE_EXCEEDED: return 3;
    case REASON_BAD_CREDENTIALS: return 4;
    case REASON_NOT_AUTHORIZED:
    case REASON_BANNED: return 5;
    default: return 0xff;
    }
}

uint8_t reason_of_connack3(uint8_t code3)
{
    static const uint8_t CODES[] = {
        REASON_SUCCESS,
        REASON_UNSUPPORTED_VERSION,
        REASON_CLIENT_ID_NOT_VALID,
        REASON_SERVER_UNAVAILABLE,
        REASON_BAD_CREDENTIALS,
        REASON_NOT_AUTHORIZED,
    };
    if (code3 >= sizeof CODES) return REASON_UNSPECIFIED;
    assert(reason_connack3(CODES[code3]) == code3);
    return CODES[code3];
}

const char *reason_text(enum packet_type type, uint8_t code)
{
    if (code == REASON_SUCCESS && type == PACKET_DISCONNECT)
        return "normal disconnection";
    if (code == REASON_SUCCESS && type == PACKET_SUBACK) return "granted QoS 0";
    const char *text = ROWS[code].text;
    return text == NULL ? "unknown reason" : text;
}
