/* stream.c - see stream.h.
 *
 * Sockets are polled and read here, and not with libuv's streams, because a
 * connection changes threads: a polled socket is handed over as it is, without
 * a second descriptor for it, and output needs no request per write.
 */
#include "net/stream.h"

#include "net/socket.h"

#include <assert.h>

enum {
    /* Runs of bytes in one system call. */
    LIST_MAX = 64,

    /* Pieces below this size are copied together rather than listed. */
    COPY_SIZE = 1024,
    SCRATCH_SIZE = 64 * 1024,

    /* Posts between two flushes, what may be put together for one, and for
     * all of them. */
    POSTED_MAX = 1024,
    POST_SIZE_MAX = 16 * 1024,
    STAGE_SIZE = 256 * 1024,

    /* System calls for one stream before others have their turn. */
    ROUNDS_MAX = 16,

    /* The most to read at once of a handshake. */
    GREETING_READ_MAX = 16 * 1024
};

/* One system call in the making. */
struct batch {
    uv_buf_t list[LIST_MAX];
    size_t count;
    size_t size;
    uint8_t *scratch;
    size_t scratch_used;
};

static void timer_arm(struct streams *all);
static void streams_reap(struct streams *all);
static void on_timer(uv_timer_t *timer);
static void on_ready(struct watch *watch, unsigned events, bool failed);
static void on_greeter(uv_idle_t *idle);
static void stream_leave(struct stream *stream, bool linger);

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
    all->scratch = pool_resize(pool, NULL, 0, SCRATCH_SIZE);
    all->stage = pool_resize(pool, NULL, 0, STAGE_SIZE);
    all->posted = pool_resize(pool, NULL, 0, POSTED_MAX * sizeof *all->posted);
    all->posters =
        pool_resize(pool, NULL, 0, POSTED_MAX * sizeof *all->posters);
    all->flush = flush_new();
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
    pool_give(all->pool, all->scratch, SCRATCH_SIZE);
    pool_give(all->pool, all->stage, STAGE_SIZE);
    pool_give(all->pool, all->posted, POSTED_MAX * sizeof *all->posted);
    pool_give(all->pool, all->posters, POSTED_MAX * sizeof *all->posters);
    flush_free(all->flush);
}

bool stream_waits(const struct stream *stream)
{
    if (stream_waiting_bytes(stream) > 0) return true;
    return stream->shield != NULL && shield_waits(stream->shield);
}

/* What is rare of it, to be written in. */
static struct stream_rare *rare_own(struct stream *stream)
{
    if (stream->rare != NULL) return stream->rare;
    stream->rare = pool_take(stream->all->pool, sizeof *stream->rare);
    stream->rare->stream = stream;
    timer_init(&stream->rare->timer);
    return stream->rare;
}

static void rare_free(struct stream *stream)
{
    struct streams *all = stream->all;
    if (stream->rare == NULL) return;
    assert(stream->rare->output.head == NULL);
    wheel_clear(&all->wheel, &stream->rare->timer);
    pool_give(all->pool, stream->rare, sizeof *stream->rare);
    stream->rare = NULL;
}

/* Forget it, once the stream is open and nothing waits. */
static void rare_tidy(struct stream *stream)
{
    if (stream->state != STREAM_OPEN) return;
    if (stream_waiting_bytes(stream) == 0) rare_free(stream);
}

/* Forget the output that waits. */
static void output_drop(struct stream *stream)
{
    struct streams *all = stream->all;
    if (stream->rare == NULL) return;
    backlog_fini(&stream->rare->output, all->pool, all->user->release);
}

/* Ask the loop for what the stream waits for now. */
static void stream_poll(struct stream *stream)
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

/* It has nothing to do in its handshake. */
static void greeting_leave(struct stream *stream)
{
    struct shield *shield = stream->shield;
    if (shield == NULL || list_empty(&shield->of_greeting)) return;
    list_remove(&shield->of_greeting);
}

