/* mosquitto.h - what is in mosquitto.db, the file in which Mosquitto keeps its
 * state.
 *
 *     [ magic:15 | crc:4 | version:4 ]( [ kind | size:4 ][ chunk ] )*
 *
 *     version   written by       kind   chunks
 *     2, 3      up to 1.5.5      2      packed, texts with their size
 *     4         1.5.6 to 1.5.x   2      the same, with user and port
 *     5         1.6              4      structures of C, then texts
 *     6         2.0, 2.1         4      the same, with the client's user
 *
 * The structures are those of a 64-bit little-endian machine. A reader is given
 * the whole file; what it returns points into it. Any bytes may come.
 */
#ifndef MOGI_STORE_MOSQUITTO_H
#define MOGI_STORE_MOSQUITTO_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"

enum mosquitto_kind {
    MOSQUITTO_END,
    MOSQUITTO_MESSAGE = 2,
    MOSQUITTO_DELIVERY = 3,
    MOSQUITTO_RETAINED = 4,
    MOSQUITTO_SUBSCRIPTION = 5,
    MOSQUITTO_CLIENT = 6
};

/* How far a delivery has come, as Mosquitto counts. */
enum mosquitto_state {
    MOSQUITTO_WAIT_PUBACK = 3,
    MOSQUITTO_WAIT_PUBREC = 5,
    MOSQUITTO_RESEND_PUBREL = 6,
    MOSQUITTO_WAIT_PUBREL = 7,
    MOSQUITTO_WAIT_PUBCOMP = 9
};

/* What its kind does not have is zero. */
struct mosquitto_chunk {
    enum mosquitto_kind kind;
    uint64_t message;        /* MESSAGE DELIVERY RETAINED: its number */
    struct bytes client;     /* CLIENT DELIVERY SUBSCRIPTION */
    struct bytes topic;      /* MESSAGE, or the filter of SUBSCRIPTION */
    struct bytes payload;    /* MESSAGE */
    struct bytes properties; /* MESSAGE DELIVERY: a region with its length */
    uint64_t expires_s;      /* MESSAGE CLIENT: as of 1970; 0: not begun */
    uint32_t expiry_s;       /* CLIENT: UINT32_MAX: never */
    uint32_t identifier;     /* SUBSCRIPTION */
    uint16_t packet_id;      /* DELIVERY */
    uint8_t qos;             /* MESSAGE DELIVERY SUBSCRIPTION */
    uint8_t state;           /* DELIVERY: enum mosquitto_state and others */
    uint8_t options;         /* SUBSCRIPTION: as in SUBSCRIBE of 5.0 */
    bool retain;             /* MESSAGE DELIVERY */
    bool outgoing;           /* DELIVERY: else from the client, QoS 2 */
};

struct mosquitto_reader {
    struct bytes left;
    uint32_t version;
};

/* Begin to read `file`. ERR_MALFORMED: this is no such file. ERR_VERSION: of a
 * version that is not known; reader->version has it. */
MUST_USE
enum err mosquitto_open(struct mosquitto_reader *reader, struct bytes file);

/* The next chunk of a kind that matters; MOSQUITTO_END behind the last one.
 * ERR_MALFORMED: the file is cut off or broken here. */
MUST_USE
enum err mosquitto_next(struct mosquitto_reader *reader,
                        struct mosquitto_chunk *chunk);

#endif
