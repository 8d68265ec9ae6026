/* waiting_test.c - QoS 0 that waits for room in the output. */
#include "bench.h"
#include "core/bounds.h"
#include "core/conn.h"
#include "core/state.h"
#include "core/waiting.h"

enum { BIG = 200000 };

/* A publish of `size` bytes of QoS 0 on "t", as `from` says it. */
static void tell(struct bench *b, uint32_t from, size_t size)
{
    static uint8_t payload[BIG];
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_at(payload, size)};
    bench_say(b, from, bench_publish(b, from, &p));
}

static struct conn *conn_at(struct bench *b, uint32_t number)
{
    struct conn_id id = {number};
    struct conn *conn = conn_find(b->shards[0], id);
    REQUIRE(conn != NULL);
    return conn;
}

/* Nothing waits before the output is full, nor when it is not any more: then
 * there is no memory for it either. */
static void while_full(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    uint32_t to = bench_enter(b, (struct visit){.id = "to"});
    bench_want(b, to, "t", 0);
    tell(b, from, 10);
    CHECK(conn_waiting(conn_at(b, to)) == NULL);
    b->conns[to].stuck = true;
    tell(b, from, BIG);
    tell(b, from, BIG);
    CHECK(conn_waiting(conn_at(b, to)) == NULL);
    tell(b, from, 1);
    tell(b, from, 2);
    const struct waiting *waiting = conn_waiting(conn_at(b, to));
    REQUIRE(waiting != NULL);
    CHECK(waiting->bytes > 2 * sizeof(struct delivery));
    b->conns[to].stuck = false;
    bench_settle(b);
    CHECK(conn_at(b, to)->rare == NULL);
    static const size_t sizes[] = {10, BIG, BIG, 1, 2};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        CHECK_EQ(EXPECT_PUBLISH(b, to).payload.size, sizes[i]);
    EXPECT_QUIET(b, to);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 0);
    bench_free(b);
}

/* What still waits when the connection ends is dropped, and counted. */
static void ends(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    uint32_t to = bench_enter(b, (struct visit){.id = "to"});
    bench_want(b, to, "t", 0);
    b->conns[to].stuck = true;
    tell(b, from, BIG);
    tell(b, from, BIG);
    for (size_t i = 0; i < 3; i++)
        tell(b, from, i);
    REQUIRE(conn_waiting(conn_at(b, to)) != NULL);
    bench_cut(b, to);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 3);
    bench_free(b);
}

int main(void)
{
    RUN(while_full);
    RUN(ends);
    return check_result();
}
