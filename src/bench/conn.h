/* conn.h - one connection of the load: its socket, and what it says.
 *
 *     begin -> CONNECT -> CONNACK -> SUBSCRIBE ... SUBACK -> PUBLISH, answers
 *
 * Every function is called on the connection's own thread.
 */
#ifndef MOGI_BENCH_CONN_H
#define MOGI_BENCH_CONN_H

#include "bench/run.h"

/* Open the socket; CONNECT leaves as soon as it is connected. */
void bench_conn_begin(struct bench_conn *conn);

/* Ask for its filters, or count it as subscribed when it has none. */
void bench_conn_subscribe(struct bench_conn *conn);

/* Input has come. */
void bench_conn_readable(struct bench_conn *conn);

/* There is room to write. */
void bench_conn_writable(struct bench_conn *conn);

/* Write `b` now, or keep what the socket does not take. */
void bench_conn_write(struct bench_conn *conn, struct bytes b);

/* Does something wait that the socket has not taken? */
bool bench_conn_is_full(const struct bench_conn *conn);

/* Let the thread pump this sender soon. */
void bench_conn_ready(struct bench_conn *conn);

/* Say PINGREQ. */
void bench_conn_ping(struct bench_conn *conn);

/* Say DISCONNECT, close and free; also for one that was never begun. */
void bench_conn_end(struct bench_conn *conn);

#endif