/* The stream gives up its socket, which is returned. */
static int stream_end(struct stream *stream)
{
    assert(stream->state != STREAM_CLOSED);
    assert(!stream->posted);
    struct streams *all = stream->all;
    stream->state = STREAM_CLOSED;
    greeting_leave(stream);
    output_drop(stream);
    watch_stop(all->poller, &stream->watch);
    /* Its memory is used until the loop is done with what is ready now. */
    wheel_set(&all->wheel, &rare_own(stream)->timer, uv_now(all->loop));
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

static void stream_wait(struct stream *stream, uint64_t wait_ms)
{
    struct streams *all = stream->all;
    wheel_set(&all->wheel, &rare_own(stream)->timer,
              uv_now(all->loop) + wait_ms);
    timer_arm(all);
}

/* Its time for the handshake is over. */
static void greeting_expire(struct stream *stream)
{
    const char *why = stream->shield->heard > 0
                          ? "the client did not finish its handshake in time"
                          : "the client has not said a word";
    stream->all->user->refused(stream, why);
}

/* Streams whose time is over: one that greets or lingers is closed, and one
 * that is closed is no more. */
static void streams_reap(struct streams *all)
{
    struct timer *due = wheel_due(&all->wheel, uv_now(all->loop));
    for (; due != NULL; due = wheel_due(&all->wheel, uv_now(all->loop))) {
        struct stream *stream = OWNER(due, struct stream_rare, timer)->stream;
        if (stream->state == STREAM_CLOSED) {
            rare_free(stream);
            all->user->closed(stream);
            continue;
        }
        if (stream->state == STREAM_GREETING) greeting_expire(stream);
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

static void stream_leave(struct stream *stream, bool linger)
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

/* Add bytes to the call, behind the last run when they follow it. */
static void batch_add(struct batch *batch, const uint8_t *data, size_t size)
{
    batch->size += size;
    if (batch->count > 0) {
        uv_buf_t *last = &batch->list[batch->count - 1];
        if ((const uint8_t *)last->base + last->len == data) {
            last->len += size;
            return;
        }
    }
    batch->list[batch->count].base = (char *)(uintptr_t)data;
    batch->list[batch->count].len = size;
    batch->count++;
}

/* Gather pieces for one call. Returns how many of them are in it. */
static size_t batch_fill(struct batch *batch, const struct piece *pieces,
                         size_t count)
{
    batch->count = batch->size = batch->scratch_used = 0;
    size_t index = 0;
    for (; index < count && batch->count < LIST_MAX; index++) {
        struct bytes bytes = pieces[index].bytes;
        if (bytes.size == 0) continue;
        if (bytes.size < COPY_SIZE && count > 1) {
            if (batch->scratch_used + bytes.size > SCRATCH_SIZE) break;
            uint8_t *to = batch->scratch + batch->scratch_used;
            memcpy(to, bytes.data, bytes.size);
            batch->scratch_used += bytes.size;
            bytes.data = to;
        }
        batch_add(batch, bytes.data, bytes.size);
    }
    return index;
}

/* A write failed: nothing more can leave. The loop finds the socket readable
 * and its end there, and tells the user. */
static void stream_break(struct stream *stream)
{
    stream->broken = true;
    stream->reading = true;
    output_drop(stream);
    if (stream->shield != NULL) shield_abandon(stream->shield);
    stream_poll(stream);
}

/* As socket_write, but encrypted where it must be. */
static ssize_t stream_put(struct stream *stream, const uv_buf_t *list,
                          size_t count)
{
    if (stream->shield == NULL)
        return socket_write(stream->watch.fd, list, count);
    return shield_write(stream->shield, &stream->all->shields, stream->watch.fd,
                        list, count);
}

/* Write what the socket takes at once of `pieces`. Adds to *written how many
 * bytes went; false when the peer is gone. */
static bool pieces_write(struct stream *stream, const struct piece *pieces,
                         size_t count, size_t *written)
{
    struct batch batch;
    batch.scratch = stream->all->scratch;
    while (count > 0) {
        size_t taken = batch_fill(&batch, pieces, count);
        if (batch.count > 0) {
            ssize_t put = stream_put(stream, batch.list, batch.count);
            if (put < 0) return put == UV_EAGAIN || put == UV_ENOBUFS;
            *written += (size_t)put;
            if ((size_t)put < batch.size) return true;
        }
        pieces += taken;
        count -= taken;
    }
    return true;
}

/* Let go of pieces of which the first `written` bytes have left, and keep the
 * rest for later. Returns how many with `notify` are done. */
static unsigned pieces_settle(struct stream *stream, const struct piece *pieces,
                              size_t count, size_t written)
{
    struct streams *all = stream->all;
    unsigned notify_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct piece piece = pieces[i];
        bool waits = stream->rare != NULL && stream->rare->output.head != NULL;
        if (!waits && written >= piece.bytes.size) {
            written -= piece.bytes.size;
            if (piece.notify) notify_count++;
            if (piece.owner != NULL) all->user->release(piece.owner);
            continue;
        }
        piece.bytes = bytes_skip(piece.bytes, written);
        written = 0;
        backlog_append(&rare_own(stream)->output, all->pool, piece);
    }
    assert(written == 0);
    return notify_count;
}

unsigned stream_write(struct stream *stream, const struct piece *pieces,
                      size_t count)
{
    assert(stream->state == STREAM_OPEN);
    bool waited = stream_waits(stream);
    size_t written = 0;
    bool alive = !stream->broken;
    if (alive && !waited) {
        alive = pieces_write(stream, pieces, count, &written);
    }
    unsigned notify_count = pieces_settle(stream, pieces, count, written);
    if (!alive) {
        stream_break(stream);
    } else if (!waited && stream_waits(stream)) {
        stream_poll(stream);
    }
    return notify_count;
}

/* Whether `pieces` are one small run that nobody needs to hear of. */
static bool pieces_postable(const struct piece *pieces, size_t count,
                            size_t *size)
{
    *size = 0;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].owner != NULL || pieces[i].notify) return false;
        *size += pieces[i].bytes.size;
    }
    return *size > 0 && *size <= POST_SIZE_MAX;
}

