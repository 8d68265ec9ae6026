/* session_test.c - what is remembered for a client id, and for how long. */
#include "bench.h"
#include "core/session.h"
#include "core/state.h"

static struct session *find(struct bench *b, const char *id)
{
    return session_find(b->shards[bench_home(b, id)], bytes_of(id));
}

/* To the second that the client said; the last word counts. */
static void expiry(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = 10};
    uint32_t a = bench_enter(b, v);
    bench_wait(b, 60000); /* not while it is connected */
    bench_cut(b, a);
    bench_wait(b, 9999);
    CHECK(find(b, "a") != NULL);
    a = bench_knock(b, v);
    CHECK(EXPECT_CONNACK(b, a, 0).session_present);
    bench_cut(b, a);
    bench_wait(b, 10000);
    CHECK(find(b, "a") == NULL);
    CHECK_EQ(b->shards[0]->stats.v[STAT_EXPIRED], 1);
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS], 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS_MAXIMUM], 1);
    v.expiry_s = SESSION_EXPIRY_NEVER;
    bench_cut(b, bench_enter(b, v));
    bench_wait(b, UINT64_C(1000) * 86400 * 400);
    CHECK(find(b, "a") != NULL);
    bench_free(b);
}

/* 3.x: all or nothing, but for the operator's limit. */
static void expiry_old(void)
{
    struct options options = bench_options();
    options.persistent_client_expiration_s = 100;
    struct bench *b = bench_new(1, options);
    struct visit v = {.id = "a", .protocol = MQTT_311};
    bench_cut(b, bench_enter(b, v));
    CHECK(find(b, "a") == NULL);
    v.keep = true;
    bench_cut(b, bench_enter(b, v));
    bench_wait(b, 99999);
    CHECK(find(b, "a") != NULL);
    bench_wait(b, 1);
    CHECK(find(b, "a") == NULL);
    bench_free(b);
}

/* A reference outlives the session, not the other way round; a slot that is
 * used again does not answer to it. */
static void references(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    struct session_ref ref = find(b, "a")->ref, nobody = {0};
    CHECK(session_by_ref(b->shards[0], ref) == find(b, "a"));
    CHECK(session_by_ref(b->shards[0], nobody) == NULL);
    bench_cut(b, a);
    CHECK(session_by_ref(b->shards[0], ref) == NULL);
    bench_enter(b, (struct visit){.id = "b"});
    CHECK_EQ(find(b, "b")->ref.slot, ref.slot);
    CHECK(session_by_ref(b->shards[0], ref) == NULL);
    struct session_ref beyond = {1000000, 1};
    CHECK(session_by_ref(b->shards[0], beyond) == NULL);
    bench_free(b);
}

/* More sessions than there are slots at first, coming and going. */
static void many(void)
{
    struct bench *b = bench_new(1, bench_options());
    char id[16];
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "s%d", i);
        struct visit v = {.id = id, .keep = true, .expiry_s = 60};
        b->conn_count = 0;
        uint32_t a = bench_enter(b, v);
        bench_want(b, a, id, 1);
        bench_cut(b, a);
        buffer_fini(&b->conns[0].heard);
    }
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS], 300);
    CHECK_EQ(b->shards[0]->stats.v[STAT_SUBSCRIPTIONS], 300);
    bench_wait(b, 60000);
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS], 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_SUBSCRIPTIONS], 0);
    b->conn_count = 0;
    bench_free(b);
}

/* What it was stays: subscriptions, with their options, and the queue. */
static void kept(void)
{
    struct bench *b = bench_new(3, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = 60};
    uint32_t a = bench_enter(b, v);
    struct subscribe_filter f = {
        .filter = bytes_of("t/#"), .qos = 1, .no_local = true};
    bench_say(b, a, bench_filter(b, a, f, 77));
    EXPECT_SUBACK(b, a, 1);
    bench_leave(b, a, 0);
    uint32_t other = bench_enter(b, (struct visit){.id = "other"});
    bench_promise(b, other, "t/1", "x", 2, 1);
    EXPECT_ACK(b, other, PACKET_PUBREC, 1, 0);
    a = bench_knock(b, v);
    CHECK(EXPECT_CONNACK(b, a, 0).session_present);
    struct publish p = EXPECT_MESSAGE(b, a, "t/1", "x");
    CHECK_EQ(p.qos, 1);
    CHECK_EQ(p.properties.subscription_id, 77);
    bench_tell(b, a, "t/2", "own");
    EXPECT_QUIET(b, a);
    v.keep = false;
    a = bench_knock(b, v);
    CHECK(!EXPECT_CONNACK(b, a, 0).session_present);
    bench_tell(b, other, "t/1", "y");
    EXPECT_QUIET(b, a);
    bench_free(b);
}

/* What ends in the middle of everything leaves nothing behind. */
static void ends_under_way(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 0, 0, id)};
    uint32_t a = bench_enter(b, v);
    bench_want(b, a, "$share/g/t", 1);
    bench_want(b, a, "t", 2);
    bench_promise(b, a, "t", "x", 2, 1);
    b->deaf[1] = b->deaf[2] = true;
    bench_promise(b, a, "t", "y", 1, 2);
    struct subscribe_filter f = {.filter = bytes_of("u"), .qos = 1};
    bench_say(b, a, bench_filter(b, a, f, 0));
    f.filter = bytes_of("$share/h/u");
    bench_say(b, a, bench_filter(b, a, f, 0));
    bench_cut(b, a);
    CHECK(find(b, id) == NULL);
    b->deaf[1] = b->deaf[2] = false;
    bench_settle(b);
    for (int i = 0; i < 3; i++) {
        const uint64_t *v64 = b->shards[i]->stats.v;
        CHECK_EQ(v64[STAT_CLIENTS] + v64[STAT_SUBSCRIPTIONS], 0);
        CHECK_EQ(v64[STAT_QUEUED] + v64[STAT_QUEUED_BYTES], 0);
        CHECK_EQ(v64[STAT_SHARED_SUBSCRIPTIONS], 0);
        CHECK_EQ(topics_filter_count(b->shards[i]->topics), 0);
        CHECK_EQ(b->shards[i]->groups.count, 0);
    }
    bench_free(b);
}

int main(void)
{
    RUN(expiry);
    RUN(expiry_old);
    RUN(references);
    RUN(many);
    RUN(kept);
    RUN(ends_under_way);
    return check_result();
}
