/* stream.c - see stream.h.
 *
 * Sockets are polled and read here, and not with libuv's streams, because a
 * connection changes threads: a polled socket is handed over as it is, without
 * a second descriptor for it, and output needs no request per write.
 */
#include "net/stream.h"

#include "net/stream_state.h"

#include <assert.h>

static void timer_arm(struct streams *all);
static void streams_reap(struct streams *all);
static void on_timer(uv_timer_t *timer);
static void on_ready(struct watch *watch, unsigned events, bool failed);

enum err streams_init(struct streams *all, uv_loop_t *loop, struct pool *pool,
                      const struct stream_user *user)
{
    *all = (struct streams){.loop = loop, .pool = pool, .user = user};
    all->read_size = STREAM_READ_MAX;
    if (uv_timer_init(loop, &all->timer) != 0) return ERR_IO;
    (void)uv_idle_init(loop, &all->greeter);
    all->timer.data = all->greeter.data = all;
    list_init(&all->greeting);
    shields_init(&all->shields, pool, STREAM_READ_MAX);
    all->input = pool_resize(pool, NULL, 0, STREAM_READ_MAX);
    stream_output_init(all);
    all->poller = poller_new(loop, on_ready);
    if (all->poller == NULL) return ERR_IO;
    wheel_init(&all->wheel, uv_now(loop));
    return OK;
}

void streams_fini(struct streams *all)
{
    assert(all->count == 0);
    streams_reap(all);
    uv_close((uv_handle_t *)&all->timer, NULL);
    uv_close((uv_handle_t *)&all->greeter, NULL);
    poller_free(all->poller);
    shields_fini(&all->shields);
    pool_give(all->pool, all->input, STREAM_READ_MAX);
    stream_output_fini(all);
}

bool stream_waits(const struct stream *stream)
{
    if (stream_waiting_bytes(stream) > 0) return true;
    return stream->shield != NULL && shield_waits(stream->shield);
}

/* What is rare of it, to be written in. */
struct stream_rare *stream_rare_own(struct stream *stream)
{
    if (stream->rare != NULL) return stream->rare;
    stream->rare = pool_take(stream->all->pool, sizeof *stream->rare);
    stream->rare->stream = stream;
    timer_init(&stream->rare->timer);
    return stream->rare;
}

void stream_rare_free(struct stream *stream)
{
    struct streams *all = stream->all;
    if (stream->rare == NULL) return;
    assert(stream->rare->output.head == NULL);
    wheel_clear(&all->wheel, &stream->rare->timer);
    pool_give(all->pool, stream->rare, sizeof *stream->rare);
    stream->rare = NULL;
}

/* Forget it, once the stream is open and nothing waits. */
void stream_rare_tidy(struct stream *stream)
{
    if (stream->state != STREAM_OPEN) return;
    if (stream_waiting_bytes(stream) == 0) stream_rare_free(stream);
}

/* Ask the loop for what the stream waits for now. */
void stream_poll(struct stream *stream)
{
    if (stream->state == STREAM_CLOSED) return;
    unsigned events = 0;
    if (stream->reading) events |= WATCH_READ;
    if (stream_waits(stream)) events |= WATCH_WRITE;
    if (stream->ended) events = 0;
    watch_set(stream->all->poller, &stream->watch, events);
}

enum err stream_open(struct stream *stream, struct streams *all, int fd,
                     struct shield *shield)
{
    assert(fd >= 0);
    *stream = (struct stream){.all = all, .reading = true};
    enum err e = watch_start(all->poller, &stream->watch, fd);
    if (e != OK) return e;
    stream->shield = shield;
    all->count++;
    stream_poll(stream);
    return OK;
}

