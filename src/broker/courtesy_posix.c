/* courtesy_posix.c - the part of courtesy.h that is a system call. */
#include "broker/courtesy.h"

#include <sched.h>

void courtesy_yield(void)
{
    (void)sched_yield();
}
