/* courtesy.h - a thread that has nothing to do any more lets others run, once,
 * before it sleeps.
 *
 *     turn --> others run --> is there more?  --> turn    nobody slept, and
 *                                |                        nobody woke
 *                                +--> sleep
 *
 * Where threads of the broker and their clients share processors, who is woken
 * by the first of many messages takes the processor from whom the rest would
 * come, and serves each by itself. After others had their turn the rest is
 * there, and no system call was needed to say so: turns are fewer and longer.
 *
 * Beside a program that never stops, the price is its time slice. So what each
 * courtesy took is remembered, and when too many are long there is none for a
 * while. One for each thread.
 */
#ifndef MOGI_BROKER_COURTESY_H
#define MOGI_BROKER_COURTESY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Who has made fewer steps is not busy, and others do not stand in line:
     * then it is not worth the detour. */
    COURTESY_STEPS_MIN = 8,

    /* One that takes longer is long: clients and other threads seldom need as
     * much, and a time slice is more. */
    COURTESY_LONG_NS = 2 * 1000 * 1000,

    /* One that is long costs as many as there must be short ones for it; so
     * many are remembered. */
    COURTESY_PRICE = 64,
    COURTESY_CREDIT_MAX = 128,

    /* The while without any. */
    COURTESY_PAUSE_NS = 100 * 1000 * 1000
};

/* Zero is a beginning. */
struct courtesy {
    uint64_t until_ns; /* none before */
    int credit;
};

/* May others run now? */
bool courtesy_due(const struct courtesy *courtesy, uint64_t now_ns);

/* They have run from `begin_ns` to `end_ns`. */
void courtesy_account(struct courtesy *courtesy, uint64_t begin_ns,
                      uint64_t end_ns);

/* Let others run who wait for this processor; returns at once when nobody
 * does. */
void courtesy_yield(void);

#endif
