/* thread.h - one thread of the load: its loop. */
#ifndef MOGI_BENCH_THREAD_H
#define MOGI_BENCH_THREAD_H

#include "bench/run.h"

/* Make thread->run, index and conns ready to go: buffers, poll. False when the
 * system refuses. */
bool bench_thread_init(struct bench_thread *thread);

/* Free what it holds, but not its connections. */
void bench_thread_fini(struct bench_thread *thread);

/* The loop: a pthread's start, `context` is the thread. Ends, its connections
 * closed, when the run's phase is BENCH_CLOSING. */
void *bench_thread_main(void *context);

#endif
