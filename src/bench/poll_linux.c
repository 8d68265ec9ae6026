/* poll_linux.c - see poll.h; epoll(7) and eventfd(2). */
#include "bench/poll.h"

#include "bench/memory.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct bench_poll {
    int epoll;
    int wake;
    struct epoll_event events[BENCH_POLL_EVENTS];
};

static struct epoll_event interest(void *owner, bool writable)
{
    return (struct epoll_event){
        .events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN,
        .data.ptr = owner,
    };
}

struct bench_poll *bench_poll_new(void)
{
    struct bench_poll *poll = bench_array(1, sizeof *poll);
    /* Timers that are 50 us late by default would show in every latency; the
     * threads inherit it. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    poll->epoll = epoll_create1(EPOLL_CLOEXEC);
    poll->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = interest(NULL, false);
    if (poll->epoll < 0 || poll->wake < 0 ||
        epoll_ctl(poll->epoll, EPOLL_CTL_ADD, poll->wake, &event) != 0) {
        bench_poll_free(poll);
        return NULL;
    }
    return poll;
}

void bench_poll_free(struct bench_poll *poll)
{
    if (poll == NULL) return;
    if (poll->epoll >= 0) (void)close(poll->epoll);
    if (poll->wake >= 0) (void)close(poll->wake);
    free(poll);
}

bool bench_poll_add(struct bench_poll *poll, int fd, void *owner, bool writable)
{
    struct epoll_event event = interest(owner, writable);
    return epoll_ctl(poll->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void bench_poll_change(struct bench_poll *poll, int fd, void *owner,
                       bool writable)
{
    struct epoll_event event = interest(owner, writable);
    (void)epoll_ctl(poll->epoll, EPOLL_CTL_MOD, fd, &event);
}

void bench_poll_remove(struct bench_poll *poll, int fd)
{
    (void)epoll_ctl(poll->epoll, EPOLL_CTL_DEL, fd, NULL);
}

size_t bench_poll_wait(struct bench_poll *poll, uint64_t timeout_ns,
                       struct bench_poll_event *events, bool *woken)
{
    struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ns / 1000000000),
        .tv_nsec = (long)(timeout_ns % 1000000000),
    };
    int got = epoll_pwait2(poll->epoll, poll->events, BENCH_POLL_EVENTS,
                           &timeout, NULL);
    size_t count = 0;
    *woken = false;
    for (int i = 0; i < got; i++) {
        const struct epoll_event *event = &poll->events[i];
        if (event->data.ptr == NULL) {
            uint64_t wakes;
            *woken = true;
            (void)!read(poll->wake, &wakes, sizeof wakes);
            continue;
        }
        events[count++] = (struct bench_poll_event){
            .owner = event->data.ptr,
            .readable = (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0,
            .writable = (event->events & EPOLLOUT) != 0,
        };
    }
    return count;
}

void bench_poll_wake(struct bench_poll *poll)
{
    uint64_t one = 1;
    (void)!write(poll->wake, &one, sizeof one);
}
