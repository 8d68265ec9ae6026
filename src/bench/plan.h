/* plan.h - who connects, who sends what, and who must get it.
 *
 * A mode is played as one plan or several, one after the other: `queue` has
 * clients that subscribe and go, then publishers, then the clients again.
 * Sources are numbered senders; those of a plan with `past` sent in an earlier
 * one, and only receivers connect.
 */
#ifndef MOGI_BENCH_PLAN_H
#define MOGI_BENCH_PLAN_H

#include "bench/options.h"

enum { BENCH_STEPS_MAX = 3 };

struct bench_plan {
    const struct bench_options *options;
    const char *name; /* of the step */
    uint32_t sources;
    uint32_t receivers;
    bool past;              /* the sources have sent already */
    bool paired;            /* receiver i hears source i alone */
    bool once;              /* each message reaches one receiver, whichever */
    bool unordered;         /* the order is nobody's promise */
    bool clean;             /* sessions start empty and end with the step */
    bool blind;             /* what comes is counted, not checked */
    bool retain;            /* publishes are retained ... */
    bool empty;             /* ... and have no payload: they clear */
    bool hold;              /* the step lasts options->hold_s */
    const char *topic;      /* see bench_pattern */
    const char *filter;     /* NULL: nobody subscribes */
    uint32_t filters_each;  /* of a receiver; %n counts them */
    uint32_t messages_each; /* of a source; 0: until the time is over */
    uint32_t duration_s;
    uint32_t qos;
};

/* The steps of o->mode.
 *
 *   steps  BENCH_STEPS_MAX of them; they borrow from `o`
 *
 * Returns how many there are, 1 at least. */
size_t bench_plan_make(const struct bench_options *o, struct bench_plan *steps);

/* How many receivers get each message of a source; 0: none. */
uint32_t bench_plan_fan(const struct bench_plan *plan);

#endif
