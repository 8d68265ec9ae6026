/* sender.h - a publisher: what it may send now, and who answered. */
#ifndef MOGI_BENCH_SENDER_H
#define MOGI_BENCH_SENDER_H

#include "bench/run.h"

/* A sender for `conn`, of source conn->index; freed by bench_sender_free. */
struct bench_sender *bench_sender_new(struct bench_run *run,
                                      struct bench_conn *conn);

/* Free it; NULL is allowed. */
void bench_sender_free(struct bench_sender *sender);

/* Send as much as window and schedule allow, but a bounded number: the
 * connection is made ready again when it could send more at once. */
void bench_sender_pump(struct bench_conn *conn);

/* PUBACK, PUBREC or PUBCOMP came. A PUBREL it asks for goes to the thread's
 * replies. */
void bench_sender_answered(struct bench_conn *conn,
                           const struct bench_frame *f);

/* PINGRESP came: all that was sent before has been read by the broker. */
void bench_sender_ponged(struct bench_conn *conn);

#endif