/* The bytes of `pieces` in one run: where they are, or copied together. */
static struct bytes pieces_stage(struct streams *all,
                                 const struct piece *pieces, size_t count)
{
    if (count == 1) return pieces[0].bytes;
    uint8_t *to = all->stage + all->staged;
    struct bytes run = bytes_at(to, 0);
    for (size_t i = 0; i < count; i++) {
        memcpy(to + run.size, pieces[i].bytes.data, pieces[i].bytes.size);
        run.size += pieces[i].bytes.size;
    }
    all->staged += run.size;
    assert(all->staged <= STAGE_SIZE);
    return run;
}

/* Room that `size` bytes to post take on the stage. */
static size_t stage_size(const struct stream *stream, size_t size)
{
    return stream->shield == NULL ? size : 2 * size + TUNNEL_EXTRA_MAX;
}

/* Encrypt a run to post, on the stage. No bytes: the stream is broken. */
static struct bytes run_seal(struct stream *stream, struct bytes run)
{
    struct streams *all = stream->all;
    uint8_t *to = all->stage + all->staged;
    run = shield_seal(stream->shield, &all->shields, run, to);
    all->staged += run.size;
    assert(all->staged <= STAGE_SIZE);
    return run;
}

unsigned stream_post(struct stream *stream, const struct piece *pieces,
                     size_t count)
{
    assert(stream->state == STREAM_OPEN);
    struct streams *all = stream->all;
    size_t size;
    bool postable = pieces_postable(pieces, count, &size);
    bool full = all->posted_count == POSTED_MAX ||
                all->staged + stage_size(stream, size) > STAGE_SIZE;
    if (stream->posted || (postable && full)) streams_flush(all);
    if (!postable || stream_waits(stream) || stream->broken) {
        return stream_write(stream, pieces, count);
    }
    struct bytes run = pieces_stage(all, pieces, count);
    if (stream->shield != NULL) run = run_seal(stream, run);
    if (run.size == 0) {
        stream_break(stream);
        return 0;
    }
    all->posters[all->posted_count] = stream;
    all->posted[all->posted_count++] =
        (struct flush_write){.fd = stream->watch.fd, .bytes = run};
    stream->posted = true;
    return 0;
}

