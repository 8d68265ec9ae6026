/* stream_output.c - what leaves a stream: written now, posted for the flush, or
 * kept until the socket takes it.
 *
 *     stream_write --> batch: small pieces side by side --> one call
 *     stream_post  --> stage: a run for each stream     --> streams_flush: one
 *                                                           call for all
 *     what the socket does not take --> backlog --> when it is ready again
 */
#include "net/stream_state.h"

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
    STAGE_SIZE = 256 * 1024
};

/* One system call in the making. */
struct batch {
    uv_buf_t list[LIST_MAX];
    size_t count;
    size_t size;
    uint8_t *scratch;
    size_t scratch_used;
};

void stream_output_init(struct streams *all)
{
    struct pool *pool = all->pool;
    all->scratch = pool_resize(pool, NULL, 0, SCRATCH_SIZE);
    all->stage = pool_resize(pool, NULL, 0, STAGE_SIZE);
    all->posted = pool_resize(pool, NULL, 0, POSTED_MAX * sizeof *all->posted);
    all->posters =
        pool_resize(pool, NULL, 0, POSTED_MAX * sizeof *all->posters);
    all->flush = flush_new();
}

void stream_output_fini(struct streams *all)
{
    pool_give(all->pool, all->scratch, SCRATCH_SIZE);
    pool_give(all->pool, all->stage, STAGE_SIZE);
    pool_give(all->pool, all->posted, POSTED_MAX * sizeof *all->posted);
    pool_give(all->pool, all->posters, POSTED_MAX * sizeof *all->posters);
    flush_free(all->flush);
}

void stream_output_drop(struct stream *stream)
{
    struct streams *all = stream->all;
    if (stream->rare == NULL) return;
    backlog_fini(&stream->rare->output, all->pool, all->user->release);
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
    stream_output_drop(stream);
    if (stream->shield != NULL) shield_abandon(stream->shield);
    stream_poll(stream);
    if (!stream->ended) watch_again(stream->all->poller, &stream->watch);
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
        backlog_append(&stream_rare_own(stream)->output, all->pool, piece);
    }
    assert(written == 0);
    return notify_count;
}

unsigned stream_write(struct stream *stream, const struct piece *pieces,
                      size_t count)
{
    assert(stream->state == STREAM_OPEN);
    if (stream->all->lone == stream) stream->all->lone = NULL;
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
    if (all->lone == stream) all->lone = NULL;
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
        backlog_append(&stream_rare_own(stream)->output, stream->all->pool,
                       rest);
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

void stream_output_flush(struct stream *stream)
{
    struct streams *all = stream->all;
    unsigned notify_count = 0;
    ssize_t put = 0;
    for (int i = 0; i < STREAM_ROUNDS_MAX && stream_waiting_bytes(stream) > 0;
         i++) {
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
    if (!stream_waits(stream)) stream_emptied(stream);
    stream_rare_tidy(stream);
    if (notify_count > 0 && stream->state == STREAM_OPEN) {
        all->user->written(stream, notify_count);
    }
}
