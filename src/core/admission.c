/* admission.c - a client at the door. */
#include "core/admission.h"

#include "core/ask.h"
#include "core/connect.h"
#include "core/grant.h"
#include "core/output.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/auth.h"
#include "wire/reason.h"

#include <assert.h>

/* --- asking -------------------------------------------------------------- */

static struct admission *admission_new(struct shard *shard,
                                       const struct connect *c,
                                       struct bytes client_id)
{
    struct admission *new = pool_take(shard->pool, sizeof *new);
    buffer_init(&new->method, shard->pool);
    buffer_init(&new->client_id, shard->pool);
    buffer_init(&new->packet, shard->pool);
    new->has_method = properties_has(&c->properties, PROPERTY_AUTH_METHOD);
    if (new->has_method) {
        buffer_append(&new->method, c->properties.auth_method);
    }
    buffer_append(&new->client_id, client_id);
    buffer_append(&new->packet, shard->packet);
    return new;
}

/* It is in: what it said to get there is not needed any more. */
static void admission_settle(struct admission *admission)
{
    buffer_fini(&admission->client_id);
    buffer_fini(&admission->packet);
}

void admission_free(struct shard *shard, struct admission *admission)
{
    if (admission == NULL) return;
    admission_settle(admission);
    buffer_fini(&admission->method);
    pool_give(shard->pool, admission, sizeof *admission);
}

/* ASK about `conn`, with what `ask` says and what is known of it. */
static void admission_ask(struct shard *shard, struct conn *conn,
                          enum ask_kind kind, struct ask *ask)
{
    struct admission *admission = conn_admission(conn);
    assert(admission->ask == 0);
    assert(!conn->closed);
    ask->identity = conn_identity(conn);
    ask->has_method = admission->has_method;
    ask->method = buffer_bytes(&admission->method);
    ask->client_id = conn->session == NULL ? buffer_bytes(&admission->client_id)
                                           : session_id(conn->session);
    shard->asked += 1;
    if (shard->asked == 0) shard->asked = 1;
    admission->ask = shard->asked;
    admission->awaited = false;
    struct buffer *arena = &shard->out->arena;
    size_t size = ask_size(ask);
    struct writer w = writer_at(buffer_reserve(arena, size), size);
    ask_write(&w, ask);
    struct action *action = actions_add(shard->out, ACTION_ASK, conn->id);
    action->ask = admission->ask;
    action->ask_kind = (uint8_t)kind;
    action->offset = (uint32_t)arena->size;
    action->size = (uint32_t)size;
    arena->size += size;
}

/* --- coming in ----------------------------------------------------------- */

enum err admission_check(const struct shard *shard, const struct conn *conn,
                         const struct connect *c)
{
    const struct options_listener *listener =
        options_of(shard->options, conn->listener);
    if (listener->ask) return OK;
    if (properties_has(&c->properties, PROPERTY_AUTH_METHOD)) {
        return ERR_AUTH_METHOD;
    }
    bool known = conn_identity(conn).size > 0;
    return known || listener->allow_anonymous ? OK : ERR_NOT_AUTHORIZED;
}

enum err admission_begin(struct shard *shard, struct conn *conn,
                         const struct connect *c, struct bytes client_id)
{
    assert(conn->session == NULL && conn_admission(conn) == NULL);
    if (!options_of(shard->options, conn->listener)->ask) {
        bool known = conn_identity(conn).size > 0;
        struct answer answer = {
            .verdict = ANSWER_ACCEPT,
            .has_user = known || c->has_user_name,
            .user = known ? conn_identity(conn) : c->user_name,
        };
        return connect_enter(shard, conn, c, client_id, &answer);
    }
    conn_rare(shard->pool, conn)->admission =
        admission_new(shard, c, client_id);
    struct ask ask = {
        .user = c->user_name,
        .has_user = c->has_user_name,
        .password = c->password,
        .has_password = c->has_password,
        .data = c->properties.auth_data,
        .has_data = properties_has(&c->properties, PROPERTY_AUTH_DATA),
    };
    admission_ask(shard, conn, ASK_CONNECT, &ask);
    return OK;
}

bool admission_holds(const struct conn *conn)
{
    return conn->session == NULL && conn_admission(conn) != NULL &&
           conn_admission(conn)->ask != 0;
}

/* Let it in: what it said in CONNECT is looked at once more. */
static enum err admission_enter(struct shard *shard, struct conn *conn,
                                const struct answer *answer)
{
    struct admission *admission = conn_admission(conn);
    struct frame frame;
    struct connect c;
    enum err e = frame_next(buffer_bytes(&admission->packet), MQTT_NONE,
                            PACKET_BYTES_MAX, &frame);
    assert(e == OK && frame.type == PACKET_CONNECT);
    e = connect_decode(&frame, &c);
    assert(e == OK && conn->protocol == (uint8_t)c.protocol);
    e = connect_enter(shard, conn, &c, buffer_bytes(&admission->client_id),
                      answer);
    if (e != OK || conn->closed) return e;
    if (admission->has_method) {
        admission_settle(admission);
    } else {
        conn->rare->admission = NULL;
        admission_free(shard, admission);
        conn_tidy(shard->pool, conn);
    }
    return OK;
}

/* --- answers ------------------------------------------------------------- */

