/* pair.h - a stream on a real loop at one end of a pair of sockets; the test
 * holds the other.
 *
 *     int fd = pair_open();             then stream_open or stream_greet on it
 *     pair_turn(2);                     what the loop has to do
 *     CHECK_EQ(pair.input_size, 5);     what the stream told its user
 *     pair_close();
 */
#ifndef MOGI_TEST_PAIR_H
#define MOGI_TEST_PAIR_H

#include "net/stream.h"
#include "unit_pool.h"

#include <sys/socket.h>

/* Much more than a socket takes at once. */
enum { PAIR_BIG = 3 * 1024 * 1024 };

static struct pair {
    struct pool *pool;
    uv_loop_t loop;
    struct streams streams;
    struct stream stream;
    int far;        /* the other end; -1: the test has closed it */
    uint8_t *input; /* room for PAIR_BIG */
    size_t input_size;
    unsigned greeted, refused, written, ended, closed, released;
    char why[EXPLAIN_TEXT_MAX]; /* it was refused */
} pair;

static void pair_on_bytes(struct stream *stream, struct bytes bytes)
{
    (void)stream;
    REQUIRE(pair.input_size + bytes.size <= PAIR_BIG);
    memcpy(pair.input + pair.input_size, bytes.data, bytes.size);
    pair.input_size += bytes.size;
}

static void pair_on_written(struct stream *stream, unsigned count)
{
    (void)stream;
    pair.written += count;
}

static void pair_on_ended(struct stream *stream)
{
    (void)stream;
    pair.ended++;
}

static void pair_on_closed(struct stream *stream)
{
    (void)stream;
    pair.closed++;
}

/* Pieces that are owned at all belong to the pair. */
static void pair_on_release(void *owner)
{
    CHECK(owner == &pair);
    pair.released++;
}

static void pair_on_greeted(struct stream *stream)
{
    CHECK_EQ(stream->state, STREAM_OPEN);
    pair.greeted++;
}

static void pair_on_refused(struct stream *stream, const char *why)
{
    (void)stream;
    pair.refused++;
    (void)snprintf(pair.why, sizeof pair.why, "%s",
                   why != NULL ? why : "(nothing)");
}

static const struct stream_user pair_user = {
    pair_on_bytes,   pair_on_written, pair_on_ended,  pair_on_closed,
    pair_on_release, pair_on_greeted, pair_on_refused};

/* A new pair. Returns the socket that pair.stream is to have. */
CHECK_UNUSED static int pair_open(void)
{
    pair = (struct pair){.pool = unit_pool(), .input = calloc(1, PAIR_BIG)};
    REQUIRE(pair.input != NULL);
    REQUIRE(uv_loop_init(&pair.loop) == 0);
    REQUIRE(streams_init(&pair.streams, &pair.loop, pair.pool, &pair_user) ==
            OK);
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    pair.far = fds[1];
    return fds[0];
}

/* Close what is still open. */
CHECK_UNUSED static void pair_close(void)
{
    stream_cut(&pair.stream);
    streams_fini(&pair.streams);
    (void)uv_run(&pair.loop, UV_RUN_DEFAULT);
    CHECK_EQ(pair.closed, 1);
    CHECK_EQ(uv_loop_close(&pair.loop), 0);
    if (pair.far >= 0) close(pair.far);
    pool_free(pair.pool);
    free(pair.input);
}

/* Close the test's end. */
CHECK_UNUSED static void pair_hang_up(void)
{
    close(pair.far);
    pair.far = -1;
}

/* Let the loop turn, without waiting. */
CHECK_UNUSED static void pair_turn(int times)
{
    while (times-- > 0)
        (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
}

/* Wait until the stream is closed. The loop may not wait by itself: it would do
 * so behind the last timer, for good. */
CHECK_UNUSED static void pair_wait(void)
{
    while (pair.closed == 0) {
        pair_turn(1);
        usleep(1000);
    }
}

/* What the stream waits for at most has come now, however fast the machine is:
 * its timer is due. */
CHECK_UNUSED static void pair_time_out(void)
{
    wheel_set(&pair.streams.wheel, &pair.stream.rare->timer,
              uv_now(&pair.loop));
    uv_timer_set_repeat(&pair.streams.timer, 1);
    REQUIRE(uv_timer_again(&pair.streams.timer) == 0);
    uv_timer_set_repeat(&pair.streams.timer, 0);
}

#endif
