/* wal.h - the engine that keeps its word: a log with group commit, and LMDB
 * beneath it.
 *
 *     shard 0 --+                     committer                      keeper
 *     shard 1 --+--> [ waiting ] --one write, one sync--> segments --------+
 *     shard 2 --+         ^                |                  moves what   |
 *                         +---- done ------+                  still counts v
 *                                                                   base.mdb
 *
 * Two threads of its own: the committer takes all that waits, of all shards,
 * writes it behind the log, syncs once and reports, while the next group
 * gathers. The keeper moves full segments into LMDB, without what was deleted
 * or replaced since, and recycles their files. docs/storage-format.md says what
 * is on disk, segment.h how an end is told from a hole.
 *
 * A write or sync that fails is never taken to have worked: what was in it is
 * written again, into a new file, until that works. Nothing of it is reported
 * before. Any thread may submit, and may do so while store_each runs.
 */
#ifndef MOGI_STORE_WAL_H
#define MOGI_STORE_WAL_H

#include "store/files.h"
#include "store/store.h"

enum {
    WAL_SEGMENT_BYTES = 16 * 1024 * 1024,
    WAL_SEGMENTS_KEPT = 3,      /* full ones: what is acknowledged soon is gone
                                   by the time that they are moved */
    WAL_SEGMENTS_KEPT_MAX = 16, /* with a large base.mdb */
    WAL_TEXT_MAX = 900,
    WAL_ID_BYTES = 16
};

enum wal_durability {
    WAL_ALWAYS,   /* reported when it is on disk */
    WAL_EVERYSEC, /* reported when it is written; on disk within a second */
    WAL_NEVER     /* ... within a segment, or as the system likes */
};

enum wal_state {
    WAL_WORKS,
    WAL_FULL, /* there is no space for more, but for changes that are small */
    WAL_FAILS /* nothing is committed for now; it goes on trying */
};

struct wal_options {
    const char *folder; /* copied; made if it is not there */
    enum wal_durability durability;
    bool salvage;           /* leave out what is broken, and say what it was */
    uint32_t segment_bytes; /* 0: WAL_SEGMENT_BYTES */
    uint32_t kept_max;      /* segments that stay, when full, with a large
                               base.mdb; 0 or more: WAL_SEGMENTS_KEPT_MAX */
    uint32_t retry_ms;      /* after a failure; 0: a second */
    uint64_t quota_bytes;   /* more on disk is WAL_FULL; 0: none; less than
                               four segments count as four */
    struct files *files;    /* NULL: the system's */

    /* Called from any thread: batches done, the state changed, and a sentence
     * for the operator, bad news or not. */
    store_done *done;
    void (*changed)(void *context, enum wal_state state);
    void (*say)(void *context, bool bad, const char *text);
    void *context;
};

struct wal_stats {
    uint64_t records;  /* in LMDB */
    uint64_t bytes;    /* of LMDB's file in use */
    uint64_t segments; /* whose changes are not in LMDB */
    uint64_t kept;     /* so many of them may stay for now, when full */
    uint64_t keys;     /* that they change, but for the newest ones */
    uint64_t commits;  /* writes of a group since the start */
    uint64_t batches;  /* in them */
};

/* Open the store in options->folder, or make a new one. All that was on disk is
 * in it; what is submitted waits for wal_start.
 *
 * OK, or `why` says what is wrong: ERR_BUSY, another process has it;
 * ERR_MALFORMED, something that was on disk is broken or missing; ERR_VERSION,
 * it is of a version to come; ERR_FULL, ERR_IO, ERR_NO_MEMORY. */
MUST_USE
enum err wal_open(const struct wal_options *options, struct store **out,
                  char why[WAL_TEXT_MAX]);

/* Begin to commit, and to call back. ERR_NO_MEMORY: there are no more threads.
 */
MUST_USE
enum err wal_start(struct store *store);

/* What the store was given when it was made, for ever: 16 bytes that nobody
 * outside knows. */
void wal_id(const struct store *store, uint8_t id[WAL_ID_BYTES]);

/* What there is now. Not within store_each. */
void wal_stats(struct store *store, struct wal_stats *stats);

#endif
