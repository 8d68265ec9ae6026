/* receiver.h - a subscriber: checks what comes, and acknowledges it. */
#ifndef MOGI_BENCH_RECEIVER_H
#define MOGI_BENCH_RECEIVER_H

#include "bench/run.h"

/* A PUBLISH or PUBREL came; answers go to the thread's replies. */
void bench_receiver_take(struct bench_conn *conn, const struct bench_frame *f);

/* Trackers for all that `conn` will hear. */
void bench_receiver_init(struct bench_run *run, struct bench_conn *conn);

/* Free them. */
void bench_receiver_fini(struct bench_run *run, struct bench_conn *conn);

/* Deliveries that never came, after all threads have ended. */
uint64_t bench_receivers_lost(const struct bench_run *run);

#endif
