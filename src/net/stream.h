/* stream.h - connections of one event loop: bytes in, bytes out, and an end.
 *
 *                 stream_greet                 stream_open
 *        (socket) ------------> GREETING   +---------------- (socket)
 *                    refused()  |      |   |
 *              +----------------+      v   v      stream_detach
 *              |        greeted() --> OPEN ---------------> (socket)
 *              |                       |  stream_close
 *              v          with linger  v  without, or the time is over
 *              FLUSHING -> DRAINING ------> closed() -> memory is free again
 *              until all   until the peer closes, STREAM_DRAIN_MS have
 *              is written  passed or STREAM_DRAIN_BYTES_MAX have come
 *
 * A socket that is closed with input unread may take back what was written to
 * it; that is why one that lingers says "no more" and listens for a while.
 *
 * GREETING is the handshake of TLS; what comes and goes from then on is
 * encrypted on the wire, and nobody else notices. Handshakes take turns: in one
 * turn of the loop they get STREAM_GREETING_NS together, or one step, whichever
 * is more, and the others wait for the next.
 *
 * All streams share one buffer to read into: an idle one owns none. One thread
 * only. Callbacks come from the loop, never from inside a call made here.
 */
#ifndef MOGI_NET_STREAM_H
#define MOGI_NET_STREAM_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/wheel.h"
#include "net/backlog.h"
#include "net/flush.h"
#include "net/poller.h"
#include "net/shield.h"

#include <uv.h>

enum {
    STREAM_READ_MAX = 256 * 1024,
    STREAM_FLUSH_MS = 5000,
    STREAM_DRAIN_MS = 1000,
    STREAM_DRAIN_BYTES_MAX = 256 * 1024,

    /* More at once does not come from who waits to send the next. */
    STREAM_LONE_BYTES = 256,

    /* A peer that was held up by a late acknowledgement speaks again so long
     * after its last word, in ms. */
    STREAM_HELD_MIN_MS = 35,
    STREAM_HELD_MAX_MS = 60,

    /* Time for handshakes in one turn of the loop, in ns. */
    STREAM_GREETING_NS = 1000 * 1000
};

struct stream;

/* What the owner of streams is told. */
struct stream_user {
    /* `bytes` came; borrowed for the call. */
    void (*bytes)(struct stream *stream, struct bytes bytes);

    /* `count` pieces that asked for it have been written, later than the
     * stream_write that was given them. */
    void (*written)(struct stream *stream, unsigned count);

    /* The peer or the network ended it; the owner closes it, now or later. */
    void (*ended)(struct stream *stream);

    /* Closed or detached, and its memory is the owner's again. */
    void (*closed)(struct stream *stream);

    /* The owner of a piece is needed no more. */
    piece_release *release;

    /* The handshake is done: it is open. */
    void (*greeted)(struct stream *stream);

    /* The handshake has failed, and the stream closes itself. `why` is borrowed
     * for the call; NULL: the peer came and went without a word. */
    void (*refused)(struct stream *stream, const char *why);
};

/* What all streams of a loop share. */
struct streams {
    uv_loop_t *loop;
    struct pool *pool;
    const struct stream_user *user;
    uint8_t *input;
    uint8_t *scratch;
    size_t read_size; /* the most to read at once, 1..STREAM_READ_MAX */
    uv_timer_t timer;
    struct poller *poller;
    struct wheel wheel; /* streams that greet, linger, or are closed */
    size_t count;       /* streams whose socket is open */

    /* Since streams_settle. */
    size_t reads;        /* that brought something */
    struct stream *lone; /* who alone said something, not much, and got no
                            answer; NULL: nobody */

    /* TLS. */
    struct shields shields;
    uv_idle_t greeter;
    struct link greeting; /* streams with something to do in a handshake */

