/* connect.c - CONNECT: who comes, and what is said to it. */
#include "core/connect.h"

#include "core/admission.h"
#include "core/ask.h"
#include "core/grant.h"
#include "core/journal.h"
#include "core/mount.h"
#include "core/output.h"
#include "core/publish.h"
#include "core/session.h"
#include "core/state.h"
#include "core/will.h"
#include "wire/connack.h"
#include "wire/connect.h"
#include "wire/reason.h"

#include <assert.h>
#include <stdio.h>

enum { ID_SIZE_MAX = 128, CONNACK_PROPERTIES_MAX = 256 };

uint32_t connect_expiry_s(const struct options *options, uint32_t asked_s)
{
    uint32_t limit_s = options->persistent_client_expiration_s;
    if (limit_s == 0 || asked_s <= limit_s) return asked_s;
    return limit_s;
}

/* The session expiry that `c` asks for; in 3.x it is all or nothing. */
static uint32_t connect_asked_s(const struct connect *c)
{
    if (c->protocol == MQTT_50) return c->properties.session_expiry_s;
    return c->clean_start ? 0 : SESSION_EXPIRY_NEVER;
}

/* The keep alive that holds: 5.0 clients can be told of another than theirs.
 * [MQTT-3.2.2-21] [MQTT-3.2.2-22] */
static uint16_t connect_keepalive_s(const struct options *options,
                                    const struct connect *c)
{
    uint16_t max = options->max_keepalive;
    if (max == 0 || c->protocol != MQTT_50) return c->keep_alive_s;
    if (c->keep_alive_s == 0 || c->keep_alive_s > max) return max;
    return c->keep_alive_s;
}

/* --- judging ------------------------------------------------------------- */

/* A client may leave its id out, if it does not want anything to remain.
 * [MQTT-3.1.3-6] [MQTT3-3.1.3-7] [MQTT3-3.1.3-8] */
static enum err connect_check_id(const struct options_listener *options,
                                 const struct connect *c)
{
    if (c->client_id.size > 0) return OK;
    if (!options->allow_zero_length_clientid) return ERR_CLIENT_ID;
    if (c->protocol == MQTT_31) return ERR_CLIENT_ID;
    if (c->protocol == MQTT_311 && !c->clean_start) return ERR_CLIENT_ID;
    return OK;
}

/* 3.x has no way to say that the keep alive is another. */
static enum err connect_check_keepalive(const struct options *options,
                                        const struct connect *c)
{
    uint16_t max = options->max_keepalive;
    if (max == 0 || c->protocol == MQTT_50) return OK;
    bool over = c->keep_alive_s == 0 || c->keep_alive_s > max;
    return over ? ERR_CLIENT_ID : OK;
}

/* Is the version of `conn` one that its listener takes? */
static bool connect_speaks(const struct shard *shard, const struct conn *conn)
{
    unsigned bit = conn->protocol == MQTT_50    ? SPEAKS_50
                   : conn->protocol == MQTT_311 ? SPEAKS_311
                                                : SPEAKS_31;
    const struct options_listener *listener =
        options_of(shard->options, conn->listener);
    return (listener->protocols & bit) != 0;
}

/* All reasons to refuse `c` that need no session. */
static enum err connect_check(const struct shard *shard,
                              const struct conn *conn, const struct connect *c)
{
    if (conn->refused) return ERR_QUOTA;
    if (shard->stopping) return ERR_UNAVAILABLE;
    if (!connect_speaks(shard, conn)) return ERR_VERSION;
    enum err e = admission_check(shard, conn, c);
    if (e == OK)
        e = connect_check_id(options_of(shard->options, conn->listener), c);
    if (e == OK) e = connect_check_keepalive(shard->options, c);
    if (e == OK) e = will_check(shard, conn, &c->will);
    return e;
}

/* --- the id -------------------------------------------------------------- */

