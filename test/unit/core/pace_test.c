/* pace_test.c - who sends too much is not read for a while, and then is. */
#include "bench.h"
#include "core/conn.h"
#include "core/pace.h"
#include "core/state.h"

static struct bench *bench_of(uint32_t packets)
{
    struct options options = bench_options();
    options.max_packets_per_second = packets;
    return bench_new(1, options);
}

static void socket_is_paused_and_resumed(void)
{
    struct bench *b = bench_of(3);
    uint32_t watcher = bench_enter(b, (struct visit){.id = "w"});
    bench_want(b, watcher, "t", 0);
    bench_wait(b, 2000);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    for (int i = 0; i < 4; i++)
        bench_tell(b, a, "t", "x");
    CHECK(b->conns[a].paused);
    CHECK_EQ(b->shards[0]->stats.v[STAT_SLOWED], 1);
    CHECK_EQ(b->notes[NOTE_ABUSE], 1);
    for (int i = 0; i < 3; i++)
        EXPECT_MESSAGE(b, watcher, "t", "x");
    EXPECT_QUIET(b, watcher);
    bench_wait(b, 400);
    CHECK(!b->conns[a].paused);
    EXPECT_MESSAGE(b, watcher, "t", "x");
    bench_free(b);
}

/* Whoever has a pace gives it back, waiting or not. */
static void goes_while_it_waits(void)
{
    struct bench *b = bench_of(1);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_tell(b, a, "t", "x");
    struct conn *conn = conn_find(b->shards[0], (struct conn_id){a});
    REQUIRE(conn != NULL);
    CHECK(pace_waits(conn));
    bench_cut(b, a);
    bench_wait(b, 5000);
    bench_free(b);
}

int main(void)
{
    RUN(socket_is_paused_and_resumed);
    RUN(goes_while_it_waits);
    return check_result();
}