/* AUTH with `reason`, the method and the answer's data. [MQTT-4.12.0-5] */
static enum err admission_say(struct shard *shard, struct conn *conn,
                              uint8_t reason, const struct answer *answer)
{
    const struct admission *admission = conn_admission(conn);
    struct bytes method = buffer_bytes(&admission->method);
    size_t size = property_text_size(method);
    if (answer->has_data) size += property_text_size(answer->data);
    shard->scratch.size = 0;
    struct writer w = writer_at(buffer_reserve(&shard->scratch, size), size);
    property_write_text(&w, PROPERTY_AUTH_METHOD, method);
    if (answer->has_data) {
        property_write_text(&w, PROPERTY_AUTH_DATA, answer->data);
    }
    assert(!w.failed);
    struct auth auth = {.reason = reason,
                        .properties = properties_of(writer_bytes(&w))};
    return output_auth(shard, conn, &auth) ? OK : ERR_TOO_LARGE;
}

/* Another round. [MQTT-4.12.0-2] */
static enum err admission_more(struct shard *shard, struct conn *conn,
                               const struct answer *answer)
{
    struct admission *admission = conn_admission(conn);
    if (!admission->has_method) return ERR_AUTH_METHOD;
    admission->awaited = true;
    return admission_say(shard, conn, REASON_CONTINUE_AUTHENTICATION, answer);
}

/* Who is in has proven itself again: what is granted now counts. */
static enum err admission_renew(struct shard *shard, struct conn *conn,
                                const struct answer *answer)
{
    struct session *session = conn->session;
    if (!connect_id_allowed(shard, conn, session_id(session), answer)) {
        return ERR_NOT_AUTHORIZED;
    }
    grant_set(shard, session, conn->listener, answer);
    return admission_say(shard, conn, REASON_SUCCESS, answer);
}

/* Do what the answer says; an error ends the connection. [MQTT-4.12.0-4] */
static enum err admission_obey(struct shard *shard, struct conn *conn,
                               const struct answer *answer)
{
    if (answer->verdict == ANSWER_MORE) {
        return admission_more(shard, conn, answer);
    }
    if (answer->verdict == ANSWER_REFUSE) {
        stat_add(shard, STAT_LOGINS_REFUSED, 1);
        assert(err_code(answer->why) >= REASON_FAILURE);
        return answer->why;
    }
    assert(answer->verdict == ANSWER_ACCEPT);
    bool late = answer->expires_ms != 0 && answer->expires_ms <= shard->now_ms;
    if (late) return ERR_EXPIRED;
    if (conn->session != NULL) return admission_renew(shard, conn, answer);
    return admission_enter(shard, conn, answer);
}

void admission_granted(struct shard *shard, struct conn *conn, uint32_t ask,
                       const struct answer *answer)
{
    struct admission *admission = conn_admission(conn);
    assert(ask != 0 && !conn->closed);
    if (admission == NULL || admission->ask != ask) return;
    admission->ask = 0;
    enum err e = admission_obey(shard, conn, answer);
    if (conn->closed) return;
    if (e != OK) {
        conn_fail(shard, conn, e); /* [MQTT-4.12.1-2] */
        return;
    }
    conn_resume(shard, conn);
}

/* --- AUTH, DISCONNECT ---------------------------------------------------- */

/* Is AUTH with `reason` due? In the middle only what goes on, and only from
 * who is in what begins anew. */
static bool auth_due(const struct conn *conn, uint8_t reason)
{
    const struct admission *admission = conn_admission(conn);
    if (admission->ask != 0) return false;
    if (reason == REASON_CONTINUE_AUTHENTICATION) return admission->awaited;
    if (reason != REASON_RE_AUTHENTICATE) return false;
    return conn->session != NULL && !admission->awaited;
}

enum err auth_in(struct shard *shard, struct conn *conn,
                 const struct frame *frame)
{
    struct auth auth;
    enum err e = auth_decode(frame, (enum protocol)conn->protocol, &auth);
    if (e != OK) return e;
    const struct admission *admission = conn_admission(conn);
    if (admission == NULL || !admission->has_method) return ERR_PROTOCOL;
    const struct properties *properties = &auth.properties;
    bool same =
        bytes_equal(properties->auth_method, buffer_bytes(&admission->method));
    if (!same || !auth_due(conn, auth.reason)) return ERR_PROTOCOL;
    struct ask ask = {
        .data = properties->auth_data,
        .has_data = properties_has(properties, PROPERTY_AUTH_DATA),
    };
    bool again = auth.reason == REASON_RE_AUTHENTICATE;
    if (again && conn->session->grant != NULL) {
        const struct grant *grant = conn->session->grant;
        ask.user = bytes_at(grant->user, grant->user_size);
        ask.has_user = grant->has_user;
    }
    admission_ask(shard, conn, again ? ASK_AGAIN : ASK_CONTINUE, &ask);
    return OK;
}

enum err admission_leave_in(struct shard *shard, struct conn *conn,
                            const struct frame *frame)
{
    assert(conn->session == NULL);
    struct disconnect disconnect;
    enum err e =
        disconnect_decode(frame, (enum protocol)conn->protocol, &disconnect);
    if (e != OK) return e;
    actions_note(shard->out, NOTE_INFO, NOTE_DISCONNECTED, &conn->id,
                 "A client gives up before it is let in");
    conn_close(shard, conn);
    return OK;
}
