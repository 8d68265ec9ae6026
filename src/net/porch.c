/* porch.c - see porch.h. */
#include "net/porch.h"

#include "net/socket.h"

#include <assert.h>
#include <stdlib.h>

struct waiter {
    uv_poll_t poll;
    uv_timer_t timer;
    struct porch *porch;
    struct link link;
    struct porch_visit visit;
    unsigned version;
    unsigned closing; /* handles that are not closed yet */
    size_t size;      /* of the header's beginning in `bytes` */
    uint8_t bytes[PROXY_V2_MAX];
};

void porch_init(struct porch *porch, uv_loop_t *loop, porch_done *done)
{
    porch->loop = loop;
    porch->done = done;
    list_init(&porch->waiting);
}

static void on_closed(uv_handle_t *handle)
{
    struct waiter *waiter = handle->data;
    if (--waiter->closing == 0) free(waiter);
}

/* It waits no more. Its memory stays until the loop has run. */
static void waiter_leave(struct waiter *waiter)
{
    list_remove(&waiter->link);
    (void)uv_poll_stop(&waiter->poll);
    waiter->closing = 2;
    uv_close((uv_handle_t *)&waiter->poll, on_closed);
    uv_close((uv_handle_t *)&waiter->timer, on_closed);
}

static void waiter_end(struct waiter *waiter, enum err err,
                       const struct proxy *proxy)
{
    waiter_leave(waiter);
    if (err != OK) socket_close(waiter->visit.fd);
    waiter->porch->done(waiter->porch, &waiter->visit, err, proxy);
}

/* Take `count` bytes that are known to be there off the socket. */
static bool waiter_take(struct waiter *waiter, size_t count)
{
    assert(count <= sizeof waiter->bytes - waiter->size);
    ssize_t got =
        socket_read(waiter->visit.fd, waiter->bytes + waiter->size, count);
    return got == (ssize_t)count;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct waiter *waiter = poll->data;
    (void)status;
    (void)events;
    size_t room = sizeof waiter->bytes - waiter->size;
    ssize_t got =
        socket_peek(waiter->visit.fd, waiter->bytes + waiter->size, room);
    if (got == UV_EAGAIN) return;
    if (got <= 0) {
        waiter_end(waiter, ERR_CLOSED, NULL);
        return;
    }
    struct proxy proxy;
    size_t have = waiter->size + (size_t)got;
    enum err e =
        proxy_decode(bytes_at(waiter->bytes, have), waiter->version, &proxy);
    if (e == ERR_MORE && waiter_take(waiter, (size_t)got)) {
        waiter->size = have;
        return;
    }
    if (e == OK && !waiter_take(waiter, proxy.size - waiter->size)) {
        e = ERR_CLOSED;
    }
    waiter_end(waiter, e == ERR_MORE ? ERR_CLOSED : e, &proxy);
}

static void on_late(uv_timer_t *timer)
{
    waiter_end(timer->data, ERR_CONNECT_TIME, NULL);
}

enum err porch_enter(struct porch *porch, const struct porch_visit *visit,
                     unsigned version, uint64_t wait_ms)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL ||
        uv_poll_init(porch->loop, &waiter->poll, visit->fd) != 0) {
        free(waiter);
        socket_close(visit->fd);
        return ERR_IO;
    }
    int error = uv_timer_init(porch->loop, &waiter->timer);
    assert(error == 0);
    waiter->poll.data = waiter->timer.data = waiter;
    waiter->porch = porch;
    waiter->visit = *visit;
    waiter->version = version;
    list_init(&waiter->link);
    list_push(&porch->waiting, &waiter->link);
    (void)uv_poll_start(&waiter->poll, UV_READABLE, on_readable);
    (void)uv_timer_start(&waiter->timer, on_late, wait_ms, 0);
    return OK;
}

void porch_fini(struct porch *porch)
{
    while (!list_empty(&porch->waiting)) {
        struct waiter *waiter = OWNER(porch->waiting.next, struct waiter, link);
        waiter_leave(waiter);
        socket_close(waiter->visit.fd);
    }
}
