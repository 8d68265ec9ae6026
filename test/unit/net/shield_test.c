/* shield_test.c - streams with TLS: a client of OpenSSL's at the far end of a
 * pair of sockets. */
#include "net/pair.h"
#include "net/shield.h"
#include "tls/lab_client.h"

#include <errno.h>

enum { BIG = PAIR_BIG };

static struct tls_server *server;
static struct client client;
static struct lab_identity ca, host, me;
static uint8_t big[BIG];

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
    struct tls_server *made = NULL;
    struct trouble_text trouble;
    REQUIRE(server_new(&options, NULL, &made, &trouble) == OK);
    return made;
}

static void pair_begin(client_setup *setup, enum identity_kind identity)
{
    int fd = pair_open();
    server = server_made(identity);
    client = client_new(setup, NULL, NULL);
    REQUIRE(stream_greet(&pair.stream, &pair.streams, fd, server, 600000) ==
            OK);
}

static void pair_end(void)
{
    pair_close();
    client_free(&client);
    server_unref(server);
}

/* Carry bytes between the client and its socket, `max` at most each way. */
static void carry(size_t max)
{
    static uint8_t room[256 * 1024];
    if (max > sizeof room) max = sizeof room;
    struct bytes out = client_out(&client, room, max);
    while (out.size > 0) {
        ssize_t put = send(pair.far, out.data, out.size, MSG_NOSIGNAL);
        if (put > 0) {
            out = bytes_skip(out, (size_t)put);
        } else {
            if (errno != EAGAIN) return;
            pair_turn(1);
        }
    }
    ssize_t got = recv(pair.far, room, max, 0);
    if (got > 0) client_in(&client, bytes_at(room, (size_t)got));
}

/* Some turns of the loop, with what both sides have to say. */
static void turns(int count)
{
    while (count-- > 0) {
        if (!SSL_is_init_finished(client.ssl)) {
            (void)SSL_do_handshake(client.ssl);
        }
        carry(SIZE_MAX);
        pair_turn(1);
    }
    ERR_clear_error();
}

/* What the client has received, at most `size` bytes. */
static size_t client_read(uint8_t *to, size_t size)
{
    size_t total = 0, got;
    while (total < size &&
           SSL_read_ex(client.ssl, to + total, size - total, &got) == 1) {
        total += got;
    }
    return total;
}

static bool pair_greet(void)
{
    turns(10);
    return CHECK_EQ(pair.greeted, 1) && CHECK_EQ(pair.refused, 0);
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
    pair_begin(as_me, IDENTITY_CN);
    CHECK_EQ(pair.stream.state, STREAM_GREETING);
    if (!pair_greet()) return;
    CHECK_STR(stream_identity(&pair.stream), "me");
    CHECK_EQ(SSL_write(client.ssl, "hello", 5), 5);
    turns(2);
    CHECK_BYTES(pair.input, pair.input_size, "hello", 5);
    struct piece pieces[] = {piece_of("good", 4), piece_of("bye", 3)};
    CHECK_EQ(stream_write(&pair.stream, pieces, 2), 0);
    turns(1);
    CHECK_EQ(client_read(room, sizeof room), 7);
    CHECK_BYTES(room, 7, "goodbye", 7);
    pair_end();
}

/* The first packet may come with the last word of the handshake. */
static void words_behind_the_handshake(void)
{
    pair_begin(NULL, IDENTITY_NONE);
    (void)SSL_do_handshake(client.ssl);
    carry(SIZE_MAX);
    pair_turn(4);
    carry(SIZE_MAX);
    CHECK_EQ(SSL_do_handshake(client.ssl), 1);
    CHECK_EQ(SSL_write(client.ssl, "hello", 5), 5);
    CHECK_EQ(pair.greeted, 0);
    turns(3);
    CHECK_EQ(pair.greeted, 1);
    CHECK_STR(stream_identity(&pair.stream), "");
    CHECK_BYTES(pair.input, pair.input_size, "hello", 5);
    pair_end();
}

/* Small pieces of a turn leave in one record. */
static void pieces_share_a_record(void)
{
    uint8_t room[8192];
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    (void)client_read(room, sizeof room);
    struct piece pieces[100];
    for (size_t i = 0; i < 100; i++)
        pieces[i] = piece_of(big + i, 20 + i % 3);
    (void)stream_write(&pair.stream, pieces, 100);
    ssize_t size = recv(pair.far, room, sizeof room, 0);
    /* A head of 5 bytes and one seal for all of them. */
    REQUIRE(size > 2000 && size < 2200);
    CHECK_EQ(room[3] << 8 | room[4], size - 5);
    pair_end();
}

