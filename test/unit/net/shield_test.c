/* shield_test.c - streams with TLS: a client of OpenSSL's at the far end of a
 * pair of sockets. */
#include "net/shield.h"
#include "net/stream.h"
#include "tls/lab_client.h"

#include <errno.h>
#include <sys/socket.h>

enum { BIG = 3 * 1024 * 1024 };

static struct world {
    struct pool *pool;
    uv_loop_t loop;
    struct streams streams;
    struct stream stream;
    struct tls_server *server;
    struct client client;
    int far;
    uint8_t *input;
    size_t input_size;
    unsigned greeted, refused, ended, closed, written;
    char why[EXPLAIN_TEXT_MAX];
} world;

static struct lab_identity ca, host, me;
static uint8_t big[BIG];

static void on_bytes(struct stream *stream, struct bytes bytes)
{
    (void)stream;
    REQUIRE(world.input_size + bytes.size <= BIG);
    memcpy(world.input + world.input_size, bytes.data, bytes.size);
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
    (void)owner;
}

static void on_greeted(struct stream *stream)
{
    CHECK_EQ(stream->state, STREAM_OPEN);
    world.greeted++;
}

static void on_refused(struct stream *stream, const char *why)
{
    (void)stream;
    world.refused++;
    (void)snprintf(world.why, sizeof world.why, "%s",
                   why != NULL ? why : "(nothing)");
}

static const struct stream_user user = {on_bytes,  on_written, on_ended,
                                        on_closed, on_release, on_greeted,
                                        on_refused};

static struct tls_server *server_made(enum identity_kind identity)
{
    char path[LAB_PATH_MAX * 2];
    (void)snprintf(path, sizeof path, "%s",
                   lab_write("host", host.certificate, host.key, NULL));
    struct server_options options = {
        .pairs = {{path, path}}, .pair_count = 1, .identity = identity};
    if (identity != IDENTITY_NONE) {
        options.cafile = lab_write("ca", ca.certificate, NULL, NULL);
        options.require_certificate = true;
    }
    struct tls_server *server = NULL;
    struct trouble_text trouble;
    REQUIRE(server_new(&options, NULL, &server, &trouble) == OK);
    return server;
}

static void world_open(client_setup *setup, enum identity_kind identity,
                       uint64_t wait_ms)
{
    world =
        (struct world){.pool = pool_new((struct memory){lab_grow, NULL}, 0)};
    world.input = calloc(1, BIG);
    REQUIRE(world.pool != NULL && world.input != NULL);
    REQUIRE(uv_loop_init(&world.loop) == 0);
    REQUIRE(streams_init(&world.streams, &world.loop, world.pool, &user) == OK);
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    world.server = server_made(identity);
    world.client = client_new(setup, NULL, NULL);
    world.far = fds[1];
    REQUIRE(stream_greet(&world.stream, &world.streams, fds[0], world.server,
                         wait_ms) == OK);
}

static void world_close(void)
{
    stream_cut(&world.stream);
    streams_fini(&world.streams);
    (void)uv_run(&world.loop, UV_RUN_DEFAULT);
    CHECK_EQ(world.closed, 1);
    CHECK_EQ(uv_loop_close(&world.loop), 0);
    if (world.far >= 0) close(world.far);
    client_free(&world.client);
    server_unref(world.server);
    pool_free(world.pool);
    free(world.input);
}

/* Carry bytes between the client and its socket, `max` at most each way. */
static void carry(size_t max)
{
    static uint8_t room[256 * 1024];
    if (max > sizeof room) max = sizeof room;
    struct bytes out = client_out(&world.client, room, max);
    while (out.size > 0) {
        ssize_t put = send(world.far, out.data, out.size, MSG_NOSIGNAL);
        if (put > 0) {
            out = bytes_skip(out, (size_t)put);
        } else {
            if (errno != EAGAIN) return;
            (void)uv_run(&world.loop, UV_RUN_NOWAIT);
        }
    }
    ssize_t got = recv(world.far, room, max, 0);
    if (got > 0) client_in(&world.client, bytes_at(room, (size_t)got));
}

