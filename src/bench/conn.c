/* conn.c - see conn.h. */
#include "bench/conn.h"

#include "bench/memory.h"
#include "bench/receiver.h"
#include "bench/secure.h"
#include "bench/sender.h"
#include "wire/connack.h"
#include "wire/connect.h"
#include "wire/disconnect.h"
#include "wire/ping.h"
#include "wire/reason.h"
#include "wire/subscribe.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SMALL_PACKET_SIZE = 4096,
    FILTERS_PER_PACKET = 100,
    FILTER_TEXT_SIZE = 256,
    SESSION_EXPIRY_S = 3600,
};

static enum protocol protocol_of(const struct bench_conn *conn)
{
    return conn->thread->run->options->protocol;
}

static void watch(struct bench_conn *conn, bool writable)
{
    if (conn->watched == writable) return;
    conn->watched = writable;
    bench_poll_change(conn->thread->poll, conn->fd, conn, writable);
}

static void conn_close(struct bench_conn *conn)
{
    if (conn->fd < 0) return;
    bench_poll_remove(conn->thread->poll, conn->fd);
    bench_secure_end(conn);
    (void)close(conn->fd);
    conn->fd = -1;
}

/* The connection is lost, or never came to be. */
static void conn_break(struct bench_conn *conn, const char *what,
                       const char *detail)
{
    bench_complain(conn->thread->run, what, detail);
    bench_count(conn->thread, BENCH_BROKEN, 1);
    conn_close(conn);
}

void bench_conn_begin(struct bench_conn *conn)
{
    const struct bench_run *run = conn->thread->run;
    const struct sockaddr *address = (const struct sockaddr *)&run->address;
    conn->since_ns = bench_now_ns();
    conn->fd = socket(address->sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) {
        conn_break(conn, "no socket", strerror(errno));
        return;
    }
    int one = 1;
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    conn->watched = true;
    if ((connect(conn->fd, address, run->address_size) != 0 &&
         errno != EINPROGRESS) ||
        !bench_poll_add(conn->thread->poll, conn->fd, conn, true)) {
        conn_break(conn, "cannot connect", strerror(errno));
    }
}

/* Keep what the socket did not take. */
static void pending_add(struct bench_conn *conn, struct bytes b)
{
    size_t end = conn->pending_at + conn->pending_size;
    if (end + b.size > conn->pending_capacity) {
        if (conn->pending_size > 0) {
            memmove(conn->pending, conn->pending + conn->pending_at,
                    conn->pending_size);
        }
        conn->pending_at = 0;
        end = conn->pending_size;
        if (end + b.size > conn->pending_capacity) {
            conn->pending_capacity = 2 * (end + b.size);
            conn->pending = bench_grow(conn->pending, conn->pending_capacity);
        }
    }
    memcpy(conn->pending + end, b.data, b.size);
    conn->pending_size += b.size;
    watch(conn, true);
}

/* Write what the socket takes; false when the connection is lost. */
static bool socket_write(struct bench_conn *conn, struct bytes b, size_t *wrote)
{
    enum err e = bench_secure_send(conn, b, wrote);
    /* What the broker said before it closed comes with the next read. */
    if (e == ERR_CLOSED) *wrote = b.size;
    if (e != OK && e != ERR_CLOSED) {
        conn_break(conn, "a connection is lost", bench_secure_why(conn, e));
        return false;
    }
    if (bench_secure_holds(conn)) watch(conn, true);
    return true;
}

void bench_conn_write(struct bench_conn *conn, struct bytes b)
{
    if (conn->fd < 0 || b.size == 0) return;
    size_t wrote = 0;
    if (conn->pending_size == 0 && !socket_write(conn, b, &wrote)) return;
    if (wrote < b.size) pending_add(conn, bytes_skip(b, wrote));
}

static void writer_send(struct bench_conn *conn, const struct writer *w)
{
    if (w->failed) {
        conn_break(conn, "a packet is too large to be made", NULL);
        return;
    }
    bench_conn_write(conn, writer_bytes(w));
}

