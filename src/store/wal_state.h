/* wal_state.h - what a log is made of. For the store's own files alone.
 *
 *     wal.c         opening, submitting, closing
 *     committer.c   the thread that writes
 *     keeper.c      the thread that tidies up, and how long the log may be
 *     move.c        full segments, on their way into LMDB
 *     reader.c      the thread that looks something up
 *     logfile.c     files of segments: made, filled, recycled
 *     recovery.c    what is found at the start
 */
#ifndef MOGI_STORE_WAL_STATE_H
#define MOGI_STORE_WAL_STATE_H

#include "base/list.h"
#include "store/index.h"
#include "store/lmdb.h"
#include "store/wal.h"

#include <pthread.h>

enum {
    /* What a commit takes at most, but for a single batch that is larger. */
    GROUP_BYTES_MAX = 4 * 1024 * 1024,

    /* With so many full segments more than stay, the committer waits. */
    LOGFILES_AHEAD = 13,

    /* That many go at once, at most. */
    MOVE_SEGMENTS_MAX = WAL_SEGMENTS_KEPT_MAX + LOGFILES_AHEAD,

    /* And so much of what still counts in them, which is copied for that. */
    MOVE_BYTES_MAX = 128 * 1024 * 1024,

    /* With more keys in the index (which takes 64 MiB then) no more than
     * WAL_SEGMENTS_KEPT stay. */
    INDEX_KEYS_KEPT = 1500 * 1000,

    /* The least that a quota can be: the log alone has some. */
    QUOTA_SEGMENTS = 4,

    /* So much of the space that the disk has left, as one part of so many, more
     * than WAL_SEGMENTS_KEPT may take. */
    SPACE_SHARE = 4,

    /* Files that wait to be used again: so many, or as many as the log is to
     * grow by. */
    SPARES_KEPT = 4,
    SPARES_MAX = WAL_SEGMENTS_KEPT_MAX + SPARES_KEPT,

    /* Space that is held, beside that of a segment, so that the keeper can work
     * when there is no more. */
    RESERVE_BYTES = 4 * 1024 * 1024,

    /* Records up to which all of LMDB is checked at start. */
    WALK_CHECKED_MAX = 500 * 1000,

    LOOK_AHEAD = 8, /* keys that the index is told before it is asked */

    STAGING_BYTES = 256 * 1024, /* of one write, but for a larger batch */

    RETRY_MS = 1000
};

/* A change of a batch: its key, and where it is in the frame. */
struct spot {
    struct index_key key;
    uint32_t offset;
    uint8_t kind; /* enum store_change_kind */
    bool value;   /* it has one */
};

/* A batch and its frame, in one block. */
struct batch {
    struct link link;
    uint64_t number;
    uint16_t part;
    bool reported;
    uint32_t at;   /* offset of the frame in its segment, when written */
    uint32_t size; /* of the body */
    uint32_t body_crc;
    uint32_t count;
    uint8_t *frame; /* logframe_size(size) bytes, behind the spots */
    struct spot spots[];
};

/* A segment that is being written, or was. */
struct logfile {
    struct link link;
    uint64_t number;
    uint64_t first; /* sequence of the first frame */
    uint64_t stop;  /* and of the first that is not on disk */
    uint32_t salt;
    uint32_t end;     /* behind the last frame that is on disk */
    uint32_t written; /* behind the last */
    int fd;           /* -1: full */
};

struct wal {
    struct store store;
    struct wal_options options;
    struct files *files;
    char folder[FILES_PATH_MAX];
    uint8_t id[STORE_ID_BYTES];
    int lock_fd;

    pthread_t committer, keeper, reader;
    bool has_committer, has_keeper, has_reader;
    pthread_mutex_t lock; /* all down to the next comment */
    pthread_cond_t work;  /* for the committer */
    pthread_cond_t tidy;  /* for the keeper */
    pthread_cond_t asked; /* for the reader: there is a task */
    pthread_cond_t synced;
    pthread_cond_t known; /* for the reader: wal->unknown is over */
    struct link waiting;  /* batches, in the order in which they came */
    struct store_task *tasks, **tasks_end; /* the same */
    bool sync_asked;                       /* the reader needs a sync */
    bool turn_asked;  /* the keeper wants what is in the newest segment */
    bool unknown;     /* something was reported that the index has not yet */
    struct link full; /* segments, oldest first */
    size_t full_count;
    size_t kept;        /* of them, that may stay: keeper_share */
    struct index index; /* of what is on disk in segments */
    bool log_fails;     /* the committer's last attempt */
    bool keeper_fails;  /* the keeper's */
    bool low;           /* there is no spare, or no reserve */
    bool over;          /* there is more on disk than the operator wants */
    enum wal_state state;
    bool closing;
    uint64_t commits, batches;

