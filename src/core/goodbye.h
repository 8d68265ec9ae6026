/* goodbye.h - how a connection ends: DISCONNECT, both ways. MQTT 5.0, 3.14 */
#ifndef MOGI_CORE_GOODBYE_H
#define MOGI_CORE_GOODBYE_H

#include "base/err.h"
#include "core/conn.h"

/* DISCONNECT came. Code 0x00 calls the will off, any other does not.
 * [MQTT-3.14.4-3] [MQTT3-3.14.4-3] ERR_PROTOCOL: a code that clients may not
 * send, or a session expiry where there was none. */
MUST_USE
enum err disconnect_in(struct shard *shard, struct conn *conn,
                       const struct frame *frame);

/* The connection is gone, and `held` is what came on it and was put off: heard
 * is of that a DISCONNECT alone, with its session expiry. What stands before it
 * was not acknowledged. Returns whether it calls the will off. */
bool goodbye_held(struct shard *shard, struct conn *conn, struct bytes held);

/* Send DISCONNECT with the reason code of `why`; nothing to a 3.x client. */
void goodbye_send(struct shard *shard, struct conn *conn, enum err why);

/* Log why `conn` is ended. */
void goodbye_note(struct shard *shard, struct conn *conn, enum err why);

#endif
