/* schedule.c - see schedule.h. */
#include "bench/schedule.h"

static const uint64_t NS_IN_1000_S = UINT64_C(1000000000000);

uint64_t bench_schedule_time(const struct bench_schedule *s, uint64_t k)
{
    if (s->rate_mhz == 0) return UINT64_MAX;
    /* Whole thousands of seconds apart, so that nothing overflows. */
    uint64_t whole = k / s->rate_mhz;
    uint64_t rest = k % s->rate_mhz;
    double part = (double)rest * ((double)NS_IN_1000_S / (double)s->rate_mhz);
    return s->start_ns + whole * NS_IN_1000_S + (uint64_t)part;
}

uint64_t bench_schedule_due(const struct bench_schedule *s, uint64_t now_ns)
{
    if (s->rate_mhz == 0 || now_ns < s->start_ns) return 0;
    uint64_t passed_ns = now_ns - s->start_ns;
    uint64_t whole = passed_ns / NS_IN_1000_S;
    uint64_t rest = passed_ns % NS_IN_1000_S;
    double part = (double)rest * ((double)s->rate_mhz / (double)NS_IN_1000_S);
    uint64_t due = whole * s->rate_mhz + (uint64_t)part;
    /* A double may be off by one: the times decide. */
    while (bench_schedule_time(s, due) <= now_ns) {
        due += 1;
    }
    while (due > 0 && bench_schedule_time(s, due - 1) > now_ns) {
        due -= 1;
    }
    return due;
}
