/* asks.h - the questions of one thread's shard about its clients, on their way
 * to the methods that answer them.
 *
 *     ACTION_ASK --> asks_begin --> chain of methods -- at once --+
 *                                     |         ^                 v
 *                                     | slow    | later     asks_deliver
 *                                     v         |                 |
 *                          libuv's threads   MAIL_WOKEN           v
 *                                                           EVENT_GRANTED
 *
 * An answer waits for the end of the turn, so that it never comes from inside
 * the step that asked. A guest has at most one question. What its guest does
 * not wait for any more is given up.
 */
#ifndef MOGI_BROKER_ASKS_H
#define MOGI_BROKER_ASKS_H

#include "auth/call.h"
#include "base/list.h"
#include "core/actions.h"

enum {
    /* Questions under way in all threads; beyond, clients are told to come
     * later. */
    ASKS_MAX = 4096,

    /* Bytes of one: names, password or token, and data. Without this, those
     * under way could hold a gigabyte of what strangers sent. */
    ASK_BYTES_MAX = 16 * 1024
};

struct guest;
struct host;

struct asks {
    struct auth_runner runner; /* first: its address is this one's */
    struct host *host;
    struct link answered; /* struct asking, in the order of their answers */
};

/* No questions yet. */
void asks_init(struct asks *asks, struct host *host);

/* The shard asks about `guest`, as `action` says. */
void asks_begin(struct asks *asks, struct guest *guest,
                const struct action *action, struct bytes bytes);

/* `call` is back on this thread, from a worker or by mail. */
void asks_back(struct asks *asks, struct auth_call *call);

/* `guest` waits no more, if it did. */
void asks_drop(struct guest *guest);

/* New settings have come: send away who was let in by what does not stand any
 * more. */
void asks_reload(struct asks *asks);

/* Tell the shard what has been answered. False: nothing was. Not within a
 * step or a turn. */
bool asks_deliver(struct asks *asks);

#endif
