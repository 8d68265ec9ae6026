/* stream_state.h - what src/net/stream*.c share, and nobody else.
 *
 *     stream.c           opens, polls, reads, lingers, closes
 *     stream_output.c    writes, posts and flushes
 *     stream_greeting.c  shakes hands
 */
#ifndef MOGI_NET_STREAM_STATE_H
#define MOGI_NET_STREAM_STATE_H

#include "net/socket.h"
#include "net/stream.h"

/* System calls for one stream before others have their turn. */
enum { STREAM_ROUNDS_MAX = 16 };

/* --- stream.c ------------------------------------------------------------ */

/* What is rare of it, to be written in. */
struct stream_rare *stream_rare_own(struct stream *stream);

/* Forget it; nothing waits. */
void stream_rare_free(struct stream *stream);

/* The same, if the stream is open and nothing waits. */
void stream_rare_tidy(struct stream *stream);

/* Ask the loop for what the stream waits for now. */
void stream_poll(struct stream *stream);

/* Its time is over in `wait_ms`, unless it is open by then. */
void stream_wait(struct stream *stream, uint64_t wait_ms);

/* As stream_close, in any state but closed. */
void stream_leave(struct stream *stream, bool linger);

/* All that was given to be written has left: so may the stream. */
void stream_emptied(struct stream *stream);

/* `bytes` came from the socket. False: no more will. */
bool stream_input_met(struct stream *stream, struct bytes bytes);

/* The peer is gone. */
void stream_end_met(struct stream *stream);

/* --- stream_output.c ----------------------------------------------------- */

/* Take, and give back, the memory that output of all streams is put together
 * in. */
void stream_output_init(struct streams *all);
void stream_output_fini(struct streams *all);

/* Write what waited, as far as the socket takes it. */
void stream_output_flush(struct stream *stream);

/* Forget what waits. */
void stream_output_drop(struct stream *stream);

/* --- stream_greeting.c --------------------------------------------------- */

/* The socket of a handshake is ready: the step waits for its turn. */
void stream_greeting_met(struct stream *stream, unsigned events);

/* It has nothing to do in its handshake. */
void stream_greeting_leave(struct stream *stream);

/* Its time for the handshake is over. */
void stream_greeting_expire(struct stream *stream);

#endif
