/* ask.h - who a client says it is, packed for whoever decides about it.
 *
 *     shard --- ACTION_ASK: conn, ask, kind, these bytes ---> host
 *           <-- EVENT_GRANTED: conn, ask, struct answer -----
 *
 * A question is asked once and answered once, at any later time but never from
 * inside the step that asks it. `ask` numbers it: an answer to another one than
 * the connection waits for, or for one that is gone, falls on the floor. The
 * host frees what it knows of a question when it is answered; that its
 * connection is gone it learns as for any other (CLOSED, or ACTION_CLOSE).
 *
 * Layout: flags, then for each text that its flag promises two bytes of size
 * and the text, in the order of the members.
 */
#ifndef MOGI_CORE_ASK_H
#define MOGI_CORE_ASK_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"

struct acl;

enum ask_kind {
    ASK_CONNECT,  /* it wants to come in */
    ASK_CONTINUE, /* it has answered MORE */
    ASK_AGAIN     /* it is in, and proves itself once more */
};

/* What a client says. A text is at most 65,535 bytes. */
struct ask {
    struct bytes client_id; /* under which it comes in; never empty */
    struct bytes user;      /* CONNECT: as it says, not proven; AGAIN: as
                               whom it was let in */
    struct bytes password;  /* CONNECT only */
    struct bytes identity;  /* as in OPENED; empty: none */
    struct bytes method;    /* enhanced authentication; MQTT 5.0, 4.12 */
    struct bytes data;
    bool has_user, has_password, has_method, has_data;
};

enum answer_verdict {
    ANSWER_ACCEPT,
    ANSWER_REFUSE,
    ANSWER_MORE /* enhanced authentication: another round */
};

/* What was decided. Borrowed for the step: what the shard keeps, it copies or
 * refers to. */
struct answer {
    enum answer_verdict verdict;
    enum err why; /* REFUSE: what the client is told; CREDENTIALS,
                     NOT_AUTHORIZED, AUTH_METHOD, UNAVAILABLE, BUSY, BANNED,
                     QUOTA, CLIENT_ID or another with a code of its own */

    /* ACCEPT. */
    struct bytes user; /* who it is, by which it is judged */
    bool has_user;
    const struct acl *acl; /* beside that of the listener, or NULL */
    uint64_t expires_ms;   /* as in events: it ends then; 0: never */

    /* ACCEPT and MORE: for the client. */
    struct bytes data;
    bool has_data;
};

/* How many bytes it takes. */
size_t ask_size(const struct ask *ask);

/* Append it to `w`, which has room for it. */
void ask_write(struct writer *w, const struct ask *ask);

/* Read what ask_write wrote; the texts point into `in`. ERR_MALFORMED: it is
 * something else. */
MUST_USE
enum err ask_read(struct bytes in, struct ask *ask);

#endif
