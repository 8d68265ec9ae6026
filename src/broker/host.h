/* host.h - one thread: one shard, one event loop, and the world between them.
 *
 *     sockets  --+                         +--> sockets     (turn.c)
 *     mailbox  --+--> event -> shard_step -+--> mailboxes
 *     timer    --+        -> actions       +--> log
 *
 * What comes while the loop looks for it is stepped at once; the actions
 * gather, and are carried out before the loop waits again. That is a turn.
 */
#ifndef MOGI_BROKER_HOST_H
#define MOGI_BROKER_HOST_H

#include "base/log.h"
#include "broker/arrivals.h"
#include "broker/asks.h"
#include "broker/config.h"
#include "broker/courtesy.h"
#include "broker/crowd.h"
#include "broker/door.h"
#include "broker/ebb.h"
#include "broker/guest.h"
#include "broker/mailbox.h"
#include "broker/settings.h"
#include "core/shard.h"
#include "net/stream.h"
#include "store/store.h"

#include <stdatomic.h>
#include <uv.h>

enum {
    /* Sockets of one thread that linger after they were closed. */
    HOST_LINGER_MAX = 4096,

    /* How long a thread that ends waits for its last output, in ms. */
    HOST_STOP_MS = 2000,

    /* Actions, and bytes in their arena, that end a turn before its time. */
    TURN_ACTIONS_MAX = 32 * 1024,
    TURN_BYTES_MAX = 4 * 1024 * 1024
};

struct bans;
struct host;

/* What all threads of a broker share. */
struct hosts {
    struct host *list;
    struct mailbox boxes[SHARDS_MAX];
    uint16_t count;
    struct hash_key key;
    struct log *log;
    struct store *store; /* of what must survive, or NULL: nothing must */
    bool connection_messages;
    size_t pool_bytes_max; /* of each thread; 0: no limit */
    uint64_t epoch_ms;     /* Unix time when the loops' clock was 0 */
    struct bans *bans;     /* addresses that are kept out */
    uv_async_t *ended;     /* sent by each thread that ends */

    /* What is above is read at every step, what is below is written when
     * somebody comes or goes: no cache line has both. */
    uint8_t apart[64];
    atomic_uint asks; /* questions under way, see asks.h */
    struct door door;
    atomic_uint surplus;     /* connections that will be told it is full */
    atomic_uint connections; /* sockets */
    atomic_uint running;     /* threads that have not ended */
};

struct host {
    struct hosts *hosts;
    uint16_t index;
    bool stopping;
    bool has_thread;
    uv_thread_t thread;
    uv_loop_t loop;
    uv_prepare_t turn;
    uv_check_t roused;
    uv_idle_t again; /* keeps the loop awake while there is work left */
    uv_timer_t tick;
    uv_timer_t stop;
    uv_timer_t lull;    /* runs once memory has ebbed */
    unsigned lingering; /* guests whose sockets do */
    uint64_t tick_ms;   /* when `tick` is due; UINT64_MAX: never */

    struct pool *pool;
    struct ebb ebb; /* of the pool */
    struct shard *shard;
    struct settings *settings;
    struct hash_key luck; /* random bits are hashes of a count under it */
    uint64_t luck_count;  /* so many steps were made */
    uint64_t luck_seen;   /* of them, when there was nothing more to do */
    struct courtesy courtesy;

    struct asks asks;
    struct streams streams;
    struct guests guests;
    struct arrivals arrivals;

    /* The turn. */
    struct actions actions;
    uint64_t batch; /* the number of this turn's, if it stores anything */
    struct store_change *changes;
    size_t change_count, change_capacity;
    uint32_t *next; /* of each action: the next SEND to the same guest + 1 */
    size_t next_capacity;
    struct crowd output;  /* guests with output or an end */
    struct crowd posted;  /* guests whose input was posted */
    struct crowd paused;  /* guests that wait for full mailboxes */
    struct crowd written; /* guests with DRAINED to come */
    struct crowd drained; /* its other half: empty between turns */
    struct mails out[SHARDS_MAX];
    uint64_t out_set; /* those that are not empty */
    uint64_t full;    /* mailboxes that paused guests wait for */
    struct mails in;
    size_t output_max; /* the most copied bytes for one guest */
};

/* A host in memory that is all zero, with `index`, and `settings` (takes a
 * reference of its own). ERR_IO when the system has no more loops to give. */
MUST_USE
enum err host_init(struct host *host, struct hosts *hosts, uint16_t index,
                   struct settings *settings);

/* Run it in a thread of its own until it gets MAIL_STOP. */
MUST_USE
enum err host_start(struct host *host);

/* Wait until its thread has ended. */
void host_join(struct host *host);

/* Close its loop and forget the shard. After every host has been joined. */
void host_close(struct host *host);

/* Give back its memory. After every host has been closed: they may hold
 * messages of one another. */
void host_fini(struct host *host);

/* Let `event` happen to the shard; `event` needs no time and no luck yet. */
void host_step(struct host *host, struct event *event);

/* Step what is in the mailbox now, and carry it out. False: it was empty.
 * Before host_start. */
bool host_catch_up(struct host *host);

/* The host of `guest`. */
static inline struct host *host_of(const struct guest *guest)
{
    return OWNER(guest->stream.all, struct host, streams);
}

/* The guest's socket is closed in this turn, and the shard has forgotten it. */
void host_end(struct host *host, struct guest *guest, enum guest_end end);

/* `count` pieces of the guest's output that asked for it are written: the shard
 * is told in the next turn. */
void host_wrote(struct host *host, struct guest *guest, unsigned count);

/* `guest` is in no more: its seat is free. Harmless when it has none. */
void host_unseat(struct host *host, struct guest *guest);

/* The time now, as in events. */
uint64_t host_now_ms(const struct host *host);

#endif
