/* stream_test.c - a real loop on one end of a socket pair, the test on the
 * other. */
#include "net/plain_pair.h"
#include "net/socket.h"

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

/* Also when each read brings as much as may be read, the last one too. */
static void end_comes_behind_what_was_sent(void)
{
    pair_begin();
    static const uint8_t data[1000];
    pair.streams.read_size = 100;
    CHECK_EQ(write(pair.far, data, sizeof data), sizeof data);
    pair_turn(3);
    pair_hang_up();
    pair_turn(20);
    CHECK_EQ(pair.input_size, sizeof data);
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
    RUN(paused_input_waits);
    RUN(read_size_bounds_a_read);
    RUN(end_is_told_once);
    RUN(end_comes_behind_what_was_sent);
    RUN(linger_delivers_before_it_closes);
    RUN(linger_has_a_limit_of_bytes);
    RUN(linger_has_a_limit_of_time);
    RUN(close_without_linger_is_now);
    RUN(detached_socket_lives_on);
    return check_result();
}