static void connect_send(struct bench_conn *conn)
{
    const struct bench_run *run = conn->thread->run;
    const struct bench_options *o = run->options;
    char id[128];
    char user[256];
    char password[1024];
    uint8_t expiry[8];
    uint8_t space[SMALL_PACKET_SIZE];
    (void)snprintf(id, sizeof id, "%s%c%u", run->prefix,
                   conn->sender != NULL ? 's' : 'r', conn->index);
    struct connect connect = {
        .protocol = o->protocol,
        .clean_start = run->plan->clean,
        .keep_alive_s = (uint16_t)o->keepalive_s,
        .client_id = bytes_of(id),
        .has_user_name = o->user != NULL,
        .has_password = o->password != NULL,
    };
    if (o->user != NULL) {
        (void)bench_pattern(o->user, conn->index, 0, user, sizeof user);
        connect.user_name = bytes_of(user);
    }
    if (o->password != NULL) {
        (void)bench_pattern(o->password, conn->index, 0, password,
                            sizeof password);
        connect.password = bytes_of(password);
    }
    struct writer w = writer_at(expiry, sizeof expiry);
    if (!run->plan->clean && o->protocol == MQTT_50) {
        property_write_number(&w, PROPERTY_SESSION_EXPIRY, SESSION_EXPIRY_S);
        connect.properties = properties_of(writer_bytes(&w));
    }
    w = writer_at(space, sizeof space);
    connect_encode(&connect, &w);
    conn->talking = true;
    writer_send(conn, &w);
}

/* The handshake has come so far: CONNECT follows it. */
static void shaken(struct bench_conn *conn, enum err e)
{
    struct bench_thread *thread = conn->thread;
    if (e == ERR_MORE) {
        watch(conn, bench_secure_holds(conn));
        return;
    }
    if (e != OK) {
        conn_break(conn, "TLS is not agreed on", bench_secure_why(conn, e));
        return;
    }
    watch(conn, false);
    if (thread->cipher[0] == '\0') {
        bench_secure_name(conn, thread->cipher, sizeof thread->cipher);
    }
    connect_send(conn);
}

static void subscribed(struct bench_conn *conn)
{
    bench_count(conn->thread, BENCH_SUBSCRIBED, 1);
}

/* Ask for the next filters, FILTERS_PER_PACKET of them at most. */
void bench_conn_subscribe(struct bench_conn *conn)
{
    const struct bench_plan *plan = conn->thread->run->plan;
    uint32_t wanted =
        conn->sender == NULL && plan->filter != NULL ? plan->filters_each : 0;
    if (conn->filters >= wanted) {
        subscribed(conn);
        return;
    }
    uint8_t filters[FILTERS_PER_PACKET * FILTER_TEXT_SIZE];
    uint8_t space[sizeof filters + 64];
    struct writer w = writer_at(filters, sizeof filters);
    size_t count = 0;
    while (count < FILTERS_PER_PACKET && conn->filters < wanted) {
        char text[FILTER_TEXT_SIZE - 3];
        (void)bench_pattern(plan->filter, conn->index, conn->filters, text,
                            sizeof text);
        struct subscribe_filter filter = {
            .filter = bytes_of(text),
            .qos = (uint8_t)plan->qos,
        };
        subscribe_filter_write(&w, &filter);
        conn->filters += 1;
        count += 1;
    }
    struct subscribe subscribe = {
        .type = PACKET_SUBSCRIBE,
        .packet_id = 1,
        .filters = writer_bytes(&w),
        .count = count,
    };
    w = writer_at(space, sizeof space);
    subscribe_encode(&subscribe, protocol_of(conn), &w);
    writer_send(conn, &w);
}

/* The same packet as wire/ knows it. */
static enum err frame_of(const struct bench_conn *conn,
                         const struct bench_frame *f, struct frame *frame)
{
    return frame_next(f->packet, protocol_of(conn), PACKET_SIZE_MAX, frame);
}

