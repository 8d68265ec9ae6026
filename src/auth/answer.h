/* answer.h - what is said to a client that wants to be let in. */
#ifndef MOGI_AUTH_ANSWER_H
#define MOGI_AUTH_ANSWER_H

#include "base/bytes.h"
#include "base/err.h"

struct acl;

/* What one step of a method came to. */
enum auth_step {
    AUTH_PASS,   /* not for this method: the next one is asked */
    AUTH_ACCEPT, /* let it in */
    AUTH_REFUSE, /* do not; `why` and `reason` say more */
    AUTH_MORE,   /* send `data`, and wait for the client's. MQTT 5.0, 4.12 */
    AUTH_WORK,   /* run the method's `work` on another thread */
    AUTH_LATER   /* the method will call auth_call_finish */
};

struct auth_answer {
    enum err why;       /* REFUSE: ERR_CREDENTIALS, ERR_NOT_AUTHORIZED,
                           ERR_UNAVAILABLE, ERR_AUTH_METHOD, ERR_QUOTA, ... */
    const char *reason; /* REFUSE: for the log only; static memory */

    bool has_user;     /* ACCEPT: else it has no name */
    struct bytes user; /* ACCEPT: who it is; owned */
    struct bytes data; /* ACCEPT, MORE: authentication data; owned */
    bool has_data;
    uint64_t expires_s; /* ACCEPT: Unix time it has to leave at; 0: never */
    uint64_t proof;     /* ACCEPT: for the method's `stands`; 0: none */

    /* ACCEPT: rules of its own beside those of the listener, or NULL: one
     * reference, which auth_answer_fini gives back unless it was taken. */
    const struct acl *acl;
};

/* Nothing decided. All zero is the same. */
void auth_answer_init(struct auth_answer *answer);

/* Wipe and give back what it owns. */
void auth_answer_fini(struct auth_answer *answer);

/* ACCEPT as `user`, of which it keeps a copy. */
enum auth_step auth_answer_accept(struct auth_answer *answer,
                                  struct bytes user);

/* REFUSE because of `why`; `reason` is a sentence part for the log, static:
 * "the password is wrong". */
enum auth_step auth_answer_refuse(struct auth_answer *answer, enum err why,
                                  const char *reason);

/* MORE, with a copy of `data` for the client. */
enum auth_step auth_answer_more(struct auth_answer *answer, struct bytes data);

/* Keep a copy of `data` for the client, to go with ACCEPT. ERR_NO_MEMORY. */
MUST_USE
enum err auth_answer_set_data(struct auth_answer *answer, struct bytes data);

#endif
