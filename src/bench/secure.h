/* secure.h - the bytes of a connection: to and from its socket, with TLS or
 * without.
 *
 * Every function but the first two is called on the connection's own thread.
 */
#ifndef MOGI_BENCH_SECURE_H
#define MOGI_BENCH_SECURE_H

#include "bench/run.h"

/* Make what the TLS connections of a run have in common, if its options ask
 * for TLS. False, with a line on stderr, when they cannot be met. */
bool bench_secure_init(struct bench_run *run);

/* Free it. */
void bench_secure_fini(struct bench_run *run);

/* Begin a handshake on a socket that is connected. OK: it is over, or none is
 * needed. Else as bench_secure_shake. */
MUST_USE
enum err bench_secure_begin(struct bench_conn *conn);

/* Go on with it: OK, ERR_MORE, or ERR_IO (bench_secure_why). */
MUST_USE
enum err bench_secure_shake(struct bench_conn *conn);

/* Write what the socket takes of `b`, and what is held back before it. OK,
 * ERR_IO, ERR_CLOSED. */
MUST_USE
enum err bench_secure_send(struct bench_conn *conn, struct bytes b,
                           size_t *count);

/* Read; *count 0 when nothing is there now. As bench_secure_send. */
MUST_USE
enum err bench_secure_receive(struct bench_conn *conn, void *data, size_t size,
                              size_t *count);

/* Is something held back that the socket has not taken? */
bool bench_secure_holds(const struct bench_conn *conn);

/* Has more been read than was received? */
bool bench_secure_has_input(const struct bench_conn *conn);

/* Why the last call failed; valid until the next. */
const char *bench_secure_why(const struct bench_conn *conn, enum err e);

/* Say the end, if it can be said at once, and free; the socket stays open. */
void bench_secure_end(struct bench_conn *conn);

/* "TLSv1.3, TLS_AES_256_GCM_SHA384"; "" without TLS. */
void bench_secure_name(const struct bench_conn *conn, char *text, size_t size);

#endif
