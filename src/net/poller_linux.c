/* poller_linux.c - see poller.h: an epoll of its own, which the loop's epoll
 * watches. One call more a turn, and no call, table or callback more for each
 * socket. */
#include "net/poller.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Sockets told of at once. */
enum { READY_MAX = 1024 };

struct poller {
    uv_poll_t poll;
    int fd;
    poller_ready *ready;
    struct epoll_event list[READY_MAX];
};

static void on_poll(uv_poll_t *poll, int status, int events);

struct poller *poller_new(uv_loop_t *loop, poller_ready *ready)
{
    assert(ready != NULL);
    struct poller *poller = calloc(1, sizeof *poller);
    if (poller == NULL) return NULL;
    poller->ready = ready;
    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->fd >= 0 && uv_poll_init(loop, &poller->poll, poller->fd) == 0) {
        poller->poll.data = poller;
        (void)uv_poll_start(&poller->poll, UV_READABLE, on_poll);
        return poller;
    }
    if (poller->fd >= 0) (void)close(poller->fd);
    free(poller);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void poller_free(struct poller *poller)
{
    if (poller == NULL) return;
    (void)uv_poll_stop(&poller->poll);
    (void)close(poller->fd);
    uv_close((uv_handle_t *)&poller->poll, on_closed);
}

static uint32_t epoll_events(unsigned events)
{
    /* Told once, a socket is not asked whether there is still something to read
     * when it was read: that is one look at it less for each read. */
    if (events == WATCH_READ) return EPOLLIN | EPOLLRDHUP | EPOLLET;
    uint32_t wanted = 0;
    if ((events & WATCH_READ) != 0) wanted |= EPOLLIN;
    if ((events & WATCH_WRITE) != 0) wanted |= EPOLLOUT;
    return wanted;
}

static enum err watch_tell(struct poller *poller, struct watch *watch)
{
    int what = watch->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event wanted = {.events = epoll_events(watch->events)};
    wanted.data.ptr = watch;
    if (epoll_ctl(poller->fd, what, watch->fd, &wanted) != 0) return ERR_IO;
    watch->known = true;
    return OK;
}

enum err watch_start(struct poller *poller, struct watch *watch, int fd)
{
    assert(fd >= 0);
    *watch = (struct watch){.fd = fd};
    return watch_tell(poller, watch);
}

void watch_set(struct poller *poller, struct watch *watch, unsigned events)
{
    if (watch->events == events) return;
    watch->events = (uint8_t)events;
    if (events == 0 && !watch->known) return;
    /* There was room for it when it was started; if that is gone, it is as
     * with any memory that there is not. */
    if (watch_tell(poller, watch) != OK) abort();
}

void watch_again(struct poller *poller, struct watch *watch)
{
    assert(watch->events != 0);
    if (watch_tell(poller, watch) != OK) abort();
}

static void watch_forget(struct poller *poller, struct watch *watch)
{
    if (!watch->known) return;
    (void)epoll_ctl(poller->fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->known = false;
}

void watch_stop(struct poller *poller, struct watch *watch)
{
    watch_forget(poller, watch);
    watch->events = 0;
}

/* What the system says in the words of the watch: an end can be read, and
 * fails a write. */
static unsigned ready_events(const struct watch *watch, uint32_t events)
{
    unsigned ready = 0;
    if ((events & (EPOLLIN | EPOLLHUP)) != 0) ready |= WATCH_READ;
    if ((events & (EPOLLOUT | EPOLLHUP)) != 0) ready |= WATCH_WRITE;
    ready &= watch->events;
    if ((events & EPOLLRDHUP) != 0) ready |= WATCH_END;
    return ready;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct poller *poller = poll->data;
    (void)status;
    (void)events;
    int count = epoll_wait(poller->fd, poller->list, READY_MAX, 0);
    for (int i = 0; i < count; i++) {
        const struct epoll_event *event = &poller->list[i];
        struct watch *watch = event->data.ptr;
        /* An end or an error that nobody waits for would be told for ever. */
        if (watch->events == 0) {
            watch_forget(poller, watch);
            continue;
        }
        bool failed = (event->events & EPOLLERR) != 0;
        unsigned ready = ready_events(watch, event->events);
        if (failed || ready != 0) poller->ready(watch, ready, failed);
    }
}
