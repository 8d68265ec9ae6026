/* engine.h - what the files of this room share: states, and views of the
 * public types as wire/ sees them.
 *
 *     CLOSED --connect()--> CONNECTING --CONNACK 0--> CONNECTED
 *        ^                       |                        |
 *        |                       +--- refused, failed ----+-- disconnect(),
 *        |                                                |   failed
 *        +----------------- closed() ---------------- CLOSING
 */
#ifndef MOGI_TINY_ENGINE_H
#define MOGI_TINY_ENGINE_H

#include "base/bytes.h"
#include "mogi/tiny.h"
#include "wire/packet.h"

enum engine_state {
    ENGINE_CLOSED = 0, /* no socket */
    ENGINE_CONNECTING, /* CONNECT queued or sent, CONNACK not here yet */
    ENGINE_CONNECTED,
    ENGINE_CLOSING, /* nothing more is read; output may still leave */
};

/* Room in `out` that is kept for an answer to any packet (5 bytes at most),
 * or DISCONNECT, and a PINGREQ. */
enum { ENGINE_ANSWER_SIZE = 8, ENGINE_RESERVE = ENGINE_ANSWER_SIZE + 2 };

/* The smallest `out` and `in` that work at all. */
enum { ENGINE_OUT_MIN = 64, ENGINE_IN_MIN = 16 };

/* `b` as wire/ has it. */
static inline struct bytes engine_bytes(struct mogi_bytes b)
{
    return (struct bytes){b.data, b.size};
}

/* `b` as callers have it. */
static inline struct mogi_bytes engine_view(struct bytes b)
{
    return (struct mogi_bytes){b.data, b.size};
}

/* The version of this connection, or of the last one. */
static inline enum protocol engine_protocol(const struct mogi_tiny *t)
{
    return (enum protocol)t->version;
}

#endif