/* Write an id of the server's making: the prefix and 128 random bits. */
static size_t id_write(struct shard *shard, const struct conn *conn,
                       char id[ID_SIZE_MAX])
{
    uint64_t a = shard_random(shard);
    uint64_t b = shard_random(shard);
    int size =
        snprintf(id, ID_SIZE_MAX, "%s%08X-%04X-%04X-%04X-%012llX",
                 options_of(shard->options, conn->listener)->auto_id_prefix,
                 (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
                 (unsigned)(a & 0xffff), (unsigned)(b >> 48),
                 (unsigned long long)(b & 0xffffffffffff));
    assert(size > 0 && size < ID_SIZE_MAX);
    return (size_t)size;
}

/* An id that nobody has and that is at home here. [MQTT-3.1.3-7] */
static struct bytes id_assign(struct shard *shard, const struct conn *conn,
                              char id[ID_SIZE_MAX])
{
    struct bytes assigned;
    do {
        assigned = bytes_at(id, id_write(shard, conn, id));
    } while (place_home(&shard->place, assigned) != shard->place.index ||
             session_find(shard, assigned) != NULL);
    return assigned;
}

/* The id that the client of `conn` comes in under. ERR_NOT_AUTHORIZED: it has
 * no name to take for it, or not the right beginning. */
static enum err id_choose(struct shard *shard, const struct conn *conn,
                          const struct connect *c, char space[ID_SIZE_MAX],
                          struct bytes *id)
{
    const struct options_listener *listener =
        options_of(shard->options, conn->listener);
    struct bytes prefix = bytes_of(listener->clientid_prefixes);
    *id = c->client_id;
    if (listener->use_username_as_clientid) {
        struct bytes identity = conn_identity(conn);
        *id = identity.size > 0 ? identity : c->user_name;
        if (id->size == 0) return ERR_NOT_AUTHORIZED;
    } else if (id->size == 0) {
        *id = id_assign(shard, conn, space);
    }
    bool fits =
        id->size >= prefix.size &&
        (prefix.size == 0 || memcmp(id->data, prefix.data, prefix.size) == 0);
    return fits ? OK : ERR_NOT_AUTHORIZED;
}

/* Up to its first "/" an id belongs to the user of that name. */
static bool id_bound(struct bytes id, const struct answer *answer)
{
    if (!answer->has_user || answer->user.size > id.size) return false;
    size_t size = answer->user.size;
    if (memchr(answer->user.data, '/', size) != NULL) return false;
    if (memcmp(id.data, answer->user.data, size) != 0) return false;
    return id.size == size || id.data[size] == '/';
}

bool connect_id_allowed(const struct shard *shard, const struct conn *conn,
                        struct bytes client_id, const struct answer *answer)
{
    const struct options_listener *listener =
        options_of(shard->options, conn->listener);
    return !listener->bind_clientid || id_bound(client_id, answer);
}

/* --- answering ----------------------------------------------------------- */

/* What the client must know, in the order that Mosquitto gives it. */
static void connack_properties(const struct shard *shard,
                               const struct connect *c,
                               const struct session *session, struct writer *w)
{
    const struct options *o = shard->options;
    const struct conn_limits *limits = &session->conn->limits;
    uint16_t keepalive_s = connect_keepalive_s(o, c);
    if (keepalive_s != c->keep_alive_s) {
        property_write_number(w, PROPERTY_SERVER_KEEP_ALIVE, keepalive_s);
    }
    if (limits->alias_max > 0) {
        property_write_number(w, PROPERTY_TOPIC_ALIAS_MAX, limits->alias_max);
    }
    if (c->client_id.size == 0) {
        property_write_text(w, PROPERTY_ASSIGNED_CLIENT_ID,
                            session_id(session));
    }
    if (!o->retain_available) {
        property_write_number(w, PROPERTY_RETAIN_AVAILABLE, 0);
    }
    if (o->max_packet_size > 0) {
        property_write_number(w, PROPERTY_PACKET_SIZE_MAX, o->max_packet_size);
    }
    if (o->receive_maximum != UINT16_MAX) {
        property_write_number(w, PROPERTY_RECEIVE_MAX, o->receive_maximum);
    }
    if (limits->qos_max < 2) {
        property_write_number(w, PROPERTY_MAXIMUM_QOS, limits->qos_max);
    }
    if (session->expiry_s != connect_asked_s(c)) {
        property_write_number(w, PROPERTY_SESSION_EXPIRY, session->expiry_s);
    }
    if (!o->wildcard_subscriptions) {
        property_write_number(w, PROPERTY_WILDCARD_AVAILABLE, 0);
    }
    if (!o->shared_subscriptions) {
        property_write_number(w, PROPERTY_SHARED_AVAILABLE, 0);
    }
}

/* The method, and what it has to say at the end. [MQTT-4.12.0-5]
 * [MQTT-4.12.0-6] */
static void connack_auth(const struct connect *c, const struct answer *answer,
                         struct writer *w)
{
    if (!properties_has(&c->properties, PROPERTY_AUTH_METHOD)) return;
    property_write_text(w, PROPERTY_AUTH_METHOD, c->properties.auth_method);
    if (!answer->has_data) return;
    property_write_text(w, PROPERTY_AUTH_DATA, answer->data);
}

/* CONNACK that says yes; false when the client takes no packet of its size. */
static bool connect_accept(struct shard *shard, struct conn *conn,
                           const struct connect *c, const struct answer *answer,
                           bool present)
{
    size_t size = CONNACK_PROPERTIES_MAX +
                  property_text_size(c->properties.auth_method) +
                  property_text_size(answer->data);
    shard->scratch.size = 0;
    struct writer w = writer_at(buffer_reserve(&shard->scratch, size), size);
    struct connack connack = {0};
    connack.session_present = present && c->protocol != MQTT_31;
    connack.code = REASON_SUCCESS;
    if (c->protocol == MQTT_50) {
        connack_properties(shard, c, conn->session, &w);
        connack_auth(c, answer, &w);
        assert(!w.failed);
        connack.properties = properties_of(writer_bytes(&w));
    }
    return output_connack(shard, conn, &connack);
}

/* CONNACK that says no, if the client has a word for it. */
static void connect_refuse(struct shard *shard, struct conn *conn, enum err why)
{
    struct connack connack = {0};
    connack.code = err_code(why);
    if (why == ERR_SHUTTING_DOWN) connack.code = REASON_SERVER_UNAVAILABLE;
    /* What only DISCONNECT can say, as of time that is over. */
    if (!reason_allowed(PACKET_CONNACK, connack.code)) {
        connack.code = REASON_NOT_AUTHORIZED;
    }
    if (conn->protocol != MQTT_50) {
        connack.code = reason_connack3(connack.code);
        if (connack.code == 0xff) return;
    }
    assert(connack.code != 0);
    (void)output_connack(shard, conn, &connack);
}

void connect_failed(struct shard *shard, struct conn *conn, enum err why)
{
    assert(conn->session == NULL);
    stat_add(shard, STAT_REFUSED, 1);
    if (conn_admission(conn) == NULL) {
        actions_note(shard->out, NOTE_WARNING, NOTE_REFUSED, &conn->id,
                     "Connection refused: %s", err_text(why));
    } else {
        struct bytes id = buffer_bytes(&conn_admission(conn)->client_id);
        actions_note(shard->out, NOTE_WARNING, NOTE_REFUSED, &conn->id,
                     "Client %.*s is refused: %s", (int)id.size,
                     (const char *)id.data, err_text(why));
    }
    if (conn->protocol != MQTT_NONE) connect_refuse(shard, conn, why);
    conn_close(shard, conn);
}

/* --- coming in ----------------------------------------------------------- */

/* End what is left under this id, as far as the client wants: the connection
 * that has it always [MQTT-3.1.4-3], the session with Clean Start
 * [MQTT-3.1.2-4]. What was due while it was away comes first, though the tick
 * for it is still to come. [MQTT-3.1.3-9] Returns the session to go on with, or
 * NULL. */
static struct session *connect_take_over(struct shard *shard,
                                         struct bytes client_id, bool clean)
{
    struct session *session = session_find(shard, client_id);
    if (session != NULL && session->conn != NULL) {
        conn_fail(shard, session->conn, ERR_TAKEN_OVER);
        session = session_find(shard, client_id);
    } else if (session != NULL) {
        session_due(shard, session);
        session = session_find(shard, client_id);
    }
    if (session == NULL || !clean) return session;
    session_end(shard, session);
    return NULL;
}

/* How many unacknowledged publishes the client takes. [MQTT-3.3.4-9] */
static uint16_t connect_window(const struct options *options,
                               const struct connect *c)
{
    uint32_t window = options->max_inflight_messages;
    if (window == 0) window = UINT16_MAX;
    if (c->protocol == MQTT_50 && c->properties.receive_max < window) {
        window = c->properties.receive_max;
    }
    assert(window > 0);
    return (uint16_t)window;
}

/* Remember what the client said about its connection. */
static void connect_settle(struct shard *shard, struct conn *conn,
                           const struct connect *c)
{
    assert(conn->protocol == (uint8_t)c->protocol);
    assert(conn->rare == NULL ||
           (conn->rare->alias_out == NULL && conn->rare->alias_in == NULL));
    conn_limit(shard, conn);
    conn->bridge = c->bridge;
    conn->keepalive_s = connect_keepalive_s(shard->options, c);
    if (c->protocol == MQTT_50) {
        uint32_t alias_max = c->properties.topic_alias_max;
        uint32_t ours =
            options_of(shard->options, conn->listener)->max_topic_alias_broker;
        conn->alias_max = (uint16_t)(alias_max < ours ? alias_max : ours);
    }
    wheel_clear(&shard->conn_timers, &conn->timer);
    if (conn->keepalive_s == 0) return;
    wheel_set(&shard->conn_timers, &conn->timer,
              shard->now_ms + conn->keepalive_s * 1500ull);
}

static void connect_note(struct shard *shard, const struct conn *conn,
                         const struct connect *c)
{
    actions_note(shard->out, NOTE_INFO, NOTE_CONNECTED, &conn->id,
                 "Client %s connected (p%u, c%d, k%u)",
                 session_name(conn->session),
                 c->protocol == MQTT_50   ? 5
                 : c->protocol == MQTT_31 ? 1
                                          : 2,
                 c->clean_start, c->keep_alive_s);
}

/* What the client leaves as a will: `*will`, which goes to will_take. */
static enum err connect_will(struct shard *shard, const struct conn *conn,
                             const struct connect *c, struct bytes client_id,
                             const struct answer *answer, struct will **will)
{
    *will = NULL;
    if (!c->will.present) return OK;
    struct will_from from = {.listener = conn->listener,
                             .answer = answer,
                             .client_id = client_id,
                             .topic = c->will.topic};
    enum err e = mount_topic(shard, conn, &from.topic);
    if (e != OK) return e;
    if (publish_forbidden(from.topic)) return ERR_NOT_AUTHORIZED;
    if (!grant_would_allow(shard, conn->listener, answer, client_id,
                           from.topic)) {
        return ERR_NOT_AUTHORIZED;
    }
    *will = will_make(shard, &from, &c->will);
    return OK;
}

/* Does this id not come again and again? */
static bool connect_seldom(struct shard *shard, const struct conn *conn,
                           struct bytes client_id)
{
    const struct options *o = shard->options;
    bool first;
    uint64_t hash = hash_bytes(&shard->place.key, client_id);
    if (flaps_allow(&shard->flaps, o, hash, shard->now_ms, &first)) {
        return true;
    }
    stat_add(shard, STAT_FLAPPING, 1);
    if (!first) return false;
    actions_note(shard->out, NOTE_WARNING, NOTE_ABUSE, &conn->id,
                 "Client %.*s has come more than %u times in %u s, and is held "
                 "off for %u s (flapping_count)",
                 (int)client_id.size, (const char *)client_id.data,
                 o->flapping_count, o->flapping_window_s, o->flapping_hold_s);
    return false;
}

enum err connect_enter(struct shard *shard, struct conn *conn,
                       const struct connect *c, struct bytes client_id,
                       const struct answer *answer)
{
    assert(client_id.size > 0);
    assert(place_home(&shard->place, client_id) == shard->place.index);
    if (!connect_id_allowed(shard, conn, client_id, answer)) {
        return ERR_NOT_AUTHORIZED;
    }
    if (!connect_seldom(shard, conn, client_id)) return ERR_CONNECT_RATE;
    /* Who has a session may come and take what waits for it. */
    bool fresh = session_find(shard, client_id) == NULL;
    if (fresh && pool_short(shard->pool)) return ERR_QUOTA;
    struct will *will;
    enum err e = connect_will(shard, conn, c, client_id, answer, &will);
    if (e != OK) return e;
    struct session *session =
        connect_take_over(shard, client_id, c->clean_start);
    assert(session == NULL || session->conn == NULL);
    bool present = session != NULL; /* [MQTT-3.2.2-2] [MQTT-3.2.2-3] */
    if (session == NULL) session = session_new(shard, client_id);
    connect_settle(shard, conn, c);
    grant_set(shard, session, conn->listener, answer);
    session_attach(shard, session, conn,
                   connect_expiry_s(shard->options, connect_asked_s(c)),
                   connect_window(shard->options, c));
    will_take(shard, session, &will);
    journal_will(shard, session);
    stat_add(shard, STAT_CONNECTS, 1);
    connect_note(shard, conn, c);
    if (!connect_accept(shard, conn, c, answer, present)) {
        session_detach(shard, session, false);
        conn_close(shard, conn);
        return OK;
    }
    session_pump(shard, session);
    return OK;
}

enum err connect_in(struct shard *shard, struct conn *conn,
                    const struct frame *frame)
{
    assert(conn->session == NULL);
    struct connect c;
    enum err e = connect_decode(frame, &c);
    conn->protocol = (uint8_t)c.protocol;
    if (e != OK) return e;
    /* It binds our answer, also when that is a refusal. [MQTT-3.1.2-24] */
    if (properties_has(&c.properties, PROPERTY_PACKET_SIZE_MAX)) {
        conn->packet_max = c.properties.packet_size_max;
    }
    e = connect_check(shard, conn, &c);
    if (e != OK) return e;
    char space[ID_SIZE_MAX];
    struct bytes client_id;
    e = id_choose(shard, conn, &c, space, &client_id);
    if (e != OK) return e;
    uint16_t home = place_home(&shard->place, client_id);
    if (home != shard->place.index) {
        conn_move(shard, conn, home);
        return OK;
    }
    return admission_begin(shard, conn, &c, client_id);
}
