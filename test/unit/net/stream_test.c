/* stream_test.c - a real loop on one end of a socket pair, the test on the
 * other. */
#include "base/rng.h"
#include "check.h"
#include "net/socket.h"
#include "net/stream.h"
#include "unit_pool.h"

#include <fcntl.h>
#include <sys/socket.h>

enum { BIG = 3 * 1024 * 1024 };

static struct world {
    uv_loop_t loop;
    struct pool *pool;
    struct streams streams;
    struct stream stream;
    int far; /* the other end */
    uint8_t input[4096];
    size_t input_size;
    unsigned written, ended, closed, released;
} world;

static void on_bytes(struct stream *stream, struct bytes bytes)
{
    (void)stream;
    if (world.input_size + bytes.size <= sizeof world.input) {
        memcpy(world.input + world.input_size, bytes.data, bytes.size);
    }
    world.input_size += bytes.size;
}

static void on_written(struct stream *stream, unsigned count)
{
    (void)stream;
    world.written += count;
}

static void on_ended(struct stream *stream)
{
    (void)stream;
    world.ended++;
}

static void on_closed(struct stream *stream)
{
    (void)stream;
    world.closed++;
}

static void on_release(void *owner)
{
    CHECK(owner == &world);
    world.released++;
}

static void on_greeted(struct stream *stream)
{
    (void)stream;
    CHECK(false);
}

static void on_refused(struct stream *stream, const char *why)
{
    (void)stream;
    (void)why;
    CHECK(false);
}

static const struct stream_user user = {on_bytes,  on_written, on_ended,
                                        on_closed, on_release, on_greeted,
                                        on_refused};

static void world_open(void)
{
    world = (struct world){.pool = unit_pool()};
    REQUIRE(uv_loop_init(&world.loop) == 0);
    REQUIRE(streams_init(&world.streams, &world.loop, world.pool, &user) == OK);
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    REQUIRE(stream_open(&world.stream, &world.streams, fds[0], NULL) == OK);
    world.far = fds[1];
}

static void world_close(void)
{
    stream_cut(&world.stream);
    streams_fini(&world.streams);
    (void)uv_run(&world.loop, UV_RUN_DEFAULT);
    CHECK_EQ(world.closed, 1);
    CHECK_EQ(uv_loop_close(&world.loop), 0);
    if (world.far >= 0) close(world.far);
    pool_free(world.pool);
}

/* Let the loop turn, without waiting. */
static void turn(int times)
{
    while (times-- > 0)
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
}

static struct piece piece_of(const char *text)
{
    return (struct piece){bytes_of(text), NULL, false};
}

static void bytes_arrive_and_leave(void)
{
    world_open();
    CHECK_EQ(write(world.far, "hello", 5), 5);
    turn(1);
    CHECK_BYTES(world.input, world.input_size, "hello", 5);
    struct piece pieces[4] = {piece_of("a"), piece_of("bc"), piece_of(""),
                              piece_of("def")};
    pieces[1].notify = pieces[3].notify = true;
    pieces[3].owner = &world;
    CHECK_EQ(stream_write(&world.stream, pieces, 4), 2);
    CHECK_EQ(world.released, 1);
    char got[8];
    CHECK_EQ(read(world.far, got, sizeof got), 6);
    CHECK_BYTES(got, 6, "abcdef", 6);
    world_close();
}

/* Posts wait for the flush, and keep their place among writes. */
static void posts_leave_with_the_flush(void)
{
    world_open();
    struct piece pieces[2] = {piece_of("ab"), piece_of("c")};
    CHECK_EQ(stream_post(&world.stream, pieces, 2), 0);
    char got[8];
    CHECK_EQ(read(world.far, got, sizeof got), -1);
    streams_flush(&world.streams);
    CHECK_EQ(read(world.far, got, sizeof got), 3);
    CHECK_BYTES(got, 3, "abc", 3);
    CHECK_EQ(stream_post(&world.stream, pieces, 1), 0);
    pieces[1].notify = true;
    CHECK_EQ(stream_post(&world.stream, pieces + 1, 1), 1);
    CHECK_EQ(read(world.far, got, sizeof got), 3);
    CHECK_BYTES(got, 3, "abc", 3);
    streams_flush(&world.streams);
    CHECK_EQ(read(world.far, got, sizeof got), -1);
    world_close();
}

