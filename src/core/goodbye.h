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

/* Send DISCONNECT with the reason code of `why`; nothing to a 3.x client. */
void goodbye_send(struct shard *shard, struct conn *conn, enum err why);

/* Log why `conn` is ended. */
void goodbye_note(struct shard *shard, struct conn *conn, enum err why);

#endif
