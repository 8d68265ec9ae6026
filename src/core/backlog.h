/* backlog.h - what is behind the head of a queue, and mostly on disk.
 *
 *     queue of one session, oldest first
 *     [ head: in memory ][ first ... last: on disk alone ][ recent: in memory ]
 *            |                      |                            |
 *            v sent          LOAD --+--> head        committed --+--> on disk
 *
 * A session that is away has no head but for what was sent, so that ten million
 * messages for it cost nothing but disk; one that is connected has a head of
 * `queue_memory_messages`, and when half of that is sent, the next page is
 * asked for. What is in no record (QoS 0) stays in memory.
 *
 * Of what is on disk alone only the two ends, the count and the bytes are
 * known. The count may be too high by what went to other members of a shared
 * subscription; it is right again when the queue is read.
 *
 * Part of a session's outbound, which owns it; NULL when nothing is behind.
 */
#ifndef MOGI_CORE_BACKLOG_H
#define MOGI_CORE_BACKLOG_H

#include "base/bytes.h"
#include "base/list.h"

struct delivery;
struct event;
struct record_delivery;
struct session;
struct shard;

struct backlog {
    struct session *session;
    struct link recent; /* struct delivery */
    struct link fresh;  /* in backlogs.fresh: it waits for a batch */
    struct link stuck; /* in backlogs.stuck: what was asked could not be read */
    uint64_t first, last; /* orders, when count > 0 */
    uint64_t count, bytes;
    uint64_t dropped; /* from this order to before `first` all is to be deleted;
                         0: nothing */
    uint64_t asked;   /* the first order that was asked for, while `loading` */
    uint64_t expires_ms; /* the first on disk; 0: unknown, UINT64_MAX: never */
    bool loading;
};

/* Of a shard: those that wait for something. */
struct backlogs {
    struct link fresh;
    struct link stuck;
    struct link graves; /* see grave.h */
    bool grave_loading;
};

/* Nothing waits. */
void backlogs_init(struct backlogs *backlogs);

/* Must `d`, which is the newest of `session`'s queue, go behind its head? */
bool backlog_wants(const struct shard *shard, const struct session *session,
                   const struct delivery *d);

/* Put it there; it is counted as queued already. */
void backlog_push(struct shard *shard, struct session *session,
                  struct delivery *d);

/* The head of `session`, which is connected, can take more: give it what is in
 * memory, or ask for what is not. True when it has more now. */
bool backlog_refill(struct shard *shard, struct session *session);

/* The session is alone: what was never sent needs no memory. */
void backlog_detach(struct shard *shard, struct session *session);

/* More is on disk. */
void backlogs_committed(struct shard *shard);

/* Drop the oldest one behind the head. False: there is none. */
bool backlog_drop_oldest(struct shard *shard, struct session *session);

/* The queue is full: drop the first one behind the head, if it is known to have
 * expired. False: it is not. */
bool backlog_drop_expired(struct shard *shard, struct session *session);

/* Give all that is in memory to the end of the head, to be ended, and forget
 * the rest; with `gone` its records go, by and by. */
void backlog_end(struct shard *shard, struct session *session, bool gone);

/* What LOAD asked for came. */
void backlog_loaded(struct shard *shard, const struct event *event);

/* At start: `record`, which was never sent, is stored. Called with the first
 * and the last of a session, which may be one. False: they cannot be of one
 * queue. */
bool backlog_restore(struct shard *shard, struct session *session,
                     const struct record_delivery *record);

/* Ask again for what could not be read, and what was found at start. */
void backlogs_retry(struct shard *shard);

/* Is there such? */
bool backlogs_waiting(const struct shard *shard);

#endif
