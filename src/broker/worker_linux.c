/* worker_linux.c - worker.h for Linux, where each thread has its own priority.
 */
#include "broker/worker.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { NICE_BEHIND = 10 };

void workers_plan(unsigned count)
{
    char text[16];
    if (count > WORKERS_MAX) count = WORKERS_MAX;
    (void)snprintf(text, sizeof text, "%u", count > 0 ? count : 1);
    (void)setenv("UV_THREADPOOL_SIZE", text, 0);
}

void worker_yield(void)
{
    static _Thread_local bool done;
    if (done) return;
    done = true;
    if (getpriority(PRIO_PROCESS, 0) >= NICE_BEHIND) return;
    (void)setpriority(PRIO_PROCESS, 0, NICE_BEHIND);
}
