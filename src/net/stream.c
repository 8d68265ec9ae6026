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
    ROUNDS_MAX = 16
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

enum err streams_init(struct streams *all, uv_loop_t *loop, struct pool *pool,
                      const struct stream_user *user)
{
    *all = (struct streams){.loop = loop, .pool = pool, .user = user};
    all->read_size = STREAM_READ_MAX;
    if (uv_timer_init(loop, &all->timer) != 0) return ERR_IO;
    all->timer.data = all;
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
    poller_free(all->poller);
    pool_give(all->pool, all->input, STREAM_READ_MAX);
    pool_give(all->pool, all->scratch, SCRATCH_SIZE);
    pool_give(all->pool, all->stage, STAGE_SIZE);
    pool_give(all->pool, all->posted, POSTED_MAX * sizeof *all->posted);
    pool_give(all->pool, all->posters, POSTED_MAX * sizeof *all->posters);
    flush_free(all->flush);
}

/* Ask the loop for what the stream waits for now. */
static void stream_poll(struct stream *stream)
{
    if (stream->state == STREAM_CLOSED) return;
    unsigned events = 0;
    if (stream->reading) events |= WATCH_READ;
    if (stream->output.size > 0) events |= WATCH_WRITE;
    if (stream->ended) events = 0;
    watch_set(stream->all->poller, &stream->watch, events);
}

enum err stream_open(struct stream *stream, struct streams *all, int fd)
{
    assert(fd >= 0);
    *stream = (struct stream){.all = all, .reading = true};
    timer_init(&stream->timer);
    enum err e = watch_start(all->poller, &stream->watch, fd);
    if (e != OK) return e;
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
    backlog_fini(&stream->output, all->pool, all->user->release);
    watch_stop(all->poller, &stream->watch);
    /* Its memory is used until the loop is done with what is ready now. */
    wheel_set(&all->wheel, &stream->timer, uv_now(all->loop));
    timer_arm(all);
    assert(all->count > 0);
    all->count--;
    return stream->watch.fd;
}

void stream_cut(struct stream *stream)
{
    if (stream->state != STREAM_CLOSED) socket_close(stream_end(stream));
}

