/* output.h - packets to one client: encoded once, counted, bounded.
 *
 *     output_bytes   0 ......... notify ......... OUTPUT_BYTES_MAX
 *                    | send freely |  ask for DRAINED  | keep back
 */
#ifndef MOGI_CORE_OUTPUT_H
#define MOGI_CORE_OUTPUT_H

#include "base/cursor.h"
#include "base/err.h"
#include "core/bounds.h"
#include "core/conn.h"
#include "core/message.h"
#include "wire/ack.h"
#include "wire/auth.h"
#include "wire/connack.h"
#include "wire/disconnect.h"
#include "wire/subscribe.h"

/* A message as it goes to one client. */
struct outgoing {
    const struct message *message; /* or that of `body` */
    struct body *body;             /* shared, which has its payload; or NULL */
    uint8_t qos;
    bool retain;
    bool dup;
    uint16_t packet_id; /* when qos > 0 */
    const uint32_t *identifiers;
    uint32_t identifier_count;
};

/* May messages be sent to `conn` now? Without room they are kept back. */
static inline bool output_room(const struct conn *conn)
{
    return conn->output_bytes < OUTPUT_BYTES_MAX;
}

/* Does `conn` take a PUBLISH of QoS 0 as another client of 5.0 (`v5`) or of 3.x
 * gets it, without an alias of its own? */
static inline bool output_alike(const struct conn *conn, bool v5)
{
    if (v5 && conn->alias_max > 0) return false;
    return v5 == (conn->protocol == MQTT_50);
}

/* Does a packet of `size` bytes fit what the client takes? [MQTT-3.1.2-24] */
bool output_fits(const struct conn *conn, size_t size);

/* Have the host say when all that was sent is written. For a connection without
 * room: nothing else would be sent to it, and nobody told of it. */
void output_ask(struct shard *shard, struct conn *conn);

/* Send PUBLISH. OK; or ERR_TOO_LARGE: it is over what the client takes, and
 * nothing was sent, nor an alias set. [MQTT-3.1.2-24] [MQTT-3.1.2-25] */
MUST_USE
enum err output_publish(struct shard *shard, struct conn *conn,
                        const struct outgoing *outgoing);

/* Publishes of QoS 0, one behind the other, that may go on as they are. */
struct packets {
    struct bytes bytes;
    uint32_t count, size_max; /* of one of them */
    uint64_t payload_bytes;
    bool copied;     /* to the arena, */
    uint32_t offset; /* where they are */
};

/* Send them; the largest fits. Who gets them next shares the copy that the
 * first one's made. */
void output_packets(struct shard *shard, struct conn *conn,
                    struct packets *packets);

/* Send PUBACK, PUBREC, PUBREL or PUBCOMP. */
void output_ack(struct shard *shard, struct conn *conn, enum packet_type type,
                uint16_t packet_id, uint8_t reason);

/* Send the packet; one that is too large for the client is not sent, and false
 * is returned. [MQTT-3.1.2-24] */
bool output_connack(struct shard *shard, struct conn *conn,
                    const struct connack *connack);

/* Send the packet; one that is too large for the client is not sent.
 * [MQTT-3.1.2-24] */
void output_suback(struct shard *shard, struct conn *conn,
                   const struct suback *suback);
/* The same; false: not sent. */
bool output_auth(struct shard *shard, struct conn *conn,
                 const struct auth *auth);
void output_disconnect(struct shard *shard, struct conn *conn, uint8_t reason);
void output_pingresp(struct shard *shard, struct conn *conn);

#endif