/* Some turns of the loop, with what both sides have to say. */
static void turns(int count)
{
    while (count-- > 0) {
        if (!SSL_is_init_finished(world.client.ssl)) {
            (void)SSL_do_handshake(world.client.ssl);
        }
        carry(SIZE_MAX);
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    ERR_clear_error();
}

/* What the client has received, at most `size` bytes. */
static size_t client_read(uint8_t *to, size_t size)
{
    size_t total = 0, got;
    while (total < size &&
           SSL_read_ex(world.client.ssl, to + total, size - total, &got) == 1) {
        total += got;
    }
    return total;
}

static bool world_greet(void)
{
    turns(10);
    return CHECK_EQ(world.greeted, 1) && CHECK_EQ(world.refused, 0);
}

static void as_me(SSL_CTX *context)
{
    REQUIRE(SSL_CTX_use_certificate(context, me.certificate) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context, me.key) == 1);
}

static struct piece piece_of(const void *data, size_t size)
{
    return (struct piece){.bytes = bytes_at(data, size)};
}

static void small_words_both_ways(void)
{
    uint8_t room[64];
    world_open(as_me, IDENTITY_CN, 10000);
    CHECK_EQ(world.stream.state, STREAM_GREETING);
    if (!world_greet()) return;
    CHECK_STR(stream_identity(&world.stream), "me");
    CHECK_EQ(SSL_write(world.client.ssl, "hello", 5), 5);
    turns(2);
    CHECK_BYTES(world.input, world.input_size, "hello", 5);
    struct piece pieces[] = {piece_of("good", 4), piece_of("bye", 3)};
    CHECK_EQ(stream_write(&world.stream, pieces, 2), 0);
    turns(1);
    CHECK_EQ(client_read(room, sizeof room), 7);
    CHECK_BYTES(room, 7, "goodbye", 7);
    world_close();
}

/* The first packet may come with the last word of the handshake. */
static void words_behind_the_handshake(void)
{
    world_open(NULL, IDENTITY_NONE, 10000);
    (void)SSL_do_handshake(world.client.ssl);
    carry(SIZE_MAX);
    for (int i = 0; i < 4; i++)
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    carry(SIZE_MAX);
    CHECK_EQ(SSL_do_handshake(world.client.ssl), 1);
    CHECK_EQ(SSL_write(world.client.ssl, "hello", 5), 5);
    CHECK_EQ(world.greeted, 0);
    turns(3);
    CHECK_EQ(world.greeted, 1);
    CHECK_STR(stream_identity(&world.stream), "");
    CHECK_BYTES(world.input, world.input_size, "hello", 5);
    world_close();
}

/* Small pieces of a turn leave in one record. */
static void pieces_share_a_record(void)
{
    uint8_t room[8192];
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    (void)client_read(room, sizeof room);
    struct piece pieces[100];
    for (size_t i = 0; i < 100; i++)
        pieces[i] = piece_of(big + i, 20 + i % 3);
    (void)stream_write(&world.stream, pieces, 100);
    ssize_t size = recv(world.far, room, sizeof room, 0);
    /* A head of 5 bytes and one seal for all of them. */
    REQUIRE(size > 2000 && size < 2200);
    CHECK_EQ(room[3] << 8 | room[4], size - 5);
    world_close();
}

static void much_both_ways(void)
{
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    for (size_t at = 0; at < BIG; at += 1024 * 1024) {
        CHECK_EQ(SSL_write(world.client.ssl, big + at, 1024 * 1024),
                 1024 * 1024);
        turns(100);
    }
    CHECK_EQ(world.input_size, BIG);
    CHECK_EQ(memcmp(world.input, big, BIG), 0);

    /* The socket takes a part; the rest leaves as the client reads. */
    struct piece pieces[] = {piece_of(big, 100), piece_of(big + 100, BIG - 200),
                             piece_of(big + BIG - 100, 100)};
    pieces[1].owner = &world;
    pieces[2].notify = true;
    CHECK_EQ(stream_write(&world.stream, pieces, 3), 0);
    CHECK(stream_waits(&world.stream));
    CHECK(world.stream.output.size > BIG / 2);
    uint8_t *seen = calloc(1, BIG);
    size_t size = 0;
    for (int i = 0; i < 20000 && size < BIG; i++) {
        carry(1000 + (size_t)i % 7 * 10000);
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
        size += client_read(seen + size, BIG - size);
    }
    CHECK_EQ(size, BIG);
    CHECK_EQ(memcmp(seen, big, BIG), 0);
    CHECK_EQ(world.written, 1);
    CHECK(!stream_waits(&world.stream));
    free(seen);
    world_close();
}

