/* track.c - see track.h. */
#include "bench/track.h"

#include "bench/memory.h"

#include <stdlib.h>
#include <string.h>

void bench_track_fini(struct bench_track *t)
{
    free(t->gaps);
    *t = (struct bench_track){0};
}

static void gap_insert(struct bench_track *t, uint32_t at, struct bench_gap gap)
{
    if (t->gap_count == BENCH_GAPS_MAX) {
        t->lost_for_good += gap.end - gap.first;
        return;
    }
    if (t->gap_count == t->gap_capacity) {
        t->gap_capacity = t->gap_capacity == 0 ? 4 : t->gap_capacity * 2;
        t->gaps = bench_grow(t->gaps, t->gap_capacity * sizeof *t->gaps);
    }
    memmove(t->gaps + at + 1, t->gaps + at,
            (t->gap_count - at) * sizeof *t->gaps);
    t->gaps[at] = gap;
    t->gap_count += 1;
}

static void gap_remove(struct bench_track *t, uint32_t at)
{
    t->gap_count -= 1;
    memmove(t->gaps + at, t->gaps + at + 1,
            (t->gap_count - at) * sizeof *t->gaps);
}

/* Take `number` out of gap `at`, which holds it. */
static void gap_fill(struct bench_track *t, uint32_t at, uint32_t number)
{
    struct bench_gap old = t->gaps[at];
    struct bench_gap upper = {number + 1, old.end};
    t->gaps[at].end = number;
    if (upper.first < upper.end) gap_insert(t, at + 1, upper);
    if (old.first == number) gap_remove(t, at);
}

bool bench_track_odd(struct bench_track *t, uint32_t number)
{
    if (number >= t->next) {
        struct bench_gap gap = {t->next, number};
        if (gap.first < gap.end) gap_insert(t, t->gap_count, gap);
        t->next = number + 1;
        return true;
    }
    for (uint32_t i = 0; i < t->gap_count; i++) {
        if (number >= t->gaps[i].first && number < t->gaps[i].end) {
            gap_fill(t, i, number);
            t->misordered += 1;
            return true;
        }
    }
    t->duplicated += 1;
    return false;
}

uint64_t bench_track_lost(const struct bench_track *t, uint32_t sent)
{
    uint64_t lost = t->lost_for_good;
    for (uint32_t i = 0; i < t->gap_count; i++) {
        lost += t->gaps[i].end - t->gaps[i].first;
    }
    return sent > t->next ? lost + (sent - t->next) : lost;
}
