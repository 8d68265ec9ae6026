/* acknowledge.h - PUBACK, PUBREC, PUBREL, PUBCOMP from a client.
 * MQTT 5.0, 3.4 to 3.7, 4.3 */
#ifndef MOGI_CORE_ACKNOWLEDGE_H
#define MOGI_CORE_ACKNOWLEDGE_H

#include "base/err.h"
#include "core/conn.h"

/* Any of the four came. An unknown packet id is answered where the standard has
 * an answer, else it is let pass. ERR_PROTOCOL: not the one that is due. */
MUST_USE
enum err acknowledge_in(struct shard *shard, struct conn *conn,
                        const struct frame *frame);

#endif
