/* trouble.h - what went wrong, and what to do next, for who runs mogi pub,
 * mogi sub or mogi rr; and the exit status that says it to a program.
 */
#ifndef MOGI_CLI_TROUBLE_H
#define MOGI_CLI_TROUBLE_H

#include "cli/arguments.h"

/* Exit statuses, as libmosquitto's results. A refused connection exits with
 * CONNACK's code instead. */
enum trouble_status {
    STATUS_OK = 0,
    STATUS_FAILED = 1, /* wrong arguments, no connection at the start */
    STATUS_PROTOCOL = 2,
    STATUS_ARGUMENT = 3,
    STATUS_LOST = 7,
    STATUS_TLS = 8,
    STATUS_KEEP_ALIVE = 19,
    STATUS_QOS = 24,
    STATUS_TOO_LARGE = 25,
    STATUS_TIMEOUT = 27,
    STATUS_RETAIN = 28,
    STATUS_ALIAS = 29,
};

/* Print as by printf to stderr, but not with --quiet. */
void trouble_print(const struct arguments *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The command line is wrong. Returns STATUS_FAILED. */
int trouble_arguments(const struct arguments *a);

/* mogi_client_open failed with `e`. Returns STATUS_FAILED, or STATUS_TLS when
 * the server was reached and TLS was not agreed on. */
int trouble_open(const struct arguments *a, const struct mogi_client *c,
                 enum mogi_error e);

/* The broker refused us: `event` is MOGI_REFUSED. Returns its reason. */
int trouble_refused(const struct arguments *a, const struct mogi_event *event);

/* The broker said DISCONNECT, or the connection broke: `event` is
 * MOGI_DISCONNECTED or MOGI_LOST.
 *
 *   welcome  the broker had accepted us */
int trouble_lost(const struct arguments *a, const struct mogi_client *c,
                 const struct mogi_event *event, bool welcome);

/* A message cannot be published. */
int trouble_publish(const struct arguments *a, enum mogi_error e);

/* The broker did not take a message: `event` is MOGI_PUBLISHED with a reason of
 * 0x80 or more. */
void trouble_unpublished(const struct arguments *a,
                         const struct mogi_event *event);

#endif