static void connack_take(struct bench_conn *conn, const struct bench_frame *f)
{
    struct frame frame;
    struct connack connack;
    enum err err = frame_of(conn, f, &frame);
    if (err == OK) err = connack_decode(&frame, protocol_of(conn), &connack);
    if (err != OK) {
        conn_break(conn, "CONNACK cannot be read", err_text(err));
        return;
    }
    if (connack.code != 0) {
        uint8_t code = connack.code;
        if (protocol_of(conn) != MQTT_50) code = reason_of_connack3(code);
        bench_count(conn->thread, BENCH_REFUSED, 1);
        conn_break(conn, "a connection is refused",
                   reason_text(PACKET_CONNACK, code));
        return;
    }
    if (conn->sender != NULL && connack.properties.receive_max > 0 &&
        connack.properties.receive_max < conn->sender->window) {
        conn->sender->window = connack.properties.receive_max;
    }
    conn->connected = true;
    bench_histogram_add(&conn->thread->connect, bench_now_ns() - conn->since_ns,
                        1);
    bench_count(conn->thread, BENCH_CONNECTED, 1);
}

static void suback_take(struct bench_conn *conn, const struct bench_frame *f)
{
    struct frame frame;
    struct suback suback;
    enum err err = frame_of(conn, f, &frame);
    if (err == OK) err = suback_decode(&frame, protocol_of(conn), &suback);
    if (err != OK) {
        conn_break(conn, "SUBACK cannot be read", err_text(err));
        return;
    }
    for (size_t i = 0; i < suback.codes.size; i++) {
        bool refused = suback.codes.data[i] >= 0x80;
        if (refused) {
            bench_complain(conn->thread->run, "a filter is refused",
                           reason_text(PACKET_SUBACK, suback.codes.data[i]));
        }
        bench_count(conn->thread, refused ? BENCH_REFUSED : BENCH_FILTERED, 1);
    }
    bench_conn_subscribe(conn);
}

static void disconnect_take(struct bench_conn *conn,
                            const struct bench_frame *f)
{
    struct frame frame;
    struct disconnect d;
    enum err err = frame_of(conn, f, &frame);
    if (err == OK) err = disconnect_decode(&frame, protocol_of(conn), &d);
    conn_break(conn, "the broker disconnects a client",
               err == OK ? reason_text(PACKET_DISCONNECT, d.reason)
                         : err_text(err));
}

static void packet_take(struct bench_conn *conn, const struct bench_frame *f)
{
    switch (f->type) {
    case PACKET_PUBLISH:
    case PACKET_PUBREL:
        if (conn->sender == NULL) bench_receiver_take(conn, f);
        return;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBCOMP:
        if (conn->sender != NULL) bench_sender_answered(conn, f);
        return;
    case PACKET_PINGRESP:
        if (conn->sender != NULL) bench_sender_ponged(conn);
        return;
    case PACKET_CONNACK: connack_take(conn, f); return;
    case PACKET_SUBACK: suback_take(conn, f); return;
    case PACKET_DISCONNECT: disconnect_take(conn, f); return;
    default: conn_break(conn, "an unexpected packet", packet_name(f->type));
    }
}

/* Keep the start of a packet, which lies in the thread's input. */
static void partial_keep(struct bench_conn *conn, struct bytes rest)
{
    conn->partial_size = rest.size;
    if (rest.size == 0) {
        free(conn->partial);
        conn->partial = NULL;
        return;
    }
    conn->partial = bench_grow(conn->partial, rest.size);
    memcpy(conn->partial, rest.data, rest.size);
}

static void input_take(struct bench_conn *conn, struct bytes in)
{
    struct bench_thread *thread = conn->thread;
    struct bench_frame f;
    enum err err = OK;
    thread->now_ns = bench_now_ns();
    thread->reply_size = 0;
    while (conn->fd >= 0) {
        err = bench_frame_next(in, protocol_of(conn), &f);
        if (err != OK) break;
        packet_take(conn, &f);
        in = bytes_skip(in, f.packet.size);
        thread->arrived_ns = thread->now_ns;
    }
    bench_conn_write(conn, bytes_at(thread->replies, thread->reply_size));
    if (err == ERR_MALFORMED) {
        conn_break(conn, "a malformed packet", NULL);
        return;
    }
    if (in.size == bench_input_size(thread->run)) {
        conn_break(conn, "a packet is larger than all that were sent", NULL);
        return;
    }
    partial_keep(conn, in);
}

