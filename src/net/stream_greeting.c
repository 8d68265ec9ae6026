/* stream_greeting.c - a stream whose TLS shakes hands.
 *
 * What is ready waits in streams.greeting for its turn: handshakes cost, and
 * those who are in already must not wait for those who come.
 */
#include "net/stream_state.h"

/* The most to read at once of a handshake. */
enum { GREETING_READ_MAX = 16 * 1024 };

static void on_greeter(uv_idle_t *idle);

enum err stream_greet(struct stream *stream, struct streams *all, int fd,
                      struct tls_server *server, uint64_t wait_ms)
{
    struct shield *shield = shield_new(server);
    if (shield == NULL) return ERR_IO;
    enum err err = stream_open(stream, all, fd, shield);
    if (err != OK) {
        shield_free(shield);
        return err;
    }
    shield->stream = stream;
    stream->state = STREAM_GREETING;
    stream_wait(stream, wait_ms);
    return OK;
}

/* The handshake comes to nothing. The peer has been told, if it could be, and
 * has time to read it. */
static void greeting_fail(struct stream *stream, const char *why, bool ended)
{
    wheel_clear(&stream->all->wheel, &stream_rare_own(stream)->timer);
    stream->ended = ended;
    stream->all->user->refused(stream, why);
    stream_leave(stream, true);
}

static void greeting_end(struct stream *stream, struct bytes left)
{
    stream->state = STREAM_OPEN;
    stream_rare_free(stream);
    stream->reading = true;
    stream_poll(stream);
    stream->all->user->greeted(stream);
    if (left.size == 0 || stream->state != STREAM_OPEN) return;
    if (!stream_input_met(stream, left) && stream->state != STREAM_CLOSED) {
        stream_end_met(stream);
    }
}

/* One step of a handshake. */
static void greeting_step(struct stream *stream)
{
    struct streams *all = stream->all;
    struct shield *shield = stream->shield;
    stream_greeting_leave(stream);
    ssize_t got = socket_read(stream->watch.fd, all->input, GREETING_READ_MAX);
    struct bytes left = bytes_at(NULL, 0);
    struct trouble_text trouble;
    enum err err = ERR_MORE;
    if (got > 0) {
        err = shield_greet(shield, &all->shields, stream->watch.fd,
                           bytes_at(all->input, (size_t)got), &left, &trouble);
    } else if (got != UV_EAGAIN) {
        const char *why = "the client closed the connection";
        greeting_fail(stream, shield->heard > 0 ? why : NULL, true);
        return;
    }
    if (err == OK) {
        greeting_end(stream, left);
    } else if (err == ERR_MORE) {
        stream->reading = true;
        stream_poll(stream);
    } else {
        greeting_fail(stream, trouble.text, false);
    }
}

/* There is time left in this turn of the loop. */
static void on_greeter(uv_idle_t *idle)
{
    struct streams *all = idle->data;
    uint64_t start_ns = uv_hrtime();
    while (!list_empty(&all->greeting)) {
        struct shield *shield =
            OWNER(all->greeting.next, struct shield, of_greeting);
        greeting_step(shield->stream);
        if (uv_hrtime() - start_ns >= STREAM_GREETING_NS) break;
    }
    if (list_empty(&all->greeting)) (void)uv_idle_stop(idle);
}

void stream_greeting_met(struct stream *stream, unsigned events)
{
    struct streams *all = stream->all;
    struct shield *shield = stream->shield;
    if ((events & WATCH_WRITE) != 0 && shield_waits(shield)) {
        /* A socket that is broken is found when it is read. */
        if (shield_flush(shield, stream->watch.fd) != ERR_MORE)
            stream_poll(stream);
    }
    if ((events & WATCH_READ) == 0 || !stream->reading) return;
    stream->reading = false;
    stream_poll(stream);
    list_push(&all->greeting, &shield->of_greeting);
    (void)uv_idle_start(&all->greeter, on_greeter);
}

void stream_greeting_leave(struct stream *stream)
{
    struct shield *shield = stream->shield;
    if (shield == NULL || list_empty(&shield->of_greeting)) return;
    list_remove(&shield->of_greeting);
}

void stream_greeting_expire(struct stream *stream)
{
    const char *why = stream->shield->heard > 0
                          ? "the client did not finish its handshake in time"
                          : "the client has not said a word";
    stream->all->user->refused(stream, why);
}