    /* The committer's own. */
    struct link group;    /* batches that it is about to write */
    struct link unsynced; /* written, not yet on disk */
    struct link settled;  /* on disk, not yet in the index */
    struct logfile *now;  /* being written, or NULL */
    uint64_t number;      /* of the segment to come */
    uint64_t sequence;    /* of the frame to come */
    uint64_t durable;     /* all frames below are on disk */
    uint64_t synced_ms;   /* when, for WAL_EVERYSEC */
    uint8_t *staging;     /* STAGING_BYTES */

    pthread_mutex_t spare_lock; /* names of spare files; taken last */
    bool spare[SPARES_MAX];     /* "spare-0" and so on: there is such a file */

    /* A task looks, or a segment goes, with what the index knows of it. */
    pthread_mutex_t look_lock;

    pthread_mutex_t base_lock; /* LMDB is in use, but by views */
    struct lmdb *lmdb;
    bool has_reserve; /* the keeper's own */
};

/* --- wal.c --------------------------------------------------------------- */

/* Tell the operator. */
void wal_say(struct wal *wal, bool bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something has failed or works again: tell, if it makes a difference. Under
 * the lock. */
void wal_judge(struct wal *wal);

/* There is no space for the next segment, as errno says, or there is again. */
void wal_tell_low(struct wal *wal, bool low);

/* Wait for `cond`, `ms` at most. Under the lock. */
void wal_wait_ms(struct wal *wal, pthread_cond_t *cond, uint32_t ms);

/* --- logfile.c ----------------------------------------------------------- */

/* "FOLDER/NAME". */
void logfile_path(const struct wal *wal, const char *name,
                  char path[FILES_PATH_MAX]);

/* The path of segment `number`. */
void logfile_number_path(const struct wal *wal, uint64_t number,
                         char path[FILES_PATH_MAX]);

/* The number in the name of a segment, or 0: it is none. */
uint64_t logfile_number(const char *name);

/* Which of the spare files has this name; SPARES_MAX: none. */
size_t logfile_spare_index(const char *name);

/* Make segment `number`, whose first frame is `sequence`, in place of a file
 * that has its name. It is on disk then. */
MUST_USE
enum err logfile_begin(struct wal *wal, uint64_t number, uint64_t sequence,
                       struct logfile **out);

/* Forget it; the file stays. */
void logfile_free(struct wal *wal, struct logfile *file);

/* The file of segment `number`, of about `size` bytes, is used again, or
 * removed. */
void logfile_recycle(struct wal *wal, uint64_t number, uint64_t size);

/* How many spare files there are. */
size_t logfile_spares(struct wal *wal);

/* Remove a spare file, for its space. False: there is none. */
bool logfile_spend(struct wal *wal);

/* See that one is; for the keeper, or the committer. ERR_FULL, ERR_IO: it
 * cannot be. */
MUST_USE
enum err logfile_spare(struct wal *wal, bool keeper);

/* --- committer.c, keeper.c, reader.c ------------------------------------- */

/* Let go of the space that was held for now. False: it is spent. */
bool keeper_spend(struct wal *wal);

/* How many full segments may stay, when base.mdb has `used` bytes in use, and
 * the disk `space` left: as many as have its size, within bounds. What comes
 * at random meets nearly all pages of base.mdb once there is a change for each,
 * so the more changes go at once, the less a change costs; and a start after a
 * crash, which moves them, takes no longer than base.mdb is large. */
size_t keeper_share(const struct wal_options *options, uint64_t used,
                    uint64_t space);

/* The threads, until wal->closing. */
void *committer_run(void *wal);

/* See committer_run. */
void *keeper_run(void *wal);
void *reader_run(void *wal);

/* The task that came first, or NULL. Under the lock. */
struct store_task *task_take(struct wal *wal);

/* Run it with a view that sees nothing. */
void task_refuse(struct store_task *task);

/* --- recovery.c ---------------------------------------------------------- */

/* Bring the store into order: afterwards all is in LMDB, and wal->now is an
 * empty segment. Errors as of wal_open. */
MUST_USE
enum err recovery_run(struct wal *wal, char why[WAL_TEXT_MAX]);

#endif