    /* What was posted since the last flush. */
    struct flush *flush;
    struct flush_write *posted;
    struct stream **posters;
    size_t posted_count;
    uint8_t *stage; /* runs put together from several pieces */
    size_t staged;
};

enum stream_state {
    STREAM_OPEN,
    STREAM_GREETING,
    STREAM_FLUSHING,
    STREAM_DRAINING,
    STREAM_CLOSED
};

/* What a stream needs while it greets, ends, or has output that waits. */
struct stream_rare {
    struct stream *stream;
    struct backlog output;
    struct timer timer;
    uint32_t drained; /* bytes thrown away while it lingers */
};

struct stream {
    struct streams *all;
    struct stream_rare *rare; /* NULL: nothing of it */
    struct shield *shield;    /* its TLS; NULL: none */
    struct watch watch;
    uint8_t state; /* enum stream_state */
    bool reading;
    bool ended;       /* the owner has been told */
    bool broken;      /* a write failed: nothing can leave any more */
    bool posted;      /* something of it waits for streams_flush */
    bool held;        /* it seems to wait for acknowledgements */
    uint16_t lone_ms; /* when it last was `lone`: the low bits */
};

/* Ready for streams on `loop`, with memory from `pool`. */
MUST_USE
enum err streams_init(struct streams *all, uv_loop_t *loop, struct pool *pool,
                      const struct stream_user *user);

/* Give everything back; every stream is closed, and the loop runs until the
 * timer is gone before `all` may be freed. */
void streams_fini(struct streams *all);

/* Take over socket `fd`, and the TLS that it came with from another thread
 * (NULL: none), and begin to read it. ERR_IO leaves both to the caller, and
 * `stream` unused. */
MUST_USE
enum err stream_open(struct stream *stream, struct streams *all, int fd,
                     struct shield *shield);

/* Take over socket `fd`, whose peer begins TLS as `server` says, and has
 * `wait_ms` for it. ERR_IO leaves `fd` to the caller, and `stream` unused. */
MUST_USE
enum err stream_greet(struct stream *stream, struct streams *all, int fd,
                      struct tls_server *server, uint64_t wait_ms);

/* Write `pieces` behind what waits already, and take over their owners.
 * Returns how many of those that asked to notify are written now; for the
 * others the user will be told. */
unsigned stream_write(struct stream *stream, const struct piece *pieces,
                      size_t count);

/* The same, but it may wait for streams_flush(), until when the bytes of
 * `pieces` stay where they are: so many small writes become one call. */
unsigned stream_post(struct stream *stream, const struct piece *pieces,
                     size_t count);

/* Write what was posted. Before anything else is done with its streams. */
void streams_flush(struct streams *all);

/* A turn of the loop is over. If it was about one small read, and the peer gets
 * no answer, its system is told that the bytes have come. That takes 40 ms
 * otherwise, and a peer that has something more to say, but does not send small
 * packets as long as one is under way (Nagle, RFC 896), would wait for it. So
 * it is for a peer that looks as if it had waited so once. */
void streams_settle(struct streams *all);

/* Stop, or go on with, reading. Harmless when it is so already. */
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

/* Close it, once it is open. With `linger`, first see that what was written
 * arrives. The user is told nothing more but `closed`. */
void stream_close(struct stream *stream, bool linger);

/* Close it at once, whatever state it is in; harmless when it is closed. */
void stream_cut(struct stream *stream);

/* Close all but the socket, which is returned, and its TLS, which `*shield`
 * receives (NULL: none). Output that waits is lost. */
int stream_detach(struct stream *stream, struct shield **shield);

/* Who the peer is, as TLS has proven; "": nobody was asked. */
const char *stream_identity(const struct stream *stream);

/* Does output wait for the socket? */
bool stream_waits(const struct stream *stream);

/* The bytes that wait, before any TLS. */
static inline size_t stream_waiting_bytes(const struct stream *stream)
{
    return stream->rare == NULL ? 0 : stream->rare->output.size;
}

#endif
