/* goodbye.c - how a connection ends: DISCONNECT, both ways. */
#include "core/goodbye.h"

#include "core/connect.h"
#include "core/output.h"
#include "core/session.h"
#include "core/state.h"
#include "core/will.h"
#include "wire/reason.h"

#include <assert.h>

/* Take over a new session expiry. One that was 0 stays so: the client said that
 * nothing should remain. MQTT 5.0, 3.14.2.2.2 */
static enum err goodbye_expiry(struct shard *shard, struct session *session,
                               const struct disconnect *disconnect)
{
    const struct properties *properties = &disconnect->properties;
    if (!properties_has(properties, PROPERTY_SESSION_EXPIRY)) return OK;
    uint32_t expiry_s = properties->session_expiry_s;
    if (session->expiry_s == 0 && expiry_s != 0) return ERR_PROTOCOL;
    session->expiry_s = connect_expiry_s(shard->options, expiry_s);
    return OK;
}

/* What the client says at its end. `*with_will`: not code 0x00. */
static enum err goodbye_hear(struct shard *shard, struct conn *conn,
                             const struct frame *frame, bool *with_will)
{
    assert(conn->session != NULL);
    struct disconnect disconnect;
    enum err e =
        disconnect_decode(frame, (enum protocol)conn->protocol, &disconnect);
    if (e != OK) return e;
    if (!reason_disconnect_from_client(disconnect.reason)) return ERR_PROTOCOL;
    e = goodbye_expiry(shard, conn->session, &disconnect);
    if (e != OK) return e;
    *with_will = disconnect.reason != REASON_NORMAL_DISCONNECTION;
    actions_note(shard->out, NOTE_INFO, NOTE_DISCONNECTED, &conn->id,
                 "Client %s disconnected (code 0x%02x)",
                 session_name(conn->session), disconnect.reason);
    return OK;
}

enum err disconnect_in(struct shard *shard, struct conn *conn,
                       const struct frame *frame)
{
    bool with_will;
    enum err e = goodbye_hear(shard, conn, frame, &with_will);
    if (e != OK) return e;
    session_detach(shard, conn->session, with_will);
    conn_close(shard, conn);
    return OK;
}

bool goodbye_held(struct shard *shard, struct conn *conn, struct bytes held)
{
    struct frame frame;
    uint32_t max = conn->limits.packet_max;
    while (frame_next(held, conn->protocol, max, &frame) == OK) {
        bool with_will;
        held = bytes_skip(held, frame.size);
        if (frame.type != PACKET_DISCONNECT) continue;
        enum err e = goodbye_hear(shard, conn, &frame, &with_will);
        return e == OK && !with_will;
    }
    return false;
}

void goodbye_send(struct shard *shard, struct conn *conn, enum err why)
{
    uint8_t code = err_code(why);
    assert(code >= REASON_FAILURE);
    if (conn->protocol != MQTT_50) return;
    /* What only CONNACK can say, as of credentials, comes to the same. */
    if (!reason_allowed(PACKET_DISCONNECT, code)) code = REASON_NOT_AUTHORIZED;
    output_disconnect(shard, conn, code);
}

void goodbye_note(struct shard *shard, struct conn *conn, enum err why)
{
    bool routine = why == ERR_SHUTTING_DOWN || why == ERR_TAKEN_OVER ||
                   why == ERR_KEEP_ALIVE || why == ERR_EXPIRED;
    actions_note(shard->out, routine ? NOTE_INFO : NOTE_WARNING,
                 routine ? NOTE_DISCONNECTED : NOTE_ABUSE, &conn->id,
                 "Client %s is disconnected: %s", session_name(conn->session),
                 err_text(why));
}
