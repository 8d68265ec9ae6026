/* stream_test.c - a real loop on one end of a socket pair, the test on the
 * other. */
#include "base/rng.h"
#include "net/pair.h"
#include "net/socket.h"

/* A pair whose stream is open. */
static void pair_begin(void)
{
    int fd = pair_open();
    REQUIRE(stream_open(&pair.stream, &pair.streams, fd, NULL) == OK);
}

/* Nothing of this is about TLS. */
static void pair_end(void)
{
    CHECK_EQ(pair.greeted + pair.refused, 0);
    pair_close();
}

static struct piece piece_of(const char *text)
{
    return (struct piece){bytes_of(text), NULL, false};
}

static void bytes_arrive_and_leave(void)
{
    pair_begin();
    CHECK_EQ(write(pair.far, "hello", 5), 5);
    pair_turn(1);
    CHECK_BYTES(pair.input, pair.input_size, "hello", 5);
    struct piece pieces[4] = {piece_of("a"), piece_of("bc"), piece_of(""),
                              piece_of("def")};
    pieces[1].notify = pieces[3].notify = true;
    pieces[3].owner = &pair;
    CHECK_EQ(stream_write(&pair.stream, pieces, 4), 2);
    CHECK_EQ(pair.released, 1);
    char got[8];
    CHECK_EQ(read(pair.far, got, sizeof got), 6);
    CHECK_BYTES(got, 6, "abcdef", 6);
    pair_end();
}

/* Posts wait for the flush, and keep their place among writes. */
static void posts_leave_with_the_flush(void)
{
    pair_begin();
    struct piece pieces[2] = {piece_of("ab"), piece_of("c")};
    CHECK_EQ(stream_post(&pair.stream, pieces, 2), 0);
    char got[8];
    CHECK_EQ(read(pair.far, got, sizeof got), -1);
    streams_flush(&pair.streams);
    CHECK_EQ(read(pair.far, got, sizeof got), 3);
    CHECK_BYTES(got, 3, "abc", 3);
    CHECK_EQ(stream_post(&pair.stream, pieces, 1), 0);
    pieces[1].notify = true;
    CHECK_EQ(stream_post(&pair.stream, pieces + 1, 1), 1);
    CHECK_EQ(read(pair.far, got, sizeof got), 3);
    CHECK_BYTES(got, 3, "abc", 3);
    streams_flush(&pair.streams);
    CHECK_EQ(read(pair.far, got, sizeof got), -1);
    pair_end();
}

static void paused_input_waits(void)
{
    pair_begin();
    stream_pause(&pair.stream);
    CHECK_EQ(write(pair.far, "x", 1), 1);
    pair_turn(3);
    CHECK_EQ(pair.input_size, 0);
    stream_resume(&pair.stream);
    pair_turn(1);
    CHECK_EQ(pair.input_size, 1);
    pair_end();
}

static void read_size_bounds_a_read(void)
{
    pair_begin();
    pair.streams.read_size = 2;
    CHECK_EQ(write(pair.far, "abc", 3), 3);
    pair_turn(1);
    CHECK_EQ(pair.input_size, 2);
    pair_turn(1);
    CHECK_EQ(pair.input_size, 3);
    pair_end();
}

