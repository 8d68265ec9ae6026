#include "bench/track.h"
#include "check.h"

static struct bench_track t;

static void in_order(void)
{
    for (uint32_t i = 0; i < 100; i++) {
        CHECK(bench_track_see(&t, i));
    }
    CHECK_EQ(bench_track_lost(&t, 100), 0);
    CHECK_EQ(bench_track_lost(&t, 103), 3);
    CHECK_EQ(t.misordered + t.duplicated, 0);
    bench_track_fini(&t);
}

static void a_gap_is_lost(void)
{
    CHECK(bench_track_see(&t, 0));
    CHECK(bench_track_see(&t, 5));
    CHECK(bench_track_see(&t, 9));
    CHECK_EQ(bench_track_lost(&t, 10), 7);
    bench_track_fini(&t);
    CHECK_EQ(t.next, 0);
}

static void late_is_misordered_not_lost(void)
{
    CHECK(bench_track_see(&t, 5));
    CHECK(bench_track_see(&t, 2));
    CHECK_EQ(t.misordered, 1);
    CHECK_EQ(bench_track_lost(&t, 6), 4);
    CHECK(bench_track_see(&t, 0));
    CHECK(bench_track_see(&t, 4));
    CHECK(bench_track_see(&t, 3));
    CHECK(bench_track_see(&t, 1));
    CHECK_EQ(t.misordered, 5);
    CHECK_EQ(t.gap_count, 0);
    CHECK_EQ(bench_track_lost(&t, 6), 0);
    CHECK_EQ(t.duplicated, 0);
    bench_track_fini(&t);
}

static void twice_is_duplicated(void)
{
    CHECK(bench_track_see(&t, 0));
    CHECK(!bench_track_see(&t, 0));
    CHECK(bench_track_see(&t, 3));
    CHECK(!bench_track_see(&t, 3));
    CHECK(bench_track_see(&t, 1));
    CHECK(!bench_track_see(&t, 1));
    CHECK_EQ(t.duplicated, 3);
    CHECK_EQ(bench_track_lost(&t, 4), 1);
    bench_track_fini(&t);
}

/* More gaps than are remembered: still nothing is forgotten. */
static void too_many_gaps(void)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < BENCH_GAPS_MAX + 50; i++) {
        last = 2 * i + 1;
        CHECK(bench_track_see(&t, last));
    }
    CHECK_EQ(t.gap_count, BENCH_GAPS_MAX);
    CHECK_EQ(bench_track_lost(&t, last + 1), BENCH_GAPS_MAX + 50);
    bench_track_fini(&t);
}

int main(void)
{
    RUN(in_order);
    RUN(a_gap_is_lost);
    RUN(late_is_misordered_not_lost);
    RUN(twice_is_duplicated);
    RUN(too_many_gaps);
    return check_result();
}
