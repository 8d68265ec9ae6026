/* relay_output.c - see relay_output.h.
 *
 * Nothing is under way in the ring when its call returns: a send that cannot
 * go at once is not kept by the kernel (MSG_DONTWAIT), one that went whole
 * leaves no answer (CQE_SKIP_SUCCESS), and one that did not leaves what went of
 * it (MSG_WAITALL makes that a failure).
 */
#include "relay_output.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* As many as mogi has. 1024 are a tenth cheaper with 1000 receivers, and nearly
 * as much dearer with 5000; 64 cost a quarter more with 5000. */
enum { RING_ENTRIES = 512 };

static struct io_uring ring;
static bool ring_used;

static void ring_fail(const char *what, int error)
{
    (void)fprintf(stderr, "relay: io_uring: %s: %s\n", what, strerror(error));
    exit(1);
}

void output_ring(void)
{
    int e = io_uring_queue_init(RING_ENTRIES, &ring,
                                IORING_SETUP_SUBMIT_ALL |
                                    IORING_SETUP_SINGLE_ISSUER |
                                    IORING_SETUP_DEFER_TASKRUN);
    if (e != 0) ring_fail("there is none", -e);
    e = io_uring_register_ring_fd(&ring);
    if (e != 1) ring_fail("its descriptor", -e);
    ring_used = true;
}

void output_write(int socket, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(socket, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd room = {socket, POLLOUT, 0};
            (void)poll(&room, 1, -1);
            continue;
        }
        if (n < 0) return;
        data += n;
        size -= (size_t)n;
    }
}

/* Send what waits in the ring, and the rest of what did not go whole. */
static void ring_submit(const uint8_t *data, size_t size)
{
    int e = io_uring_submit(&ring);
    if (e < 0) ring_fail("submit", -e);
    unsigned head, seen = 0;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&ring, head, cqe)
    {
        size_t put = cqe->res > 0 ? (size_t)cqe->res : 0;
        output_write((int)cqe->user_data, data + put, size - put);
        seen += 1;
    }
    io_uring_cq_advance(&ring, seen);
}

static void ring_put(int socket, const uint8_t *data, size_t size)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (sqe == NULL) {
        ring_submit(data, size);
        sqe = io_uring_get_sqe(&ring);
    }
    io_uring_prep_send(sqe, socket, data, size,
                       MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
    sqe->user_data = (unsigned)socket;
}

void output_spread(const int *sockets, unsigned end, const uint8_t *data,
                   size_t size)
{
    for (unsigned i = 0; i < end; i++) {
        if (sockets[i] < 0) continue;
        if (ring_used) {
            ring_put(sockets[i], data, size);
        } else {
            output_write(sockets[i], data, size);
        }
    }
    if (ring_used) ring_submit(data, size);
}