/* What came of a post. */
static void post_settle(struct stream *stream, const struct flush_write *write)
{
    stream->posted = false;
    size_t put = write->put > 0 ? (size_t)write->put : 0;
    if (put == write->bytes.size) return;
    if (write->put < 0 && write->put != UV_EAGAIN && write->put != UV_ENOBUFS) {
        stream_break(stream);
        return;
    }
    struct piece rest = {.bytes = bytes_skip(write->bytes, put)};
    if (stream->shield != NULL) {
        shield_keep(stream->shield, rest.bytes);
    } else {
        backlog_append(&rare_own(stream)->output, stream->all->pool, rest);
    }
    stream_poll(stream);
}

void streams_flush(struct streams *all)
{
    if (all->posted_count == 0) return;
    flush_run(all->flush, all->posted, all->posted_count);
    for (size_t i = 0; i < all->posted_count; i++)
        post_settle(all->posters[i], &all->posted[i]);
    all->posted_count = 0;
    all->staged = 0;
}

/* All that was given to be written has left: so may the stream. */
static void output_empty(struct stream *stream)
{
    if (stream->state == STREAM_FLUSHING) {
        farewell(stream);
        if (!stream_waits(stream)) drain_start(stream);
    }
    stream_poll(stream);
}

/* Write what waited, as far as the socket takes it. */
static void output_flush(struct stream *stream)
{
    struct streams *all = stream->all;
    unsigned notify_count = 0;
    ssize_t put = 0;
    for (int i = 0; i < ROUNDS_MAX && stream_waiting_bytes(stream) > 0; i++) {
        uv_buf_t list[LIST_MAX];
        struct backlog *output = &stream->rare->output;
        size_t count = backlog_list(output, list, LIST_MAX);
        put = stream_put(stream, list, count);
        if (put < 0) break;
        notify_count +=
            backlog_consume(output, all->pool, (size_t)put, all->user->release);
    }
    if (put >= 0 && stream_waiting_bytes(stream) == 0 &&
        stream->shield != NULL) {
        enum err err = shield_flush(stream->shield, stream->watch.fd);
        if (err == ERR_IO) put = UV_EPIPE;
    }
    if (put < 0 && put != UV_EAGAIN && put != UV_ENOBUFS) {
        stream_break(stream);
        return;
    }
    if (!stream_waits(stream)) output_empty(stream);
    rare_tidy(stream);
    if (notify_count > 0 && stream->state == STREAM_OPEN) {
        all->user->written(stream, notify_count);
    }
}

/* The peer is gone. Nobody waits for one that lingers. */
static void end_met(struct stream *stream)
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
    struct stream_rare *rare = rare_own(stream);
    rare->drained += (uint32_t)bytes.size;
    if (rare->drained > STREAM_DRAIN_BYTES_MAX) stream_drop(stream);
}

/* `bytes` came from the socket. False: no more will. */
static bool input_met(struct stream *stream, struct bytes bytes)
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

/* Read once, or, when the socket has failed, what came before it did. */
static void input_read(struct stream *stream, bool failed)
{
    struct streams *all = stream->all;
    for (int i = 0; i < ROUNDS_MAX && stream->state != STREAM_CLOSED; i++) {
        ssize_t got = socket_read(stream->watch.fd, all->input, all->read_size);
        if (got > 0) {
            bool more = input_met(stream, bytes_at(all->input, (size_t)got));
            if (more && !failed) return;
            if (more) continue;
            break;
        }
        if (got == UV_EAGAIN && !failed) return;
        break;
    }
    if (stream->state != STREAM_CLOSED) end_met(stream);
}

