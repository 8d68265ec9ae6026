/* worker.h - threads for long work that can wait, as hashing passwords: libuv
 * has them, and all threads of the broker share them. */
#ifndef MOGI_BROKER_WORKER_H
#define MOGI_BROKER_WORKER_H

enum { WORKERS_MAX = 16 };

/* Have `count` of them, at most WORKERS_MAX, unless the environment says
 * otherwise (UV_THREADPOOL_SIZE). Before libuv starts them. */
void workers_plan(unsigned count);

/* Let this thread, which is one of them, run behind the others of the process
 * from now on, where the system has that. Cheap when called again. */
void worker_yield(void);

#endif
