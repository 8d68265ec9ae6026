/* listener.c - see listener.h. */
#include "net/listener.h"

#include "net/socket.h"

#include <assert.h>

enum {
    RETRY_MS = 1000,

    /* Connections accepted before others have their turn. */
    ACCEPT_MAX = 64
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void poll_start(struct listener *listener)
{
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_poll);
}

enum err listener_start(struct listener *listener, uv_loop_t *loop, int fd)
{
    assert(listener->accepted != NULL && listener->strained != NULL);
    listener->fd = fd;
    listener->paused = listener->said = false;
    if (uv_poll_init(loop, &listener->poll, fd) != 0) {
        socket_close(fd);
        return ERR_IO;
    }
    int error = uv_timer_init(loop, &listener->retry);
    assert(error == 0);
    listener->poll.data = listener->retry.data = listener;
    listener->open = true;
    poll_start(listener);
    return OK;
}

void listener_retry(struct listener *listener)
{
    if (!listener->open || !listener->paused) return;
    listener->paused = false;
    (void)uv_timer_stop(&listener->retry);
    poll_start(listener);
}

void listener_stop(struct listener *listener)
{
    if (!listener->open) return;
    listener->open = false;
    uv_close((uv_handle_t *)&listener->poll, NULL);
    uv_close((uv_handle_t *)&listener->retry, NULL);
    socket_close(listener->fd);
}

static void on_retry(uv_timer_t *timer)
{
    listener_retry(timer->data);
}

static void listener_pause(struct listener *listener, int error)
{
    listener->paused = true;
    (void)uv_poll_stop(&listener->poll);
    (void)uv_timer_start(&listener->retry, on_retry, RETRY_MS, 0);
    if (listener->said) return;
    listener->said = true;
    listener->strained(listener, error);
}

/* Errors that last until something else is closed. All others are those of a
 * connection that was gone before it was accepted. */
static bool error_strains(int error)
{
    return error == UV_EMFILE || error == UV_ENFILE || error == UV_ENOBUFS ||
           error == UV_ENOMEM;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPT_MAX && listener->open; i++) {
        struct address peer;
        int fd = socket_accept(listener->fd, &peer);
        if (fd >= 0) {
            listener->accepted(listener, fd, &peer);
        } else if (fd == UV_EAGAIN) {
            listener->said = false;
            return;
        } else if (error_strains(fd)) {
            listener_pause(listener, fd);
            return;
        }
    }
}