enum err stream_greet(struct stream *stream, struct streams *all, int fd,
                      struct tls_server *server, uint64_t wait_ms)
{
    struct shield *shield = shield_new(server);
    if (shield == NULL) return ERR_IO;
    enum err err = stream_open(stream, all, fd, shield);
    if (err != OK) {
        shield_free(shield);
        return err;
    }
    shield->stream = stream;
    stream->state = STREAM_GREETING;
    stream_wait(stream, wait_ms);
    return OK;
}

/* The handshake comes to nothing. The peer has been told, if it could be, and
 * has time to read it. */
static void greeting_fail(struct stream *stream, const char *why, bool ended)
{
    wheel_clear(&stream->all->wheel, &rare_own(stream)->timer);
    stream->ended = ended;
    stream->all->user->refused(stream, why);
    stream_leave(stream, true);
}

static void greeting_end(struct stream *stream, struct bytes left)
{
    stream->state = STREAM_OPEN;
    rare_free(stream);
    stream->reading = true;
    stream_poll(stream);
    stream->all->user->greeted(stream);
    if (left.size == 0 || stream->state != STREAM_OPEN) return;
    if (!input_met(stream, left) && stream->state != STREAM_CLOSED) {
        end_met(stream);
    }
}

/* One step of a handshake. */
static void greeting_step(struct stream *stream)
{
    struct streams *all = stream->all;
    struct shield *shield = stream->shield;
    greeting_leave(stream);
    ssize_t got = socket_read(stream->watch.fd, all->input, GREETING_READ_MAX);
    struct bytes left = bytes_at(NULL, 0);
    struct trouble_text trouble;
    enum err err = ERR_MORE;
    if (got > 0) {
        err = shield_greet(shield, &all->shields, stream->watch.fd,
                           bytes_at(all->input, (size_t)got), &left, &trouble);
    } else if (got != UV_EAGAIN) {
        const char *why = "the client closed the connection";
        greeting_fail(stream, shield->heard > 0 ? why : NULL, true);
        return;
    }
    if (err == OK) {
        greeting_end(stream, left);
    } else if (err == ERR_MORE) {
        stream->reading = true;
        stream_poll(stream);
    } else {
        greeting_fail(stream, trouble.text, false);
    }
}

/* There is time left in this turn of the loop. */
static void on_greeter(uv_idle_t *idle)
{
    struct streams *all = idle->data;
    uint64_t start_ns = uv_hrtime();
    while (!list_empty(&all->greeting)) {
        struct shield *shield =
            OWNER(all->greeting.next, struct shield, of_greeting);
        greeting_step(shield->stream);
        if (uv_hrtime() - start_ns >= STREAM_GREETING_NS) break;
    }
    if (list_empty(&all->greeting)) (void)uv_idle_stop(idle);
}

/* The socket of a handshake is ready: the step waits for its turn. */
static void greeting_met(struct stream *stream, unsigned events)
{
    struct streams *all = stream->all;
    struct shield *shield = stream->shield;
    if ((events & WATCH_WRITE) != 0 && shield_waits(shield)) {
        /* A socket that is broken is found when it is read. */
        if (shield_flush(shield, stream->watch.fd) != ERR_MORE)
            stream_poll(stream);
    }
    if ((events & WATCH_READ) == 0 || !stream->reading) return;
    stream->reading = false;
    stream_poll(stream);
    list_push(&all->greeting, &shield->of_greeting);
    (void)uv_idle_start(&all->greeter, on_greeter);
}

static void on_ready(struct watch *watch, unsigned events, bool failed)
{
    struct stream *stream = OWNER(watch, struct stream, watch);
    if (stream->state == STREAM_CLOSED) return;
    if (stream->state == STREAM_GREETING) {
        greeting_met(stream, failed ? WATCH_READ : events);
        return;
    }
    if (failed) {
        input_read(stream, true);
        return;
    }
    if ((events & WATCH_WRITE) != 0 && stream_waits(stream)) {
        output_flush(stream);
    }
    if ((events & WATCH_READ) != 0 && stream->state != STREAM_CLOSED &&
        stream->reading && !stream->ended) {
        input_read(stream, false);
    }
}
