/* process.h - what a process has used, as the system tells it. */
#ifndef MOGI_BENCH_PROCESS_H
#define MOGI_BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_process {
    bool known; /* false: nothing below is */
    uint64_t cpu_ns;
    uint64_t user_ticks; /* how cpu_ns is split: by samples, so roughly */
    uint64_t kernel_ticks;
    uint64_t resident_bytes;
    uint64_t switches; /* context switches of all its threads */
    uint64_t calls;    /* read and write system calls, where counted */
};

/* Read what process `pid` has used so far; `known` is false when there is no
 * such process, or no such system: it is Linux's /proc. */
struct bench_process bench_process_read(uint32_t pid);

#endif