static void paused_input_waits(void)
{
    world_open();
    stream_pause(&world.stream);
    CHECK_EQ(write(world.far, "x", 1), 1);
    turn(3);
    CHECK_EQ(world.input_size, 0);
    stream_resume(&world.stream);
    turn(1);
    CHECK_EQ(world.input_size, 1);
    world_close();
}

static void read_size_bounds_a_read(void)
{
    world_open();
    world.streams.read_size = 2;
    CHECK_EQ(write(world.far, "abc", 3), 3);
    turn(1);
    CHECK_EQ(world.input_size, 2);
    turn(1);
    CHECK_EQ(world.input_size, 3);
    world_close();
}

/* Read and compare everything that was written, in order. */
static void far_read(const uint8_t *want, size_t size)
{
    static uint8_t got[65536];
    size_t at = 0;
    for (int idle = 0; at < size && idle < 1000; idle++) {
        turn(1);
        ssize_t count = read(world.far, got, sizeof got);
        if (count <= 0) continue;
        idle = 0;
        REQUIRE(at + (size_t)count <= size);
        if (memcmp(got, want + at, (size_t)count) != 0) break;
        at += (size_t)count;
    }
    CHECK_EQ(at, size);
}

/* More than a socket takes, in pieces of all sizes, some owned. */
static void much_output_keeps_its_order(void)
{
    world_open();
    uint8_t *data = malloc(BIG);
    struct rng rng;
    rng_init(&rng, 3);
    rng_fill(&rng, data, BIG);
    unsigned owned = 0, notify_count = 0, done = 0;
    for (size_t at = 0; at < BIG;) {
        struct piece pieces[40];
        size_t count = 0;
        for (; count < 40 && at < BIG; count++) {
            size_t size = rng_below(&rng, rng_chance(&rng, 1, 8) ? 60000 : 900);
            if (size > BIG - at) size = BIG - at;
            pieces[count] = (struct piece){.bytes = bytes_at(data + at, size)};
            at += size;
            if (rng_chance(&rng, 1, 4)) {
                pieces[count].owner = &world;
                owned++;
            }
            pieces[count].notify = rng_chance(&rng, 1, 10);
            notify_count += pieces[count].notify;
        }
        done += stream_write(&world.stream, pieces, count);
    }
    CHECK(world.stream.output.size > 0);
    far_read(data, BIG);
    turn(2);
    CHECK_EQ(world.stream.output.size, 0);
    CHECK_EQ(world.released, owned);
    CHECK_EQ(done + world.written, notify_count);
    CHECK(world.written > 0);
    free(data);
    world_close();
}

/* A post that the socket does not take whole waits behind what does. */
static void posts_wait_for_a_full_socket(void)
{
    static uint8_t sent[BIG];
    world_open();
    struct rng rng;
    rng_init(&rng, 7);
    rng_fill(&rng, sent, sizeof sent);
    for (size_t at = 0; at < sizeof sent; at += 8192) {
        struct piece piece = {.bytes = bytes_at(sent + at, 8192)};
        CHECK_EQ(stream_post(&world.stream, &piece, 1), 0);
        streams_flush(&world.streams);
    }
    CHECK(world.stream.output.size > 0);
    far_read(sent, sizeof sent);
    world_close();
}

static void end_is_told_once(void)
{
    world_open();
    CHECK_EQ(write(world.far, "bye", 3), 3);
    close(world.far);
    world.far = -1;
    turn(5);
    CHECK_EQ(world.input_size, 3);
    CHECK_EQ(world.ended, 1);
    world_close();
}

