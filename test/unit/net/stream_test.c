/* stream_test.c - a real loop on one end of a socket pair, the test on the
 * other. */
#include "net/plain_pair.h"
#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

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

/* The stream, but over TCP. */
static void tcp_begin(void)
{
    close(pair_open());
    close(pair.far);
    struct address address;
    REQUIRE(socket_resolve("127.0.0.1", 0, ADDRESS_IPV4, &address, 1) == 1);
    int door = socket_listen(&address, false, NULL);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(address.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    pair.far = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(door >= 0 && pair.far >= 0);
    REQUIRE(connect(pair.far, (struct sockaddr *)&to, sizeof to) == 0);
    /* The test says what it says without waiting. */
    int on = 1;
    REQUIRE(setsockopt(pair.far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ==
            0);
    int fd = socket_accept(door, &address);
    REQUIRE(fd >= 0);
    socket_close(door);
    CHECK_EQ(stream_open(&pair.stream, &pair.streams, fd, NULL), OK);
}

/* Packets of the test's that the stream's system has not acknowledged. */
static uint32_t far_unacknowledged(void)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    REQUIRE(getsockopt(pair.far, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    return info.tcpi_unacked;
}

/* One that asks and is answered, as long as the system takes to see that and
 * to acknowledge with the answers alone. */
static void far_converse(void)
{
    char byte;
    struct piece answer = piece_of("y");
    for (int i = 0; i < 40; i++) {
        CHECK_EQ(write(pair.far, "x", 1), 1);
        pair_turn(1);
        CHECK_EQ(stream_write(&pair.stream, &answer, 1), 0);
        streams_settle(&pair.streams);
        CHECK_EQ(read(pair.far, &byte, 1), 1);
    }
}

/* One byte comes, `gap_ms` after what came last. */
static void far_say(uint16_t gap_ms)
{
    uv_update_time(&pair.loop);
    pair.stream.lone_ms = (uint16_t)(uv_now(&pair.loop) - gap_ms);
    CHECK_EQ(write(pair.far, "x", 1), 1);
    pair_turn(1);
    CHECK(pair.streams.lone == &pair.stream);
}

static void who_has_waited_need_not_again(void)
{
    tcp_begin();
    far_converse();
    pair.stream.held = false;
    far_say(0);
    CHECK(!pair.stream.held);
    streams_settle(&pair.streams);
    far_say(200);
    CHECK(!pair.stream.held);
    streams_settle(&pair.streams);
    far_say(STREAM_HELD_MIN_MS);
    CHECK(pair.stream.held);
    streams_settle(&pair.streams);
    CHECK_EQ(far_unacknowledged(), 0);
    CHECK(pair.streams.lone == NULL);
    pair_close();
}

/* Where the news comes with the answer, or nobody waits for it, there is none
 * by itself. */
static void others_are_not_settled(void)
{
    static const uint8_t much[STREAM_LONE_BYTES + 1];
    struct piece answer = piece_of("y");
    pair_begin();
    CHECK_EQ(write(pair.far, "x", 1), 1);
    pair_turn(1);
    CHECK(pair.streams.lone == &pair.stream);
    CHECK_EQ(stream_post(&pair.stream, &answer, 1), 0);
    CHECK(pair.streams.lone == NULL);
    streams_flush(&pair.streams);
    streams_settle(&pair.streams);
    CHECK_EQ(write(pair.far, much, sizeof much), sizeof much);
    pair_turn(1);
    CHECK(pair.streams.lone == NULL);
    streams_settle(&pair.streams);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(write(pair.far, "x", 1), 1);
        pair_turn(1);
    }
    CHECK(pair.streams.lone == NULL);
    streams_settle(&pair.streams);
    CHECK_EQ(write(pair.far, "x", 1), 1);
    pair_turn(1);
    stream_cut(&pair.stream);
    CHECK(pair.streams.lone == NULL);
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
    RUN(who_has_waited_need_not_again);
    RUN(others_are_not_settled);
    RUN(linger_delivers_before_it_closes);
    RUN(linger_has_a_limit_of_bytes);
    RUN(linger_has_a_limit_of_time);
    RUN(close_without_linger_is_now);
    RUN(detached_socket_lives_on);
    return check_result();
}
