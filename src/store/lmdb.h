/* lmdb.h - the sorted file beneath the log: all records that no longer stand
 * in a segment.
 *
 * A value carries a checksum behind it, and before that, of a record that is
 * counted, how many refer to it. The head says how many records there
 * are, and a sum over all of them, so that one that is gone is missed. Written
 * by one thread at a time; the map grows by itself, and is never written
 * through. Errors are ERR_FULL for no space, else ERR_IO or ERR_MALFORMED;
 * lmdb_why has more.
 */
#ifndef MOGI_STORE_LMDB_H
#define MOGI_STORE_LMDB_H

#include "store/logframe.h"

enum { LMDB_CHANGES_MAX = 4096 }; /* of one transaction of lmdb_make */

struct lmdb;

struct lmdb_head {
    uint8_t id[STORE_ID_BYTES]; /* of the store */
    uint64_t segment;           /* the first whose changes are not here */
    uint64_t sequence;          /* the first frame of it, at least */
    uint64_t count;             /* of records; kept with each change */
    uint64_t sum;               /* over them; the same */
    uint64_t ahead; /* the first of which lmdb_make has made nothing */
};

/* A change that the file is to have. */
struct lmdb_change {
    struct bytes key, value;
    enum store_change_kind kind;
    bool dead;      /* HOLD DROP: of no use if the file has no such record */
    uint64_t order; /* among changes of one key the greatest is the newest */
};

/* Open the file at `path`, or make it, `read_only`: not. */
MUST_USE
enum err lmdb_open(const char *path, bool read_only, struct lmdb **out);
void lmdb_close(struct lmdb *lmdb);

/* Can the file at `path`, which nobody has open, be read without harm? LMDB
 * trusts its pages, and one that has rotted may end the process; so it is read
 * in another one, all of it if it has `count_max` records at most. One that is
 * not there, or is wrong in ways that are told, can be. */
bool lmdb_try(const char *path, uint64_t count_max);

/* Copy the file as it is now, to `path`, which is not there yet. Beside
 * lmdb_apply, in this process or another. */
MUST_USE
enum err lmdb_copy(struct lmdb *lmdb, const char *path);

/* What failed last, in words; for the thread that made the call. */
const char *lmdb_why(const struct lmdb *lmdb);

/* The head. ERR_MORE: the file is new. ERR_MALFORMED: it cannot be read. */
MUST_USE
enum err lmdb_head(struct lmdb *lmdb, struct lmdb_head *head);

/* Put `changes` in order of their keys, those of one key in their order. */
void lmdb_sort(struct lmdb_change *changes, size_t count);

/* Make all `changes` (which are put in order of their keys), none of a record
 * that is counted, in transactions that take little memory each. They are of
 * segments below `ahead`. The head goes on to say that these are not here, so
 * after a crash they are made again, to the same end. After a failure some may
 * have happened. */
MUST_USE
enum err lmdb_make(struct lmdb *lmdb, struct lmdb_change *changes, size_t count,
                   uint64_t ahead);

/* The same of `changes` that are in order of their keys, LMDB_CHANGES_MAX at
 * most: in one transaction. */
MUST_USE
enum err lmdb_make_some(struct lmdb *lmdb, const struct lmdb_change *changes,
                        size_t count, uint64_t ahead);

/* Make all `changes` (which are put in order of their keys), and set `*head`,
 * in one transaction. After a failure nothing of it has happened. */
MUST_USE
enum err lmdb_apply(struct lmdb *lmdb, struct lmdb_change *changes,
                    size_t count, struct lmdb_head *head);

/* A record that is counted. */
struct lmdb_count {
    struct bytes value;
    uint32_t holders; /* 0: there is no such record */
};

/* What `change`, HOLD or DROP, makes of it. */
void lmdb_count(struct lmdb_count *count, const struct lmdb_change *change);

/* How many refer to the record under `key`, whose `value` lmdb_each shows. */
uint32_t lmdb_holders(struct bytes key, struct bytes value);

/* Visit all records in order of their keys. One with a wrong checksum ends it
 * with ERR_MALFORMED; so does, at the end, a record that is missed. */
MUST_USE
enum err lmdb_each(struct lmdb *lmdb, store_visit *visit, void *context);

/* Visit the records that the steps do not jump over. What is left out is not
 * missed. */
MUST_USE
enum err lmdb_walk(struct lmdb *lmdb, store_step *step, void *context);

struct lmdb_view;

/* A look at the file as it is now, from any thread, beside lmdb_apply; one at a
 * time. To be ended soon, by the thread that began it: meanwhile no lmdb_apply
 * begins, and the file cannot grow. */
MUST_USE
enum err lmdb_view_begin(struct lmdb *lmdb, struct lmdb_view **out);

/* The end of `view`. */
void lmdb_view_end(struct lmdb_view *view);

/* The value under `key`, good until lmdb_view_end. ERR_MORE: there is none. */
MUST_USE
enum err lmdb_view_get(struct lmdb_view *view, struct bytes key,
                       struct bytes *value);

/* Delete the records with a wrong checksum, after `broken` has seen them, and
 * count anew what is left. */
MUST_USE
enum err lmdb_mend(struct lmdb *lmdb, store_visit *broken, void *context);

/* Bytes of the file that were ever in use, and those that records are in
 * now. */
uint64_t lmdb_bytes(struct lmdb *lmdb);
uint64_t lmdb_used(struct lmdb *lmdb);

#endif