static void much_both_ways(void)
{
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    for (size_t at = 0; at < BIG; at += 1024 * 1024) {
        CHECK_EQ(SSL_write(client.ssl, big + at, 1024 * 1024), 1024 * 1024);
        turns(100);
    }
    CHECK_EQ(pair.input_size, BIG);
    CHECK_EQ(memcmp(pair.input, big, BIG), 0);

    /* The socket takes a part; the rest leaves as the client reads. */
    struct piece pieces[] = {piece_of(big, 100), piece_of(big + 100, BIG - 200),
                             piece_of(big + BIG - 100, 100)};
    pieces[1].owner = &pair;
    pieces[2].notify = true;
    CHECK_EQ(stream_write(&pair.stream, pieces, 3), 0);
    CHECK(stream_waits(&pair.stream));
    CHECK(stream_waiting_bytes(&pair.stream) > BIG / 2);
    uint8_t *seen = calloc(1, BIG);
    size_t size = 0;
    for (int i = 0; i < 20000 && size < BIG; i++) {
        carry(1000 + (size_t)i % 7 * 10000);
        pair_turn(1);
        size += client_read(seen + size, BIG - size);
    }
    CHECK_EQ(size, BIG);
    CHECK_EQ(memcmp(seen, big, BIG), 0);
    CHECK_EQ(pair.written, 1);
    CHECK(!stream_waits(&pair.stream));
    free(seen);
    pair_end();
}

static void posts_are_encrypted(void)
{
    uint8_t room[64];
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    struct piece pieces[] = {piece_of("some", 4), piece_of("thing", 5)};
    CHECK_EQ(stream_post(&pair.stream, pieces, 2), 0);
    CHECK_EQ(stream_post(&pair.stream, pieces, 1), 0);
    streams_flush(&pair.streams);
    turns(1);
    CHECK_EQ(client_read(room, sizeof room), 13);
    CHECK_BYTES(room, 13, "somethingsome", 13);

    /* When the socket is full, they wait and keep their order. */
    size_t size = 0;
    while (!stream_waits(&pair.stream)) {
        struct piece piece = piece_of(big + size % 1024, 10000);
        (void)stream_post(&pair.stream, &piece, 1);
        streams_flush(&pair.streams);
        size += 10000;
        REQUIRE(size < BIG);
    }
    (void)stream_post(&pair.stream, pieces, 1);
    streams_flush(&pair.streams);
    uint8_t *seen = calloc(1, BIG);
    size_t got = 0;
    for (int i = 0; i < 2000 && got < size + 4; i++) {
        carry(SIZE_MAX);
        pair_turn(1);
        got += client_read(seen + got, BIG - got);
    }
    CHECK_EQ(got, size + 4);
    CHECK_BYTES(seen + size, 4, "some", 4);
    free(seen);
    pair_end();
}

