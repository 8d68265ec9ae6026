/* call.h - one request on its way through the methods of its listener.
 *
 *     auth_call_begin --> method, method, ... --> call->done(call, step)
 *            ^              |  WORK, LATER            |
 *            |              v                         v MORE
 *            |            runner -> auth_call_back    |
 *            +---- auth_call_continue <---------------+
 *
 * Owned by the connection's thread, on which all functions but auth_call_work
 * and auth_call_finish are called, and on which `done` is. While it is on its
 * way (`busy`) it belongs to the runner: who loses interest cancels it.
 */
#ifndef MOGI_AUTH_CALL_H
#define MOGI_AUTH_CALL_H

#include "auth/answer.h"
#include "auth/request.h"

#include <stdatomic.h>

struct auth_call;
struct auth_chain;

/* What brings a call to other threads and back: the broker has one for each
 * of its threads. It must outlive its calls. */
struct auth_runner {
    /* Have auth_call_work(call) called on a thread that may take its time, and
     * then auth_call_back(call) on the connection's. Never from within. */
    void (*work)(struct auth_runner *runner, struct auth_call *call);

    /* From any thread: have auth_call_back(call) called on the connection's
     * thread. */
    void (*wake)(struct auth_runner *runner, struct auth_call *call);
};

/* The end, or MORE: `step` is ACCEPT, REFUSE or MORE; call->answer says the
 * rest. Called from within auth_call_begin, _continue or _back; may free the
 * call. */
typedef void auth_done(struct auth_call *call, enum auth_step step);

struct auth_call {
    struct auth_request *request; /* owned */
    struct auth_answer answer;    /* a method fills it in */
    struct auth_chain *chain;     /* a reference */
    struct auth_runner *runner;
    auth_done *done;
    void *owner;           /* the caller's */
    size_t method;         /* index in the chain of the one being asked */
    void *state;           /* its own; freed by its `forget` */
    enum auth_step step;   /* what work, or auth_call_finish, came to */
    bool busy;             /* WORK or LATER is under way */
    atomic_bool cancelled; /* nobody waits any more: a method may look at it */
};

/* A call with a copy of `*request`, and a reference of its own to `chain`.
 * NULL when there is no memory. */
struct auth_call *auth_call_new(struct auth_chain *chain,
                                const struct auth_request *request,
                                struct auth_runner *runner, auth_done *done,
                                void *owner);

/* Free a call that is not busy; NULL is fine. */
void auth_call_free(struct auth_call *call);

/* Nobody waits for it any more: it is freed now, or when it comes back;
 * `done` is not called. NULL is fine. */
void auth_call_cancel(struct auth_call *call);

/* Ask the methods in order. */
void auth_call_begin(struct auth_call *call);

/* The client has answered MORE with `data` (or, without `has_data`, with
 * nothing). When there is no memory, `done` is told REFUSE. */
void auth_call_continue(struct auth_call *call, bool has_data,
                        struct bytes data);

/* For the runner: do the slow part, on any thread. */
void auth_call_work(struct auth_call *call);

/* For the runner: it is back on the connection's thread. */
void auth_call_back(struct auth_call *call);

/* For a method that said LATER: it came to `step`, call->answer is filled in,
 * and the call is no longer the method's. Any thread; also from within the
 * method's `begin`. */
void auth_call_finish(struct auth_call *call, enum auth_step step);

/* Is the method being asked the last of its chain? */
bool auth_call_is_last(const struct auth_call *call);

#endif