/* Read and compare everything that was written, in order. */
static void far_read(const uint8_t *want, size_t size)
{
    static uint8_t got[65536];
    size_t at = 0;
    for (int idle = 0; at < size && idle < 1000; idle++) {
        pair_turn(1);
        ssize_t count = read(pair.far, got, sizeof got);
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
    pair_begin();
    uint8_t *data = malloc(PAIR_BIG);
    struct rng rng;
    rng_init(&rng, 3);
    rng_fill(&rng, data, PAIR_BIG);
    unsigned owned = 0, notify_count = 0, done = 0;
    for (size_t at = 0; at < PAIR_BIG;) {
        struct piece pieces[40];
        size_t count = 0;
        for (; count < 40 && at < PAIR_BIG; count++) {
            size_t size = rng_below(&rng, rng_chance(&rng, 1, 8) ? 60000 : 900);
            if (size > PAIR_BIG - at) size = PAIR_BIG - at;
            pieces[count] = (struct piece){.bytes = bytes_at(data + at, size)};
            at += size;
            if (rng_chance(&rng, 1, 4)) {
                pieces[count].owner = &pair;
                owned++;
            }
            pieces[count].notify = rng_chance(&rng, 1, 10);
            notify_count += pieces[count].notify;
        }
        done += stream_write(&pair.stream, pieces, count);
    }
    CHECK(stream_waiting_bytes(&pair.stream) > 0);
    far_read(data, PAIR_BIG);
    pair_turn(2);
    CHECK_EQ(stream_waiting_bytes(&pair.stream), 0);
    CHECK_EQ(pair.released, owned);
    CHECK_EQ(done + pair.written, notify_count);
    CHECK(pair.written > 0);
    free(data);
    pair_end();
}

/* A post that the socket does not take whole waits behind what does. */
static void posts_wait_for_a_full_socket(void)
{
    static uint8_t sent[PAIR_BIG];
    pair_begin();
    struct rng rng;
    rng_init(&rng, 7);
    rng_fill(&rng, sent, sizeof sent);
    for (size_t at = 0; at < sizeof sent; at += 8192) {
        struct piece piece = {.bytes = bytes_at(sent + at, 8192)};
        CHECK_EQ(stream_post(&pair.stream, &piece, 1), 0);
        streams_flush(&pair.streams);
    }
    CHECK(stream_waiting_bytes(&pair.stream) > 0);
    far_read(sent, sizeof sent);
    pair_end();
}

static void end_is_told_once(void)
{
    pair_begin();
    CHECK_EQ(write(pair.far, "bye", 3), 3);
    pair_hang_up();
    pair_turn(5);
    CHECK_EQ(pair.input_size, 3);
    CHECK_EQ(pair.ended, 1);
    pair_end();
}

static void failed_write_ends_it(void)
{
    pair_begin();
    stream_pause(&pair.stream);
    pair_hang_up();
    struct piece piece = piece_of("x");
    piece.owner = &pair;
    (void)stream_write(&pair.stream, &piece, 1);
    CHECK_EQ(stream_write(&pair.stream, &piece, 1), 0);
    CHECK_EQ(pair.released, 2);
    pair_turn(3);
    CHECK_EQ(pair.ended, 1);
    pair_end();
}

/* The peer gets all that waited, then the end, although it goes on sending. */
static void linger_delivers_before_it_closes(void)
{
    pair_begin();
    uint8_t *data = calloc(1, PAIR_BIG);
    struct piece piece = {bytes_at(data, PAIR_BIG), &pair, true};
    CHECK_EQ(stream_write(&pair.stream, &piece, 1), 0);
    stream_close(&pair.stream, true);
    CHECK_EQ(write(pair.far, "more", 4), 4);
    far_read(data, PAIR_BIG);
    pair_turn(2);
    char byte;
    CHECK_EQ(read(pair.far, &byte, 1), 0);
    CHECK_EQ(pair.closed, 0);
    pair_hang_up();
    pair_turn(2);
    CHECK_EQ(pair.closed, 1);
    CHECK_EQ(pair.ended + pair.written, 0);
    CHECK_EQ(pair.input_size, 0);
    free(data);
    pair_end();
}

static void linger_has_a_limit_of_bytes(void)
{
    pair_begin();
    stream_close(&pair.stream, true);
    static uint8_t data[65536];
    for (int i = 0; i < 100 && pair.closed == 0; i++) {
        (void)socket_write(pair.far, &(uv_buf_t){(char *)data, sizeof data}, 1);
        pair_turn(1);
    }
    CHECK_EQ(pair.closed, 1);
    pair_end();
}

static void linger_has_a_limit_of_time(void)
{
    pair_begin();
    stream_close(&pair.stream, true);
    uint64_t start_ms = uv_now(&pair.loop);
    pair_wait();
    CHECK(uv_now(&pair.loop) - start_ms >= STREAM_DRAIN_MS);
    pair_end();
}

static void close_without_linger_is_now(void)
{
    pair_begin();
    stream_close(&pair.stream, false);
    CHECK_EQ(pair.streams.count, 0);
    char byte;
    CHECK_EQ(read(pair.far, &byte, 1), 0);
    pair_turn(1);
    CHECK_EQ(pair.closed, 1);
    pair_end();
}

static void detached_socket_lives_on(void)
{
    pair_begin();
    struct shield *shield;
    int fd = stream_detach(&pair.stream, &shield);
    CHECK(shield == NULL);
    pair_turn(1);
    CHECK_EQ(pair.closed, 1);
    CHECK_EQ(write(pair.far, "z", 1), 1);
    struct stream second;
    REQUIRE(stream_open(&second, &pair.streams, fd, NULL) == OK);
    pair_turn(1);
    CHECK_EQ(pair.input_size, 1);
    stream_cut(&second);
    pair_turn(1);
    CHECK_EQ(pair.closed, 2);
    pair.closed = 1;
    pair_end();
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