static void posts_are_encrypted(void)
{
    uint8_t room[64];
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    struct piece pieces[] = {piece_of("some", 4), piece_of("thing", 5)};
    CHECK_EQ(stream_post(&world.stream, pieces, 2), 0);
    CHECK_EQ(stream_post(&world.stream, pieces, 1), 0);
    streams_flush(&world.streams);
    turns(1);
    CHECK_EQ(client_read(room, sizeof room), 13);
    CHECK_BYTES(room, 13, "somethingsome", 13);

    /* When the socket is full, they wait and keep their order. */
    size_t size = 0;
    while (!stream_waits(&world.stream)) {
        struct piece piece = piece_of(big + size % 1024, 10000);
        (void)stream_post(&world.stream, &piece, 1);
        streams_flush(&world.streams);
        size += 10000;
        REQUIRE(size < BIG);
    }
    (void)stream_post(&world.stream, pieces, 1);
    streams_flush(&world.streams);
    uint8_t *seen = calloc(1, BIG);
    size_t got = 0;
    for (int i = 0; i < 2000 && got < size + 4; i++) {
        carry(SIZE_MAX);
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
        got += client_read(seen + got, BIG - got);
    }
    CHECK_EQ(got, size + 4);
    CHECK_BYTES(seen + size, 4, "some", 4);
    free(seen);
    world_close();
}

