/* method.h - one way to find out who somebody is, as a table of functions.
 *
 *     begin --+--> PASS, ACCEPT, REFUSE, MORE         at once
 *             +--> WORK --> work (on another thread) --> one of these
 *             +--> LATER --> auth_call_finish (any thread) with one of these
 *
 * A method is immutable after it was made and serves all threads at once; what
 * it keeps about one client lies in call->state. Listeners share it through the
 * chains they hold; when the last of these goes, `free` is called.
 */
#ifndef MOGI_AUTH_METHOD_H
#define MOGI_AUTH_METHOD_H

#include "auth/answer.h"
#include "auth/call.h"

struct auth_method_kind {
    const char *name; /* "password_file": for auth_order and the log */

    /* Look at call->request, on the thread of its connection: never wait here,
     * and never work longer than some 100 us. With MORE, it is called again
     * when the client has answered: the kind is then AUTH_CONTINUE, `data` is
     * new, and call->state is what was left there. */
    enum auth_step (*begin)(void *self, struct auth_call *call);

    /* After WORK: on a thread that may take its time. NULL when `begin` never
     * says WORK. Does not say WORK again. */
    enum auth_step (*work)(void *self, struct auth_call *call);

    /* Free call->state, which is not NULL. NULL when there never is any. */
    void (*forget)(void *self, void *state);

    /* May who was let in by `proof`, by a method of this kind and maybe of an
     * older configuration, stay? Any thread. NULL: answers have no proof. */
    bool (*stands)(void *self, uint64_t proof);

    /* Finish what is LATER before it returns, and begin nothing more: the
     * broker ends. NULL when `begin` never says LATER. */
    void (*stop)(void *self);

    /* Free `self`; no call uses it any more. NULL: nothing to free. */
    void (*free)(void *self);
};

struct auth_method {
    const struct auth_method_kind *kind;
    void *self;
};

#endif
