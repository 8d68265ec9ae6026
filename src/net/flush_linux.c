/* flush_linux.c - see flush.h: through io_uring where the kernel lets us.
 *
 * A write that the socket does not take is answered at once and not kept by
 * the kernel, so nothing is under way when flush_run returns, and the bytes
 * are the caller's again.
 */
#include "net/flush.h"

#include "net/socket.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

enum { RING_ENTRIES = 512 };

enum flush_state { FLUSH_NEW, FLUSH_RING, FLUSH_PLAIN };

struct flush {
    struct io_uring ring;
    enum flush_state state;
};

struct flush *flush_new(void)
{
    struct flush *flush = calloc(1, sizeof *flush);
    if (flush == NULL) abort();
    return flush;
}

void flush_free(struct flush *flush)
{
    if (flush == NULL) return;
    if (flush->state == FLUSH_RING) io_uring_queue_exit(&flush->ring);
    free(flush);
}

/* The ring is made by the thread that uses it: the kernel may rely on that. */
static void flush_begin(struct flush *flush)
{
    static const unsigned flags[] = {
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
            IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SUBMIT_ALL,
    };
    flush->state = FLUSH_PLAIN;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        int e = io_uring_queue_init(RING_ENTRIES, &flush->ring, flags[i]);
        if (e != 0) continue;
        (void)io_uring_register_ring_fd(&flush->ring);
        flush->state = FLUSH_RING;
        return;
    }
}

static void flush_prepare(struct io_uring *ring, struct flush_write *write)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    assert(sqe != NULL);
    io_uring_prep_send(sqe, write->fd, write->bytes.data, write->bytes.size,
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    io_uring_sqe_set_data(sqe, write);
    write->put = UV_EAGAIN;
}

/* Take the answers to `count` writes. False: the ring is of no use. */
static bool flush_reap(struct io_uring *ring, size_t count)
{
    while (count > 0) {
        struct io_uring_cqe *cqe;
        int e = io_uring_wait_cqe(ring, &cqe);
        if (e == -EINTR) continue;
        if (e != 0) return false;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(ring, head, cqe)
        {
            struct flush_write *write = io_uring_cqe_get_data(cqe);
            write->put =
                cqe->res >= 0 ? cqe->res : uv_translate_sys_error(-cqe->res);
            seen += 1;
        }
        assert(seen <= count);
        io_uring_cq_advance(ring, seen);
        count -= seen;
    }
    return true;
}

/* One list that fits into the ring. */
static void flush_ring(struct flush *flush, struct flush_write *list,
                       size_t count)
{
    assert(count <= RING_ENTRIES);
    for (size_t i = 0; i < count; i++)
        flush_prepare(&flush->ring, &list[i]);
    size_t left = count;
    while (left > 0) {
        int taken = io_uring_submit_and_wait(&flush->ring, (unsigned)left);
        if (taken == -EINTR || taken == -EAGAIN || taken == -EBUSY) continue;
        if (taken <= 0 || !flush_reap(&flush->ring, (size_t)taken)) abort();
        left -= (size_t)taken;
    }
}

void flush_run(struct flush *flush, struct flush_write *list, size_t count)
{
    if (count >= FLUSH_LIST_MIN && flush->state == FLUSH_NEW) {
        flush_begin(flush);
    }
    if (count < FLUSH_LIST_MIN || flush->state == FLUSH_PLAIN) {
        flush_each(list, count);
        return;
    }
    for (size_t i = 0; i < count; i += RING_ENTRIES) {
        size_t left = count - i;
        flush_ring(flush, list + i, left < RING_ENTRIES ? left : RING_ENTRIES);
    }
}
