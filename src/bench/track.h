/* track.h - what came from one sender at one receiver, and what did not.
 *
 *     0 1 2 3 . . 6 7 8 |           next is 9, [4, 6) is a gap
 *                        ^ next
 *
 * A number at `next` is good, one above it leaves a gap, one below it fills a
 * gap (misordered) or was there already (duplicated). What is still a gap at
 * the end is lost. Owned by the receiver's thread.
 */
#ifndef MOGI_BENCH_TRACK_H
#define MOGI_BENCH_TRACK_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_GAPS_MAX = 4096 };

struct bench_gap {
    uint32_t first;
    uint32_t end; /* one past the last */
};

struct bench_track {
    uint32_t next;
    uint32_t gap_count;
    struct bench_gap *gaps; /* in their order, not empty; NULL until one */
    uint32_t gap_capacity;
    uint32_t lost_for_good; /* of gaps that found no room in the list */
    uint32_t duplicated;
    uint32_t misordered;
};

/* Zeroed memory is a tracker that has seen nothing; this frees what it holds
 * and makes it one again. */
void bench_track_fini(struct bench_track *t);

/* Note `number`, which is not the next one; as bench_track_see. */
bool bench_track_odd(struct bench_track *t, uint32_t number);

/* Note that `number` came; false when it had come before. */
static inline bool bench_track_see(struct bench_track *t, uint32_t number)
{
    if (number == t->next) {
        t->next += 1;
        return true;
    }
    return bench_track_odd(t, number);
}

/* How many of the numbers below `sent` never came. */
uint64_t bench_track_lost(const struct bench_track *t, uint32_t sent);

#endif