static void an_end_is_announced(void)
{
    uint8_t room[64];
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    struct piece piece = piece_of("last", 4);
    (void)stream_write(&pair.stream, &piece, 1);
    stream_close(&pair.stream, true);
    CHECK_EQ(pair.stream.state, STREAM_DRAINING);
    turns(2);
    CHECK_EQ(client_read(room, sizeof room), 4);
    CHECK_EQ(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    pair_hang_up();
    turns(2);
    CHECK_EQ(pair.closed, 1);
    pair_end();
}

static void an_end_waits_for_what_is_written(void)
{
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    struct piece piece = piece_of(big, BIG);
    (void)stream_write(&pair.stream, &piece, 1);
    stream_close(&pair.stream, true);
    CHECK_EQ(pair.stream.state, STREAM_FLUSHING);
    uint8_t *seen = calloc(1, BIG);
    size_t got = 0;
    for (int i = 0; i < 2000 && got < BIG; i++) {
        carry(SIZE_MAX);
        pair_turn(1);
        got += client_read(seen + got, BIG - got);
    }
    turns(2);
    CHECK_EQ(got, BIG);
    CHECK_EQ(client_read(seen, 1), 0);
    CHECK_EQ(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    free(seen);
    pair_end();
}

static void the_peer_ends(void)
{
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    CHECK_EQ(SSL_write(client.ssl, "bye", 3), 3);
    (void)SSL_shutdown(client.ssl);
    turns(2);
    CHECK_BYTES(pair.input, pair.input_size, "bye", 3);
    CHECK_EQ(pair.ended, 1);
    stream_close(&pair.stream, false);
    pair_end();
}

/* `data` is the first word: the handshake fails because of `words`. */
static void word_fails(const char *data, size_t size, const char *words)
{
    pair_begin(NULL, IDENTITY_NONE);
    CHECK_EQ(send(pair.far, data, size, 0), size);
    pair_turn(4);
    CHECK_EQ(pair.refused, 1);
    if (strstr(pair.why, words) == NULL) {
        fprintf(stderr, "it says: %s\n", pair.why);
        CHECK(false);
    }
    CHECK_EQ(pair.stream.state, STREAM_DRAINING);
    pair_end();
}

static void strangers(void)
{
    word_fails("\x10\x0c\x00\x04MQTT", 8, "speaks MQTT without TLS");
    word_fails("GET / HTTP/1.1\r\n", 16, "HTTP or WebSocket");
    word_fails("hello", 5, "is no TLS");
    word_fails("\x16\x03\x01\x00\x05hello", 10, "");
    /* Came and went. */
    pair_begin(NULL, IDENTITY_NONE);
    pair_hang_up();
    pair_turn(4);
    CHECK_EQ(pair.refused, 1);
    CHECK_STR(pair.why, "(nothing)");
    pair_end();
}

static void without_certificate_nobody_comes_in(void)
{
    uint8_t byte;
    pair_begin(NULL, IDENTITY_CN);
    turns(10);
    CHECK_EQ(pair.greeted, 0);
    CHECK_EQ(pair.refused, 1);
    CHECK_STR(pair.why, "the peer shows no certificate, and must");
    /* The client reads why. */
    CHECK(SSL_read(client.ssl, &byte, 1) <= 0);
    CHECK_EQ(ERR_GET_REASON(ERR_peek_error()),
             SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
    ERR_clear_error();
    pair_end();
}

static void time_is_bounded(void)
{
    pair_begin(NULL, IDENTITY_NONE);
    pair_time_out();
    pair_wait();
    CHECK_STR(pair.why, "the client has not said a word");
    pair_end();

    pair_begin(NULL, IDENTITY_NONE);
    CHECK_EQ(send(pair.far, "\x16\x03\x01", 3, 0), 3);
    pair_turn(4);
    CHECK_EQ(pair.stream.shield->heard, 3);
    pair_time_out();
    pair_wait();
    CHECK_STR(pair.why, "the client did not finish its handshake in time");
    pair_end();
}

static void words_are_bounded(void)
{
    static uint8_t record[16 * 1024] = "\x16\x03\x01\x3f\xfb\x01\x01\xff\xff";
    pair_begin(NULL, IDENTITY_NONE);
    for (int i = 0; i < 100 && pair.refused == 0; i++) {
        (void)send(pair.far, record, sizeof record, MSG_NOSIGNAL);
        pair_turn(1);
    }
    CHECK_EQ(pair.refused, 1);
    CHECK(pair.stream.shield == NULL ||
          pair.stream.shield->heard <= SHIELD_GREETING_MAX + 16 * 1024);
    pair_end();
}

/* In the middle of a record, with words of its own unread by the socket. */
static void it_moves_to_another_loop(void)
{
    uint8_t room[256];
    pair_begin(NULL, IDENTITY_NONE);
    if (!pair_greet()) return;
    CHECK_EQ(SSL_write(client.ssl, "hello", 5), 5);
    struct bytes out = client_out(&client, room, sizeof room);
    CHECK_EQ(send(pair.far, out.data, 7, 0), 7);
    pair_turn(1);
    CHECK_EQ(pair.input_size, 0);
    struct shield *shield;
    int fd = stream_detach(&pair.stream, &shield);
    REQUIRE(shield != NULL);
    pair_turn(1);
    CHECK_EQ(pair.closed, 1);

    uv_loop_t loop;
    struct streams streams;
    struct stream stream;
    REQUIRE(uv_loop_init(&loop) == 0);
    struct pool *pool = unit_pool();
    REQUIRE(streams_init(&streams, &loop, pool, &pair_user) == OK);
    REQUIRE(stream_open(&stream, &streams, fd, shield) == OK);
    CHECK_EQ(send(pair.far, out.data + 7, out.size - 7, 0), out.size - 7);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_BYTES(pair.input, pair.input_size, "hello", 5);
    struct piece piece = piece_of("there", 5);
    (void)stream_write(&stream, &piece, 1);
    carry(SIZE_MAX);
    CHECK_EQ(client_read(room, sizeof room), 5);
    stream_cut(&stream);
    streams_fini(&streams);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&loop), 0);
    pool_free(pool);
    pair.closed = 1;
    pair_end();
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
