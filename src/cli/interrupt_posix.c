/* interrupt_posix.c - interrupt.h for POSIX systems, with poll(2). */
#include "cli/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* A signal between a look at a flag and poll would be missed: so it writes into
 * a pipe, which poll watches. */
static int pipe_fds[2] = {-1, -1};
static volatile sig_atomic_t came;

static void signal_in(int number)
{
    (void)number;
    int saved = errno;
    came = 1;
    /* A full pipe has woken poll already. */
    ssize_t written = write(pipe_fds[1], "", 1);
    (void)written;
    errno = saved;
}

void interrupt_catch(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction handle = {.sa_handler = signal_in};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0) return;
    (void)sigaction(SIGINT, &handle, NULL);
    (void)sigaction(SIGTERM, &handle, NULL);
}

bool interrupt_came(void)
{
    return came != 0;
}

static int shorter(int timeout_ms, uint32_t own_ms)
{
    if (own_ms >= INT32_MAX) return timeout_ms;
    if (timeout_ms < 0 || (uint32_t)timeout_ms > own_ms) return (int)own_ms;
    return timeout_ms;
}

bool interrupt_wait(struct mogi_client *c, bool input, int timeout_ms)
{
    int events = (mogi_client_wants_read(c) ? POLLIN : 0) |
                 (mogi_client_wants_write(c) ? POLLOUT : 0);
    struct pollfd fds[3] = {
        {.fd = pipe_fds[0], .events = POLLIN},
        {.fd = mogi_client_fd(c), .events = (short)events},
        {.fd = input ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int wait_ms = shorter(timeout_ms, mogi_client_wait_ms(c));
    if (poll(fds, 3, wait_ms) < 0) return false;
    return fds[2].revents != 0;
}