static void an_end_is_announced(void)
{
    uint8_t room[64];
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    struct piece piece = piece_of("last", 4);
    (void)stream_write(&world.stream, &piece, 1);
    stream_close(&world.stream, true);
    CHECK_EQ(world.stream.state, STREAM_DRAINING);
    turns(2);
    CHECK_EQ(client_read(room, sizeof room), 4);
    CHECK_EQ(SSL_get_error(world.client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    close(world.far);
    world.far = -1;
    turns(2);
    CHECK_EQ(world.closed, 1);
    world_close();
}

static void an_end_waits_for_what_is_written(void)
{
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    struct piece piece = piece_of(big, BIG);
    (void)stream_write(&world.stream, &piece, 1);
    stream_close(&world.stream, true);
    CHECK_EQ(world.stream.state, STREAM_FLUSHING);
    uint8_t *seen = calloc(1, BIG);
    size_t got = 0;
    for (int i = 0; i < 2000 && got < BIG; i++) {
        carry(SIZE_MAX);
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
        got += client_read(seen + got, BIG - got);
    }
    turns(2);
    CHECK_EQ(got, BIG);
    CHECK_EQ(client_read(seen, 1), 0);
    CHECK_EQ(SSL_get_error(world.client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    free(seen);
    world_close();
}

static void the_peer_ends(void)
{
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    CHECK_EQ(SSL_write(world.client.ssl, "bye", 3), 3);
    (void)SSL_shutdown(world.client.ssl);
    turns(2);
    CHECK_BYTES(world.input, world.input_size, "bye", 3);
    CHECK_EQ(world.ended, 1);
    stream_close(&world.stream, false);
    world_close();
}

/* `data` is the first word: the handshake fails because of `words`. */
static void word_fails(const char *data, size_t size, const char *words)
{
    world_open(NULL, IDENTITY_NONE, 10000);
    CHECK_EQ(send(world.far, data, size, 0), size);
    for (int i = 0; i < 4; i++)
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    CHECK_EQ(world.refused, 1);
    if (strstr(world.why, words) == NULL) {
        fprintf(stderr, "it says: %s\n", world.why);
        CHECK(false);
    }
    CHECK_EQ(world.stream.state, STREAM_DRAINING);
    world_close();
}

static void strangers(void)
{
    word_fails("\x10\x0c\x00\x04MQTT", 8, "speaks MQTT without TLS");
    word_fails("GET / HTTP/1.1\r\n", 16, "HTTP without TLS");
    word_fails("hello", 5, "is no TLS");
    word_fails("\x16\x03\x01\x00\x05hello", 10, "");
    /* Came and went. */
    world_open(NULL, IDENTITY_NONE, 10000);
    close(world.far);
    world.far = -1;
    for (int i = 0; i < 4; i++)
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    CHECK_EQ(world.refused, 1);
    CHECK_STR(world.why, "(nothing)");
    world_close();
}

static void without_certificate_nobody_comes_in(void)
{
    uint8_t byte;
    world_open(NULL, IDENTITY_CN, 10000);
    turns(10);
    CHECK_EQ(world.greeted, 0);
    CHECK_EQ(world.refused, 1);
    CHECK_STR(world.why, "the peer shows no certificate, and must");
    /* The client reads why. */
    CHECK(SSL_read(world.client.ssl, &byte, 1) <= 0);
    CHECK_EQ(ERR_GET_REASON(ERR_peek_error()),
             SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
    ERR_clear_error();
    world_close();
}

static void wait_for_the_end(void)
{
    while (world.closed == 0) {
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static void time_is_bounded(void)
{
    world_open(NULL, IDENTITY_NONE, 1);
    wait_for_the_end();
    CHECK_STR(world.why, "the client has not said a word");
    world_close();

    world_open(NULL, IDENTITY_NONE, 50);
    CHECK_EQ(send(world.far, "\x16\x03\x01", 3, 0), 3);
    wait_for_the_end();
    CHECK_STR(world.why, "the client did not finish its handshake in time");
    world_close();
}

static void words_are_bounded(void)
{
    static uint8_t record[16 * 1024] = "\x16\x03\x01\x3f\xfb\x01\x01\xff\xff";
    world_open(NULL, IDENTITY_NONE, 10000);
    for (int i = 0; i < 100 && world.refused == 0; i++) {
        (void)send(world.far, record, sizeof record, MSG_NOSIGNAL);
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    CHECK_EQ(world.refused, 1);
    CHECK(world.stream.shield == NULL ||
          world.stream.shield->heard <= SHIELD_GREETING_MAX + 16 * 1024);
    world_close();
}

/* In the middle of a record, with words of its own unread by the socket. */
static void it_moves_to_another_loop(void)
{
    uint8_t room[256];
    world_open(NULL, IDENTITY_NONE, 10000);
    if (!world_greet()) return;
    CHECK_EQ(SSL_write(world.client.ssl, "hello", 5), 5);
    struct bytes out = client_out(&world.client, room, sizeof room);
    CHECK_EQ(send(world.far, out.data, 7, 0), 7);
    (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    CHECK_EQ(world.input_size, 0);
    struct shield *shield;
    int fd = stream_detach(&world.stream, &shield);
    REQUIRE(shield != NULL);
    (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    CHECK_EQ(world.closed, 1);

    uv_loop_t loop;
    struct streams streams;
    struct stream stream;
    REQUIRE(uv_loop_init(&loop) == 0);
    struct pool *pool = pool_new((struct memory){lab_grow, NULL}, 0);
    REQUIRE(streams_init(&streams, &loop, pool, &user) == OK);
    REQUIRE(stream_open(&stream, &streams, fd, shield) == OK);
    CHECK_EQ(send(world.far, out.data + 7, out.size - 7, 0), out.size - 7);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_BYTES(world.input, world.input_size, "hello", 5);
    struct piece piece = piece_of("there", 5);
    (void)stream_write(&stream, &piece, 1);
    carry(SIZE_MAX);
    CHECK_EQ(client_read(room, sizeof room), 5);
    stream_cut(&stream);
    streams_fini(&streams);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&loop), 0);
    pool_free(pool);
    world.closed = 1;
    world_close();
}

int main(void)
{
    for (size_t i = 0; i < BIG; i++)
        big[i] = (uint8_t)(i * 31 + i / 1000);
    ca = lab_make(&(struct lab_wish){.cn = "CA", .is_ca = true});
    host = lab_make(&(struct lab_wish){.cn = "localhost", .issuer = &ca});
    me = lab_make(&(struct lab_wish){.cn = "me", .issuer = &ca});
    RUN(small_words_both_ways);
    RUN(words_behind_the_handshake);
    RUN(pieces_share_a_record);
    RUN(much_both_ways);
    RUN(posts_are_encrypted);
    RUN(an_end_is_announced);
    RUN(an_end_waits_for_what_is_written);
    RUN(the_peer_ends);
    RUN(strangers);
    RUN(without_certificate_nobody_comes_in);
    RUN(time_is_bounded);
    RUN(words_are_bounded);
    RUN(it_moves_to_another_loop);
    lab_free(&ca);
    lab_free(&host);
    lab_free(&me);
    lab_clear();
    return check_result();
}
