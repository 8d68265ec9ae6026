/* absence_test.c - what is due while a session is alone. */
#include "bench.h"
#include "core/absence.h"
#include "core/session.h"
#include "core/state.h"

/* Client "a", which has gone and can come back for `expiry_s`. */
static struct bench *alone(uint32_t expiry_s, struct session **session)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = expiry_s};
    uint32_t conn = bench_enter(b, v);
    *session = session_find(b->shards[0], bytes_of("a"));
    REQUIRE(*session != NULL);
    CHECK((*session)->absence == NULL);
    bench_cut(b, conn);
    return b;
}

/* Who is connected, or alone for ever, has none; the end has its time. */
static void comes_and_goes(void)
{
    struct session *session;
    struct bench *b = alone(60, &session);
    CHECK_EQ(absence_ends_ms(session), b->now_ms + 60000);
    CHECK_EQ(absence_will_ms(session), 0);
    bench_enter(b, (struct visit){.id = "a", .keep = true, .expiry_s = 60});
    CHECK(session->absence == NULL);
    CHECK_EQ(absence_ends_ms(session), 0);
    bench_free(b);
    b = alone(SESSION_EXPIRY_NEVER, &session);
    CHECK(session->absence == NULL);
    bench_free(b);
}

/* The earlier of the two sets the timer, and with neither there is none. */
static void earlier_first(void)
{
    struct session *session;
    struct bench *b = alone(60, &session);
    struct shard *shard = b->shards[0];
    uint64_t ends_ms = absence_ends_ms(session);
    absence_will_at(shard, session, b->now_ms + 1000);
    absence_wait(shard, session);
    CHECK_EQ(session->absence->timer.deadline_ms, b->now_ms + 1000);
    absence_will_at(shard, session, ends_ms + 5);
    absence_wait(shard, session);
    CHECK_EQ(session->absence->timer.deadline_ms, ends_ms);
    absence_end_at(shard, session, 0);
    CHECK_EQ(absence_will_ms(session), ends_ms + 5);
    absence_will_at(shard, session, 0);
    CHECK(session->absence == NULL);
    absence_wait(shard, session);
    absence_over(shard, session);
    CHECK(session->absence == NULL);
    bench_free(b);
}

/* At its time the session is no more, and not before. */
static void ends(void)
{
    struct session *session;
    struct bench *b = alone(60, &session);
    bench_wait(b, 59999);
    CHECK(session_find(b->shards[0], bytes_of("a")) != NULL);
    bench_wait(b, 1);
    CHECK(session_find(b->shards[0], bytes_of("a")) == NULL);
    bench_free(b);
}

int main(void)
{
    RUN(comes_and_goes);
    RUN(earlier_first);
    RUN(ends);
    return check_result();
}
