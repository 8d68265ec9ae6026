/* door.h - how many may come in, before anything is known but where they come
 * from, and how many under one name.
 *
 *     accept --> seat (all, listener) --> address (count, rate) --> the shard
 *                  |                        |
 *                  full: told, or closed    closed, with a line in the log
 *
 * Shared by all threads. Who has a seat gives it back when the shard has
 * closed it, not when its socket is gone at last: what lingers is not in.
 */
#ifndef MOGI_BROKER_DOOR_H
#define MOGI_BROKER_DOOR_H

#include "base/bytes.h"
#include "broker/config_listener.h"
#include "broker/tally.h"
#include "net/address.h"

#include <stdatomic.h>

enum {
    DOOR_LISTENERS_MAX = 32,

    /* No limit for one address; 0 is half of all. */
    DOOR_ANY = 0x7fffffff
};

/* 0: no limit, but for `address`. */
struct door_limits {
    uint32_t all;
    uint32_t address; /* DOOR_ANY: no limit; 0: half of all there may be */
    uint32_t rate;    /* new ones of one address in a second */
    uint32_t user;
    uint32_t listeners[DOOR_LISTENERS_MAX];
};

enum door_answer {
    DOOR_OPEN,
    DOOR_FULL,          /* no seat at all */
    DOOR_LISTENER_FULL, /* no seat of this listener */
    DOOR_ADDRESS_FULL,
    DOOR_ADDRESS_FAST,
    DOOR_STRANGER, /* not from a trusted proxy */
    DOOR_HEADER,   /* the proxy did not say for whom it is */
    DOOR_PLAIN,    /* it did not come to the proxy by TLS */
    DOOR_UNPROVEN  /* it did not show the proxy a certificate, or no name */
};

struct door {
    atomic_uint all;
    atomic_uint listeners[DOOR_LISTENERS_MAX];
    uint32_t capacity; /* connections that the process can have open */
    struct tally *addresses, *users;
};

/* Nobody is in. */
void door_init(struct door *door, uint32_t capacity);

/* Free its memory. */
void door_fini(struct door *door);

/* Take a seat: DOOR_OPEN, or which limit there is. Any thread. */
enum door_answer door_sit(struct door *door, const struct door_limits *limits,
                          uint16_t listener);

/* Give a seat back. Any thread. */
void door_rise(struct door *door, uint16_t listener);

/* One more from `address` at `now_ms`: DOOR_OPEN, or which limit there is.
 * `*counted` says whether door_part must be called for it. Any thread. */
enum door_answer door_meet(struct door *door, const struct door_limits *limits,
                           const struct address *address, uint64_t now_ms,
                           bool *counted);

/* One fewer from `address`. Any thread. */
void door_part(struct door *door, const struct address *address);

/* One more under the name `user`, which is `*key` then, or false: there are too
 * many. Any thread. */
bool door_name(struct door *door, const struct door_limits *limits,
               struct bytes user, struct tally_key *key);

/* One fewer. Any thread. */
void door_unname(struct door *door, const struct tally_key *key);

/* A sentence part that says why; static memory. */
const char *door_why(enum door_answer answer);

#endif