/* The stream gives up its socket, which is returned. */
static int stream_end(struct stream *stream)
{
    assert(stream->state != STREAM_CLOSED);
    assert(!stream->posted);
    struct streams *all = stream->all;
    stream->state = STREAM_CLOSED;
    if (all->lone == stream) all->lone = NULL;
    stream_greeting_leave(stream);
    stream_output_drop(stream);
    watch_stop(all->poller, &stream->watch);
    /* Its memory is used until the loop is done with what is ready now. */
    wheel_set(&all->wheel, &stream_rare_own(stream)->timer, uv_now(all->loop));
    timer_arm(all);
    assert(all->count > 0);
    all->count--;
    return stream->watch.fd;
}

/* The end of it, and of its socket. */
static void stream_drop(struct stream *stream)
{
    socket_close(stream_end(stream));
    shield_free(stream->shield);
    stream->shield = NULL;
}

void stream_cut(struct stream *stream)
{
    if (stream->state != STREAM_CLOSED) stream_drop(stream);
}

int stream_detach(struct stream *stream, struct shield **shield)
{
    assert(stream->state == STREAM_OPEN);
    *shield = stream->shield;
    stream->shield = NULL;
    return stream_end(stream);
}

const char *stream_identity(const struct stream *stream)
{
    if (stream->shield == NULL) return "";
    return tunnel_identity(stream->shield->tunnel);
}

static void timer_arm(struct streams *all)
{
    uint64_t deadline_ms = wheel_next(&all->wheel);
    if (deadline_ms == WHEEL_NEVER) {
        (void)uv_timer_stop(&all->timer);
        return;
    }
    uint64_t now_ms = uv_now(all->loop);
    uint64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    (void)uv_timer_start(&all->timer, on_timer, wait_ms, 0);
}

void stream_wait(struct stream *stream, uint64_t wait_ms)
{
    struct streams *all = stream->all;
    wheel_set(&all->wheel, &stream_rare_own(stream)->timer,
              uv_now(all->loop) + wait_ms);
    timer_arm(all);
}

/* Streams whose time is over: one that greets or lingers is closed, and one
 * that is closed is no more. */
