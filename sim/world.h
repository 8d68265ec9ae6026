/* world.h - an imaginary machine: shards, cables, a clock, a disk.
 *
 *     clients      cables            shards          disk
 *     [ a ]======[ bytes ]======>[ 0 ]--mailbox--+
 *     [ b ]======[ bytes ]======>[ 1 ]--mailbox--+---> store (memory)
 *                                [ 2 ]--mailbox--+
 *
 * The world does for real shards what the real host does: it gathers what has
 * come for a shard, steps each event, carries out the actions and submits the
 * turn's changes as one batch. Time stands still until world_wait moves it.
 * Which shard has its turn next, how much it takes and where bytes are cut is
 * decided by the seed: the same seed, the same story.
 */
#ifndef MOGI_SIM_WORLD_H
#define MOGI_SIM_WORLD_H

#include "base/bytes.h"
#include "base/rng.h"
#include "core/ask.h"
#include "core/options.h"
#include "core/shard.h"
#include "store/store.h"

struct world;

/* A cable between one client and the broker, by number; 0 is none. */
struct cable_id {
    uint32_t v;
};

struct world_config {
    uint16_t shards; /* 1..SHARDS_MAX */
    uint64_t seed;
    bool trace;               /* print what happens */
    bool chaos;               /* turns of random length, bytes cut anywhere */
    uint32_t split;           /* bytes in one event at most; 0: all */
    uint32_t connections_max; /* 0: no limit */
    uint32_t memory_max;      /* bytes of one shard; 0: no limit */
    struct options options;
};

/* Shards that have not heard of anything. Never NULL. Freed with world_free. */
struct world *world_new(const struct world_config *config);
void world_free(struct world *world);

/* Called when no shard has anything to do: lets clients read and answer.
 * Returns whether any of them did something. */
void world_clients_set(struct world *world, bool (*clients)(void *context),
                       void *context);

/* Let everything happen that can happen without time passing. */
void world_settle(struct world *world);

/* Let one shard have one turn; false: none has anything to do. */
bool world_turn(struct world *world);

/* Let time pass, and everything happen in its time. */
void world_wait(struct world *world, uint64_t ms);

/* Let time jump, as when the machine slept: what was due is late. */
void world_jump(struct world *world, uint64_t ms);

/* Now, in ms. */
uint64_t world_now(const struct world *world);

/* The world's luck. */
struct rng *world_rng(struct world *world);

/* Memory for those who act in the world; none of a shard's. */
struct pool *world_pool(struct world *world);

/* Print a line with the time, if the world is traced. */
void world_say(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Connect to the broker, at a shard that the seed chooses, through `listener`,
 * as who has proven to be `identity` (copied; empty: nobody). */
struct cable_id world_connect(struct world *world, uint16_t listener,
                              struct bytes identity);

/* What the broker asks about the client of `cable`; false: nothing. The texts
 * are there until it is answered. A question outlives the cable. */
bool world_asked(const struct world *world, struct cable_id cable,
                 enum ask_kind *kind, struct ask *said);

/* Answer it (copied). */
void world_answer(struct world *world, struct cable_id cable,
                  const struct answer *answer);

/* The client sends bytes. Ignored when the broker has closed. */
void world_send(struct world *world, struct cable_id cable, struct bytes bytes);

/* What the client has received and not yet used; valid until time passes. */
struct bytes world_received(struct world *world, struct cable_id cable);
void world_used(struct world *world, struct cable_id cable, size_t size);

/* The broker has closed it, and all that it sent has been received. */
bool world_closed(const struct world *world, struct cable_id cable);

/* The client goes: at once, with what is under way lost (`cut`), or after its
 * last bytes were read. The number is not used again. */
void world_hang_up(struct world *world, struct cable_id cable, bool cut);

/* The broker's operator sends it away because of `why`. */
void world_expel(struct world *world, struct cable_id cable, enum err why);

/* With `stall` the client takes no more bytes; else `rate` bytes at each turn
 * of the cable (0: all there are). */
void world_stall(struct world *world, struct cable_id cable, bool stall);

/* Bytes sent by the broker that the client has not taken. */
size_t world_unsent(const struct world *world, struct cable_id cable);

/* Commits wait while `hold`. */
void world_hold(struct world *world, bool hold);

enum loads { LOADS_WORK, LOADS_HELD, LOADS_FAIL };

/* What is asked from disk comes, or waits, or cannot be read. */
void world_loads(struct world *world, enum loads loads);

/* The store says to every shard that it can take no more, or can again. */
void world_storage(struct world *world, bool failing);

/* All but the disk's committed records is lost; cables are cut. Nothing but
 * world_restart may follow. With `commits` that many waiting batches reach the
 * disk first. */
void world_crash(struct world *world, size_t commits);

/* The broker comes back, with `shards` shards (0: as many as before). */
void world_restart(struct world *world, uint16_t shards);

/* No shard has a turn while `freeze`. */
void world_freeze(struct world *world, bool freeze);

/* Give all shards new options (copied, with their listeners). */
void world_reload(struct world *world, const struct options *options);

/* The options in force. */
const struct options *world_options(const struct world *world);

/* The broker says good-bye. */
void world_stop(struct world *world);

/* Is there a log line that holds `text`, after the last one found so? */
bool world_note_find(struct world *world, const char *text);

/* The last log line, for messages; "" when there is none. */
const char *world_note_last(const struct world *world);

/* Memory that shard `shard` has in use, in bytes. */
size_t world_bytes(const struct world *world, uint16_t shard);

/* Records on disk. */
size_t world_records(const struct world *world);

#endif