int stream_detach(struct stream *stream)
{
    assert(stream->state == STREAM_OPEN);
    return stream_end(stream);
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

static void linger_for(struct stream *stream, uint64_t wait_ms)
{
    struct streams *all = stream->all;
    wheel_set(&all->wheel, &stream->timer, uv_now(all->loop) + wait_ms);
    timer_arm(all);
}

/* Streams whose time is over: one that lingers is closed, and one that is
 * closed is no more. */
static void streams_reap(struct streams *all)
{
    struct timer *due = wheel_due(&all->wheel, uv_now(all->loop));
    for (; due != NULL; due = wheel_due(&all->wheel, uv_now(all->loop))) {
        struct stream *stream = OWNER(due, struct stream, timer);
        if (stream->state == STREAM_CLOSED) {
            all->user->closed(stream);
        } else {
            socket_close(stream_end(stream));
        }
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
    linger_for(stream, STREAM_DRAIN_MS);
}

void stream_close(struct stream *stream, bool linger)
{
    assert(stream->state == STREAM_OPEN);
    if (!linger || stream->ended || stream->broken) {
        socket_close(stream_end(stream));
        return;
    }
    stream->reading = true;
    if (stream->output.size > 0) {
        stream->state = STREAM_FLUSHING;
        linger_for(stream, STREAM_FLUSH_MS);
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
    struct streams *all = stream->all;
    stream->broken = true;
    stream->reading = true;
    backlog_fini(&stream->output, all->pool, all->user->release);
    stream_poll(stream);
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
            ssize_t put =
                socket_write(stream->watch.fd, batch.list, batch.count);
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
        bool waits = stream->output.head != NULL;
        if (!waits && written >= piece.bytes.size) {
            written -= piece.bytes.size;
            if (piece.notify) notify_count++;
            if (piece.owner != NULL) all->user->release(piece.owner);
            continue;
        }
        piece.bytes = bytes_skip(piece.bytes, written);
        written = 0;
        backlog_append(&stream->output, all->pool, piece);
    }
    assert(written == 0);
    return notify_count;
}

unsigned stream_write(struct stream *stream, const struct piece *pieces,
                      size_t count)
{
    assert(stream->state == STREAM_OPEN);
    bool waited = stream->output.size > 0;
    size_t written = 0;
    bool alive = !stream->broken;
    if (alive && !waited) {
        alive = pieces_write(stream, pieces, count, &written);
    }
    unsigned notify_count = pieces_settle(stream, pieces, count, written);
    if (!alive) {
        stream_break(stream);
    } else if (!waited && stream->output.size > 0) {
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

unsigned stream_post(struct stream *stream, const struct piece *pieces,
                     size_t count)
{
    assert(stream->state == STREAM_OPEN);
    struct streams *all = stream->all;
    size_t size;
    bool postable = pieces_postable(pieces, count, &size);
    bool full =
        all->posted_count == POSTED_MAX || all->staged + size > STAGE_SIZE;
    if (stream->posted || (postable && full)) streams_flush(all);
    if (!postable || stream->output.size > 0 || stream->broken) {
        return stream_write(stream, pieces, count);
    }
    all->posters[all->posted_count] = stream;
    all->posted[all->posted_count++] = (struct flush_write){
        .fd = stream->watch.fd, .bytes = pieces_stage(all, pieces, count)};
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
    backlog_append(&stream->output, stream->all->pool, rest);
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

/* Write what waited, as far as the socket takes it. */
static void output_flush(struct stream *stream)
{
    struct streams *all = stream->all;
    unsigned notify_count = 0;
    ssize_t put = 0;
    for (int i = 0; i < ROUNDS_MAX && stream->output.size > 0; i++) {
        uv_buf_t list[LIST_MAX];
        size_t count = backlog_list(&stream->output, list, LIST_MAX);
        put = socket_write(stream->watch.fd, list, count);
        if (put < 0) break;
        notify_count += backlog_consume(&stream->output, all->pool, (size_t)put,
                                        all->user->release);
    }
    if (put < 0 && put != UV_EAGAIN && put != UV_ENOBUFS) {
        stream_break(stream);
        return;
    }
    if (stream->output.size == 0) {
        if (stream->state == STREAM_FLUSHING) drain_start(stream);
        stream_poll(stream);
    }
    if (notify_count > 0 && stream->state == STREAM_OPEN) {
        all->user->written(stream, notify_count);
    }
}

/* The peer is gone. Nobody waits for one that lingers. */
static void end_met(struct stream *stream)
{
    if (stream->state != STREAM_OPEN) {
        socket_close(stream_end(stream));
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
    stream->drained += (uint32_t)bytes.size;
    if (stream->drained > STREAM_DRAIN_BYTES_MAX) {
        socket_close(stream_end(stream));
    }
}

/* Read once, or, when the socket has failed, what came before it did. */
static void input_read(struct stream *stream, bool failed)
{
    struct streams *all = stream->all;
    for (int i = 0; i < ROUNDS_MAX && stream->state != STREAM_CLOSED; i++) {
        ssize_t got = socket_read(stream->watch.fd, all->input, all->read_size);
        if (got > 0) {
            bytes_met(stream, bytes_at(all->input, (size_t)got));
            if (!failed) return;
            continue;
        }
        if (got == UV_EAGAIN && !failed) return;
        break;
    }
    if (stream->state != STREAM_CLOSED) end_met(stream);
}

static void on_ready(struct watch *watch, unsigned events, bool failed)
{
    struct stream *stream = OWNER(watch, struct stream, watch);
    if (stream->state == STREAM_CLOSED) return;
    if (failed) {
        input_read(stream, true);
        return;
    }
    if ((events & WATCH_WRITE) != 0 && stream->output.size > 0) {
        output_flush(stream);
    }
    if ((events & WATCH_READ) != 0 && stream->state != STREAM_CLOSED &&
        stream->reading && !stream->ended) {
        input_read(stream, false);
    }
}