static void failed_write_ends_it(void)
{
    world_open();
    stream_pause(&world.stream);
    close(world.far);
    world.far = -1;
    struct piece piece = piece_of("x");
    piece.owner = &world;
    (void)stream_write(&world.stream, &piece, 1);
    CHECK_EQ(stream_write(&world.stream, &piece, 1), 0);
    CHECK_EQ(world.released, 2);
    turn(3);
    CHECK_EQ(world.ended, 1);
    world_close();
}

/* The peer gets all that waited, then the end, although it goes on sending. */
static void linger_delivers_before_it_closes(void)
{
    world_open();
    uint8_t *data = calloc(1, BIG);
    struct piece piece = {bytes_at(data, BIG), &world, true};
    CHECK_EQ(stream_write(&world.stream, &piece, 1), 0);
    stream_close(&world.stream, true);
    CHECK_EQ(write(world.far, "more", 4), 4);
    far_read(data, BIG);
    turn(2);
    char byte;
    CHECK_EQ(read(world.far, &byte, 1), 0);
    CHECK_EQ(world.closed, 0);
    close(world.far);
    world.far = -1;
    turn(2);
    CHECK_EQ(world.closed, 1);
    CHECK_EQ(world.ended + world.written, 0);
    CHECK_EQ(world.input_size, 0);
    free(data);
    world_close();
}

static void linger_has_a_limit_of_bytes(void)
{
    world_open();
    stream_close(&world.stream, true);
    static uint8_t data[65536];
    for (int i = 0; i < 100 && world.closed == 0; i++) {
        (void)socket_write(world.far, &(uv_buf_t){(char *)data, sizeof data},
                           1);
        turn(1);
    }
    CHECK_EQ(world.closed, 1);
    world_close();
}

static void linger_has_a_limit_of_time(void)
{
    world_open();
    stream_close(&world.stream, true);
    uint64_t start_ms = uv_now(&world.loop);
    while (world.closed == 0)
        (void)uv_run(&world.loop, UV_RUN_ONCE);
    uint64_t took_ms = uv_now(&world.loop) - start_ms;
    CHECK(took_ms >= STREAM_DRAIN_MS && took_ms < STREAM_DRAIN_MS * 4);
    world_close();
}

static void close_without_linger_is_now(void)
{
    world_open();
    stream_close(&world.stream, false);
    CHECK_EQ(world.streams.count, 0);
    char byte;
    CHECK_EQ(read(world.far, &byte, 1), 0);
    turn(1);
    CHECK_EQ(world.closed, 1);
    world_close();
}

static void detached_socket_lives_on(void)
{
    world_open();
    struct shield *shield;
    int fd = stream_detach(&world.stream, &shield);
    CHECK(shield == NULL);
    turn(1);
    CHECK_EQ(world.closed, 1);
    CHECK_EQ(write(world.far, "z", 1), 1);
    struct stream second;
    REQUIRE(stream_open(&second, &world.streams, fd, NULL) == OK);
    turn(1);
    CHECK_EQ(world.input_size, 1);
    stream_cut(&second);
    turn(1);
    CHECK_EQ(world.closed, 2);
    world.closed = 1;
    world_close();
}

int main(void)
{
    RUN(bytes_arrive_and_leave);
    RUN(posts_leave_with_the_flush);
    RUN(posts_wait_for_a_full_socket);
    RUN(paused_input_waits);
    RUN(read_size_bounds_a_read);
    RUN(much_output_keeps_its_order);
    RUN(end_is_told_once);
    RUN(failed_write_ends_it);
    RUN(linger_delivers_before_it_closes);
    RUN(linger_has_a_limit_of_bytes);
    RUN(linger_has_a_limit_of_time);
    RUN(close_without_linger_is_now);
    RUN(detached_socket_lives_on);
    return check_result();
}
