/* event.h - all that can happen to a shard.
 *
 * An event is borrowed by shard_step until it returns. What it carries brings
 * the time and the luck: the core asks nobody.
 *
 *     host                              shard
 *      | OPENED BYTES DRAINED CLOSED      |   a connection
 *      | GRANTED                          |   who it is was found out
 *      | TURNED_AWAY                      |   somebody could not come in
 *      | EXPELLED                         |   it has to go
 *      | TICK                             |   deadline_ms has come
 *      | POSTED                           |   from another shard
 *      | COMMITTED STORAGE RESTORED LOADED|   the store
 *      | RELOADED STOPPED                 |   the operator
 *      +--------------------------------->|
 */
#ifndef MOGI_CORE_EVENT_H
#define MOGI_CORE_EVENT_H

#include "base/bytes.h"
#include "base/err.h"
#include "core/id.h"

struct answer;
struct options;
struct post;

enum event_kind {
    /* `conn` is new: a socket accepted, or one that another shard MOVEd here
     * (its BYTES follow). `refused`: over the limit of connections; its
     * CONNECT will be answered and refused. `identity`: who it has proven to
     * be before it said anything, by a certificate or a key; at most 65,535
     * bytes of UTF-8, empty: nobody. MOVE does not take it along: the host
     * says it again. */
    EVENT_OPENED,

    /* `bytes` were read from `conn`; borrowed for the step. Bytes for a
     * connection that the shard closed or moved are ignored. */
    EVENT_BYTES,

    /* All output of `conn` up to a SEND with `notify` has been written. */
    EVENT_DRAINED,

    /* Question `ask` about `conn` is answered by `answer`; see ask.h. */
    EVENT_GRANTED,

    /* `conn`, which may have no session yet, has to go because of `why`: a 5.0
     * client is told. */
    EVENT_EXPELLED,

    /* The peer, or the network, closed `conn`. Not sent after CLOSE or MOVE:
     * with those the shard has forgotten `conn` already. */
    EVENT_CLOSED,

    /* The time has come that shard_deadline_ms asked for (or any other). */
    EVENT_TICK,

    /* `post` came from another shard; the step takes over what it owns. */
    EVENT_POSTED,

    /* All PUT and DEL up to batch `batch` are on disk. */
    EVENT_COMMITTED,

    /* The store cannot take more for now (`failing`), or can again. */
    EVENT_STORAGE,

    /* At start, before anything else: one stored record, in the order of keys,
     * or, with an empty key, the end of them. Every shard gets every record
     * that walk.h does not jump over; with a delivery its message, where that
     * says so. What the shards then post to one another reaches them before
     * the first other event. */
    EVENT_RESTORED,

    /* What LOAD asked for: `page`, or, `failing`, nothing could be read. */
    EVENT_LOADED,

    /* A connection was closed before it was one: some limit forbids it. */
    EVENT_TURNED_AWAY,

    /* New `options`; they and what they point to outlive the shard or the
     * next RELOADED. */
    EVENT_RELOADED,

    /* Say good-bye to everybody: the broker ends. MQTT 5.0, 3.14.2.1, 0x8B */
    EVENT_STOPPED
};

struct event {
    enum event_kind kind;
    struct conn_id conn; /* OPENED BYTES DRAINED GRANTED EXPELLED CLOSED */

    /* Milliseconds since 1970 at start, then by a clock that never steps: good
     * for waiting, and comparable after a restart. Never decreases. */
    uint64_t now_ms;

    /* 64 random bits, new for each event. */
    uint64_t random;

    bool refused;                  /* OPENED */
    struct bytes identity;         /* OPENED */
    uint32_t ask;                  /* GRANTED */
    const struct answer *answer;   /* GRANTED */
    enum err why;                  /* EXPELLED */
    bool failing;                  /* STORAGE LOADED */
    uint16_t listener;             /* OPENED: index in the configuration */
    struct bytes bytes;            /* BYTES */
    struct post *post;             /* POSTED */
    uint64_t batch;                /* COMMITTED */
    struct bytes key, value;       /* RESTORED */
    struct bytes message;          /* RESTORED: a value; or empty */
    uint64_t token;                /* LOADED: of the LOAD */
    struct bytes page;             /* LOADED: see page.h */
    uint64_t end;                  /* LOADED: the first order not in it */
    const struct options *options; /* RELOADED */
};

#endif
