/* shard_test.c - stamps, and the life of a shard. */
#include "bench.h"
#include "core/shard.h"
#include "core/state.h"

/* Unique over all shards, and never falling, whatever was heard. */
static void stamps(void)
{
    struct bench *b = bench_new(3, bench_options());
    uint64_t last[3] = {0};
    for (int i = 0; i < 1000; i++) {
        for (int s = 0; s < 3; s++) {
            uint64_t stamp = shard_stamp(b->shards[s]);
            CHECK(stamp > last[s]);
            CHECK_EQ(stamp % 64, s);
            last[s] = stamp;
        }
    }
    b->shards[1]->clock = b->shards[0]->clock + 1000000;
    CHECK(shard_stamp(b->shards[1]) > last[0]);
    b->shards[0]->now_ms += 1;
    CHECK(shard_stamp(b->shards[0]) > last[0]);
    bench_free(b);
}

/* What comes of a message is stamped later than it, on any shard. */
static void clock_carried(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 1, 0, id), .at = 1};
    uint32_t to = bench_enter(b, v);
    bench_want(b, to, "t", 0);
    v = (struct visit){.id = bench_id(b, 0, 0, id)};
    uint32_t from = bench_enter(b, v);
    for (int i = 0; i < 100; i++)
        bench_tell(b, from, "t", "x");
    CHECK(shard_stamp(b->shards[1]) >> 6 > b->shards[0]->clock);
    bench_free(b);
}

/* It asks for the earliest of all it waits for. */
static void deadline(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint64_t start_ms = b->now_ms;
    CHECK(shard_deadline_ms(b->shards[0]) > start_ms + 1000);
    struct visit v = {
        .id = "a", .keep = true, .expiry_s = 3600, .keepalive_s = 1};
    uint32_t a = bench_enter(b, v);
    bench_wait(b, 1499);
    CHECK(b->conns[a].open);
    CHECK(shard_deadline_ms(b->shards[0]) <= start_ms + 1500);
    bench_wait(b, 1);
    CHECK(!b->conns[a].open);
    bench_free(b);
}

/* Events about connections that are gone mean nothing. */
static void late_events(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_leave(b, a, 0);
    bench_put(b, a, bytes_at("\xc0\0", 2));
    struct event event = {.kind = EVENT_DRAINED, .conn = {a}};
    bench_step(b, 0, event);
    event.kind = EVENT_CLOSED;
    bench_step(b, 0, event);
    event.conn.v = 1000000;
    bench_step(b, 0, event);
    event = (struct event){.kind = EVENT_TICK};
    bench_step(b, 0, event);
    EXPECT_CLOSED(b, a, 0);
    bench_free(b);
}

/* Random bytes cost the peer its connection, and nobody else anything. */
static void noise(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t witness = bench_enter(b, (struct visit){.id = "witness"});
    bench_want(b, witness, "t", 0);
    uint64_t x = 88172645463325252;
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[64];
        struct visit v = {.id = "noise"};
        uint32_t a = i % 3 == 0 ? bench_open(b, 0) : bench_knock(b, v);
        for (size_t n = 0; n < sizeof bytes; n++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bytes[n] = (uint8_t)x;
        }
        /* Half of them begin as a packet does. */
        if (i % 2 == 0) bytes[1] = 62;
        bench_say(b, a, bytes_at(bytes, sizeof bytes));
        if (b->conns[a].open) bench_cut(b, a);
        buffer_fini(&b->conns[a].heard);
        b->conn_count = a;
    }
    bench_tell(b, witness, "t", "alive");
    struct frame frame;
    bool alive = false;
    while (bench_next(b, witness, &frame))
        alive = frame.type == PACKET_PUBLISH;
    CHECK(alive);
    CHECK_EQ(b->shards[0]->conns.count, 1);
    bench_free(b);
}

/* Over its memory, a shard refuses what is new, and goes on with the rest. */
static void memory_full(void)
{
    struct pool *pool = pool_new((struct memory){unit_grow, NULL}, 300000);
    struct bench *b = bench_new(1, bench_options());
    shard_free(b->shards[0]);
    struct shard_place place = {0, 1, bench_key};
    b->shards[0] = shard_new(pool, place, &b->options, b->now_ms);
    REQUIRE(!pool_full(pool));
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_want(b, a, "t", 0);
    void *much = pool_take(pool, 400000);
    REQUIRE(pool_full(pool));
    uint32_t late = bench_knock(b, (struct visit){.id = "late"});
    EXPECT_CONNACK(b, late, REASON_QUOTA_EXCEEDED);
    bench_promise(b, a, "t", "x", 1, 1);
    EXPECT_ACK(b, a, PACKET_PUBACK, 1, REASON_QUOTA_EXCEEDED);
    struct subscribe_filter f = {.filter = bytes_of("u")};
    bench_say(b, a, bench_filter(b, a, f, 0));
    EXPECT_QUIET(b, a); /* a publisher is slowed down meanwhile */
    bench_wait(b, 20);
    EXPECT_SUBACK(b, a, REASON_QUOTA_EXCEEDED);
    pool_give(pool, much, 400000);
    bench_tell(b, a, "t", "x");
    EXPECT_MESSAGE(b, a, "t", "x");
    shard_free(b->shards[0]);
    b->shards[0] = NULL;
    CHECK_EQ(pool_bytes(pool), 0);
    bench_free(b);
    pool_free(pool);
}

int main(void)
{
    RUN(stamps);
    RUN(clock_carried);
    RUN(deadline);
    RUN(late_events);
    RUN(noise);
    RUN(memory_full);
    return check_result();
}
