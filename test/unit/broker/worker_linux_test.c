/* worker_linux_test.c - a worker runs behind the other threads, and alone. */
#include "broker/worker.h"
#include "check.h"

#include <pthread.h>
#include <sys/resource.h>

static void *work(void *argument)
{
    worker_yield();
    worker_yield();
    *(int *)argument = getpriority(PRIO_PROCESS, 0);
    return NULL;
}

static void only_this_thread_yields(void)
{
    pthread_t thread;
    int nice = -1, before = getpriority(PRIO_PROCESS, 0);
    REQUIRE(pthread_create(&thread, NULL, work, &nice) == 0);
    pthread_join(thread, NULL);
    CHECK_EQ(nice, before > 10 ? before : 10);
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), before);
}

static void the_operator_decides_how_many(void)
{
    unsetenv("UV_THREADPOOL_SIZE");
    workers_plan(1000);
    CHECK_STR(getenv("UV_THREADPOOL_SIZE"), "16");
    workers_plan(2);
    CHECK_STR(getenv("UV_THREADPOOL_SIZE"), "16");
    unsetenv("UV_THREADPOOL_SIZE");
    workers_plan(0);
    CHECK_STR(getenv("UV_THREADPOOL_SIZE"), "1");
}

int main(void)
{
    RUN(only_this_thread_yields);
    RUN(the_operator_decides_how_many);
    return check_result();
}