static void streams_reap(struct streams *all)
{
    struct timer *due = wheel_due(&all->wheel, uv_now(all->loop));
    for (; due != NULL; due = wheel_due(&all->wheel, uv_now(all->loop))) {
        struct stream *stream = OWNER(due, struct stream_rare, timer)->stream;
        if (stream->state == STREAM_CLOSED) {
            stream_rare_free(stream);
            all->user->closed(stream);
            continue;
        }
        if (stream->state == STREAM_GREETING) stream_greeting_expire(stream);
        stream_drop(stream);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct streams *all = timer->data;
    streams_reap(all);
    timer_arm(all);
}

/* All has been written: say so to the peer, and listen for its end. */
static void drain_start(struct stream *stream)
{
    stream->state = STREAM_DRAINING;
    socket_shut_write(stream->watch.fd);
    stream_wait(stream, STREAM_DRAIN_MS);
}

/* Tell the peer, in the language of TLS, that no more comes. */
static void farewell(struct stream *stream)
{
    if (stream->shield == NULL || stream->broken) return;
    shield_close(stream->shield, &stream->all->shields, stream->watch.fd);
}

void stream_close(struct stream *stream, bool linger)
{
    assert(stream->state == STREAM_OPEN);
    stream_leave(stream, linger);
}

void stream_leave(struct stream *stream, bool linger)
{
    if (stream_waiting_bytes(stream) == 0) farewell(stream);
    if (!linger || stream->ended || stream->broken) {
        stream_drop(stream);
        return;
    }
    stream->reading = true;
    if (stream_waits(stream)) {
        stream->state = STREAM_FLUSHING;
        stream_wait(stream, STREAM_FLUSH_MS);
    } else {
        drain_start(stream);
    }
    stream_poll(stream);
}

void stream_pause(struct stream *stream)
{
    if (!stream->reading) return;
    stream->reading = false;
    stream_poll(stream);
}

void stream_resume(struct stream *stream)
{
    if (stream->reading) return;
    stream->reading = true;
    stream_poll(stream);
}

/* All that was given to be written has left: so may the stream. */
void stream_emptied(struct stream *stream)
{
    if (stream->state == STREAM_FLUSHING) {
        farewell(stream);
        if (!stream_waits(stream)) drain_start(stream);
    }
    stream_poll(stream);
}

/* The peer is gone. Nobody waits for one that lingers. */
void stream_end_met(struct stream *stream)
{
    if (stream->state != STREAM_OPEN) {
        stream_drop(stream);
        return;
    }
    stream->ended = true;
    stream_poll(stream);
    stream->all->user->ended(stream);
}

static void bytes_met(struct stream *stream, struct bytes bytes)
{
    if (stream->state == STREAM_OPEN) {
        if (!stream->broken) stream->all->user->bytes(stream, bytes);
        return;
    }
    struct stream_rare *rare = stream_rare_own(stream);
    rare->drained += (uint32_t)bytes.size;
    if (rare->drained > STREAM_DRAIN_BYTES_MAX) stream_drop(stream);
}

/* `bytes` came from the socket. False: no more will. */
bool stream_input_met(struct stream *stream, struct bytes bytes)
{
    if (stream->shield == NULL || stream->state != STREAM_OPEN) {
        bytes_met(stream, bytes);
        return true;
    }
    struct bytes plain;
    enum err err = shield_read(stream->shield, &stream->all->shields,
                               stream->watch.fd, bytes, &plain);
    if (shield_waits(stream->shield)) stream_poll(stream);
    if (plain.size > 0) bytes_met(stream, plain);
    return err == OK;
}

/* `size` bytes were read. */
static void read_note(struct stream *stream, size_t size)
{
    struct streams *all = stream->all;
    all->lone = NULL;
    if (all->reads++ > 0 || size > STREAM_LONE_BYTES) return;
    uint16_t now_ms = (uint16_t)uv_now(all->loop);
    uint16_t gap_ms = (uint16_t)(now_ms - stream->lone_ms);
    if (gap_ms >= STREAM_HELD_MIN_MS && gap_ms <= STREAM_HELD_MAX_MS) {
        stream->held = true;
    }
    stream->lone_ms = now_ms;
    all->lone = stream;
}

void streams_settle(struct streams *all)
{
    struct stream *lone = all->lone;
    if (lone != NULL && lone->held) socket_acknowledge(lone->watch.fd);
    all->lone = NULL;
    all->reads = 0;
}

/* Read once, or, when the socket has failed, what came before it did. `ends`:
 * the peer sends nothing more, and behind what is left is the end. */
static void input_read(struct stream *stream, bool failed, bool ends)
{
    struct streams *all = stream->all;
    for (int i = 0; i < STREAM_ROUNDS_MAX && stream->state != STREAM_CLOSED;
         i++) {
        size_t size = all->read_size;
        ssize_t got = socket_read(stream->watch.fd, all->input, size);
        if (got > 0) {
            bool left = ends || (size_t)got == size;
            if (left && !failed) watch_again(all->poller, &stream->watch);
            read_note(stream, (size_t)got);
            bool more =
                stream_input_met(stream, bytes_at(all->input, (size_t)got));
            if (more && !failed) return;
            if (more) continue;
            break;
        }
        if (got == UV_EAGAIN && !failed) return;
        break;
    }
    if (stream->state != STREAM_CLOSED) stream_end_met(stream);
}

static void on_ready(struct watch *watch, unsigned events, bool failed)
{
    struct stream *stream = OWNER(watch, struct stream, watch);
    if (stream->state == STREAM_CLOSED) return;
    if (stream->state == STREAM_GREETING) {
        stream_greeting_met(stream, failed ? WATCH_READ : events);
        return;
    }
    if (failed) {
        input_read(stream, true, false);
        return;
    }
    if ((events & WATCH_WRITE) != 0 && stream_waits(stream)) {
        stream_output_flush(stream);
    }
    if ((events & WATCH_READ) != 0 && stream->state != STREAM_CLOSED &&
        stream->reading && !stream->ended) {
        input_read(stream, false, (events & WATCH_END) != 0);
    }
}
