/* acknowledge.c - PUBACK, PUBREC, PUBREL, PUBCOMP from a client. */
#include "core/acknowledge.h"

#include "core/inbound.h"
#include "core/output.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/ack.h"
#include "wire/reason.h"

#include <assert.h>

/* PUBREL: the id is free again, and must be so on disk before PUBCOMP lets the
 * client use it for another message. [MQTT-4.3.3-11] [MQTT-4.3.3-12] */
static void acknowledge_pubrel(struct shard *shard, struct session *session,
                               const struct ack *ack)
{
    size_t puts = shard->out->put_count;
    bool known = session_released(shard, session, ack->packet_id);
    inbound_acknowledge(shard, session, PACKET_PUBCOMP, ack->packet_id,
                        known ? REASON_SUCCESS : REASON_PACKET_ID_NOT_FOUND,
                        gate_since(shard, puts));
}

enum err acknowledge_in(struct shard *shard, struct conn *conn,
                        const struct frame *frame)
{
    struct session *session = conn->session;
    assert(session != NULL);
    struct ack ack;
    enum err e = ack_decode(frame, (enum protocol)conn->protocol, &ack);
    if (e != OK) return e;
    if (ack.type == PACKET_PUBREL) {
        acknowledge_pubrel(shard, session, &ack);
        return OK;
    }
    e = outbound_acknowledge(shard, session, ack.type, ack.packet_id,
                             ack.reason);
    if (e != ERR_ID_UNKNOWN) return e;
    if (ack.type == PACKET_PUBREC && ack.reason < REASON_FAILURE) {
        output_ack(shard, conn, PACKET_PUBREL, ack.packet_id,
                   REASON_PACKET_ID_NOT_FOUND);
    }
    return OK;
}
