#include "bench/schedule.h"
#include "check.h"

static void none_without_a_rate(void)
{
    struct bench_schedule s = {1000, 0};
    CHECK_EQ(bench_schedule_due(&s, UINT64_MAX), 0);
    CHECK(bench_schedule_time(&s, 0) == UINT64_MAX);
}

static void steady(void)
{
    struct bench_schedule s = {500, UINT64_C(1000) * 1000};
    CHECK_EQ(bench_schedule_time(&s, 0), 500);
    CHECK_EQ(bench_schedule_time(&s, 3), 3000500);
    CHECK_EQ(bench_schedule_due(&s, 499), 0);
    CHECK_EQ(bench_schedule_due(&s, 500), 1);
    CHECK_EQ(bench_schedule_due(&s, 1000499), 1);
    CHECK_EQ(bench_schedule_due(&s, 1000500), 2);
}

/* A stall of ten seconds moves no time: all of it is due at once. */
static void a_stall_moves_nothing(void)
{
    struct bench_schedule s = {0, UINT64_C(1000) * 10000};
    CHECK_EQ(bench_schedule_due(&s, UINT64_C(10000000000)), 100001);
    CHECK_EQ(bench_schedule_time(&s, 100000), UINT64_C(10000000000));
}

/* For every rate, due and time say the same, also after days. */
static void both_ways_agree(void)
{
    static const uint64_t rates[] = {1,       7,        333,
                                     1000000, 33333333, UINT64_C(100000000000)};
    static const uint64_t numbers[] = {0,   1,       2,
                                       999, 1000001, UINT64_C(4000000000)};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        struct bench_schedule s = {12345, rates[r]};
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
            uint64_t k = numbers[n];
            if (rates[r] < 1000 && k > 1000001) continue;
            uint64_t at = bench_schedule_time(&s, k);
            CHECK_EQ(bench_schedule_due(&s, at), k + 1);
            CHECK_EQ(bench_schedule_due(&s, at - 1), k);
        }
    }
}

int main(void)
{
    RUN(none_without_a_rate);
    RUN(steady);
    RUN(a_stall_moves_nothing);
    RUN(both_ways_agree);
    return check_result();
}
