/* stream_output_test.c - what is written and posted leaves in its order. */
#include "base/rng.h"
#include "net/plain_pair.h"
#include "net/socket.h"

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

int main(void)
{
    RUN(posts_leave_with_the_flush);
    RUN(posts_wait_for_a_full_socket);
    RUN(much_output_keeps_its_order);
    RUN(failed_write_ends_it);
    return check_result();
}