/* Read once; false when nothing more is there, or the connection is not. */
static bool input_read(struct bench_conn *conn)
{
    struct bench_thread *thread = conn->thread;
    size_t room = bench_input_size(thread->run) - conn->partial_size;
    uint8_t *at = thread->input + conn->partial_size;
    size_t count;
    enum err e = bench_secure_receive(conn, at, room, &count);
    if (e != OK) {
        conn_break(conn,
                   conn->talking ? "a connection is lost" : "cannot connect",
                   bench_secure_why(conn, e));
        return false;
    }
    if (count == 0) return false;
    if (conn->partial_size > 0) {
        memcpy(thread->input, conn->partial, conn->partial_size);
    }
    input_take(conn, bytes_at(thread->input, conn->partial_size + count));
    return conn->fd >= 0 && bench_secure_has_input(conn);
}

void bench_conn_readable(struct bench_conn *conn)
{
    if (conn->fd < 0) return;
    if (conn->shaking) {
        shaken(conn, bench_secure_shake(conn));
        return;
    }
    while (input_read(conn)) {
    }
}

/* The socket is connected, or cannot be. */
static void connected(struct bench_conn *conn)
{
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        conn_break(conn, "cannot connect", strerror(error));
        return;
    }
    shaken(conn, bench_secure_begin(conn));
}

void bench_conn_writable(struct bench_conn *conn)
{
    if (conn->fd < 0) return;
    if (conn->shaking) {
        shaken(conn, bench_secure_shake(conn));
        return;
    }
    if (!conn->talking) {
        connected(conn);
        return;
    }
    size_t wrote = 0;
    struct bytes rest = {conn->pending + conn->pending_at, conn->pending_size};
    bool any = rest.size > 0 || bench_secure_holds(conn);
    if (any && !socket_write(conn, rest, &wrote)) return;
    conn->pending_at += wrote;
    conn->pending_size -= wrote;
    if (bench_conn_is_full(conn)) return;
    conn->pending_at = 0;
    watch(conn, false);
    if (conn->sender != NULL) bench_conn_ready(conn);
}

bool bench_conn_is_full(const struct bench_conn *conn)
{
    return conn->pending_size > 0 || bench_secure_holds(conn);
}

void bench_conn_ready(struct bench_conn *conn)
{
    struct bench_thread *thread = conn->thread;
    if (conn->ready) return;
    conn->ready = true;
    conn->next_ready = NULL;
    if (thread->ready_last != NULL) thread->ready_last->next_ready = conn;
    if (thread->ready_first == NULL) thread->ready_first = conn;
    thread->ready_last = conn;
}

void bench_conn_ping(struct bench_conn *conn)
{
    uint8_t space[PING_SIZE];
    struct writer w = writer_at(space, sizeof space);
    ping_encode(PACKET_PINGREQ, &w);
    writer_send(conn, &w);
}

void bench_conn_end(struct bench_conn *conn)
{
    uint8_t space[DISCONNECT_SIZE];
    struct writer w = writer_at(space, sizeof space);
    struct disconnect disconnect = {.reason = REASON_NORMAL_DISCONNECTION};
    disconnect_encode(&disconnect, protocol_of(conn), &w);
    if (conn->connected && conn->fd >= 0 && !bench_conn_is_full(conn)) {
        size_t count;
        enum err e = bench_secure_send(conn, writer_bytes(&w), &count);
        (void)e; /* The connection ends either way. */
    }
    conn_close(conn);
    free(conn->partial);
    free(conn->pending);
    conn->partial = conn->pending = NULL;
    conn->partial_size = conn->pending_size = 0;
}
