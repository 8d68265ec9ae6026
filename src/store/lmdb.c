/* lmdb.c - the sorted file beneath the log: its head, and changes to it. */
#include "store/lmdb.h"

#include "base/cursor.h"
#include "store/crc32c.h"
#include "store/lmdb_record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HEAD_VERSION = 3, /* 1 had no records that are counted, 2 no `ahead` */
    HEAD_AHEAD_VERSION = 3,
    HEAD_BYTES = 2 + STORE_ID_BYTES + 5 * 8 + 4,
    HEAD_OLD_BYTES = HEAD_BYTES - 8,
    CRC_BYTES = 4,
    AHEAD = 8, /* changes whose bytes are asked for before they are needed */
    LINE_BYTES = 64,
    MAP_BYTES_MIN = 64 * 1024 * 1024
};

/* --- errors -------------------------------------------------------------- */

enum err lmdb_err(int error)
{
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) return ERR_FULL;
    if (error == ENOMEM) return ERR_NO_MEMORY;
    bool broken = error == MDB_CORRUPTED || error == MDB_INVALID ||
                  error == MDB_PAGE_NOTFOUND || error == MDB_VERSION_MISMATCH;
    return broken ? ERR_MALFORMED : ERR_IO;
}

enum err lmdb_failed(struct lmdb *lmdb, int error)
{
    /* That is what it calls a write that was cut short, too. */
    const char * or = error == EIO ? ", or the disk is full" : "";
    (void)snprintf(lmdb->why, sizeof lmdb->why, "%s%s", mdb_strerror(error),
                   or);
    return lmdb_err(error);
}

enum err lmdb_broken(struct lmdb *lmdb, const char *why)
{
    (void)snprintf(lmdb->why, sizeof lmdb->why, "%s", why);
    return ERR_MALFORMED;
}

/* --- opening ------------------------------------------------------------- */

static int tables_open(struct lmdb *lmdb)
{
    MDB_txn *txn;
    unsigned flags = lmdb->read_only ? MDB_RDONLY : 0;
    unsigned make = lmdb->read_only ? 0 : MDB_CREATE;
    int error = mdb_txn_begin(lmdb->env, NULL, flags, &txn);
    if (error != 0) return error;
    error = mdb_dbi_open(txn, "records", make, &lmdb->records);
    if (error == 0) error = mdb_dbi_open(txn, "head", make, &lmdb->heads);
    if (error == 0) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return error;
}

int lmdb_env_open(struct lmdb *lmdb)
{
    int error = mdb_env_create(&lmdb->env);
    if (error != 0) return error;
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    if (lmdb->read_only) flags |= MDB_RDONLY;
    error = mdb_env_set_maxdbs(lmdb->env, 2);
    if (error == 0) error = mdb_env_set_mapsize(lmdb->env, lmdb->map_bytes);
    if (error == 0) error = mdb_env_open(lmdb->env, lmdb->path, flags, 0600);
    if (error == 0) error = tables_open(lmdb);
    if (error == 0) return 0;
    mdb_env_close(lmdb->env);
    lmdb->env = NULL;
    return error;
}

/* Open the file again, if the last failure closed it. */
static int env_renew(struct lmdb *lmdb)
{
    pthread_mutex_lock(&lmdb->lock);
    int error = lmdb->env == NULL ? lmdb_env_open(lmdb) : 0;
    pthread_mutex_unlock(&lmdb->lock);
    return error;
}

enum err lmdb_open(const char *path, bool read_only, struct lmdb **out)
{
    struct lmdb *lmdb = calloc(1, sizeof *lmdb);
    *out = lmdb;
    if (lmdb == NULL) return ERR_NO_MEMORY;
    if (pthread_mutex_init(&lmdb->lock, NULL) != 0) abort();
    lmdb->read_only = read_only;
    lmdb->map_bytes = MAP_BYTES_MIN;
    (void)snprintf(lmdb->path, sizeof lmdb->path, "%s", path);
    int error = lmdb_env_open(lmdb);
    return error == 0 ? OK : lmdb_failed(lmdb, error);
}

void lmdb_close(struct lmdb *lmdb)
{
    if (lmdb == NULL) return;
    if (lmdb->env != NULL) mdb_env_close(lmdb->env);
    pthread_mutex_destroy(&lmdb->lock);
    free(lmdb);
}

const char *lmdb_why(const struct lmdb *lmdb)
{
    return lmdb->why;
}

enum err lmdb_copy(struct lmdb *lmdb, const char *path)
{
    int error = mdb_env_copy2(lmdb->env, path, MDB_CP_COMPACT);
    return error == 0 ? OK : lmdb_failed(lmdb, error);
}

/* --- the head ------------------------------------------------------------ */

static MDB_val head_key(void)
{
    static char name[] = "head";
    return (MDB_val){sizeof name - 1, name};
}

int lmdb_head_put(struct lmdb *lmdb, MDB_txn *txn, const struct lmdb_head *head)
{
    uint8_t space[HEAD_BYTES];
    struct writer w = writer_at(space, sizeof space);
    write_u16(&w, HEAD_VERSION);
    write_bytes(&w, bytes_at(head->id, STORE_ID_BYTES));
    write_u64(&w, head->segment);
    write_u64(&w, head->sequence);
    write_u64(&w, head->count);
    write_u64(&w, head->sum);
    write_u64(&w, head->ahead);
    write_u32(&w, crc32c(0, writer_bytes(&w)));
    assert(!w.failed && writer_left(&w) == 0);
    MDB_val key = head_key(), value = val_of(writer_bytes(&w));
    return mdb_put(txn, lmdb->heads, &key, &value, 0);
}

static enum err head_parse(struct bytes in, struct lmdb_head *head)
{
    struct reader r = reader_of(in);
    uint16_t version = read_u16(&r);
    bool new = version >= HEAD_AHEAD_VERSION;
    if (r.failed) return ERR_MALFORMED;
    if (version == 0 || version > HEAD_VERSION) return ERR_VERSION;
    if (in.size != (new ? HEAD_BYTES : HEAD_OLD_BYTES)) return ERR_MALFORMED;
    struct bytes id = read_bytes(&r, STORE_ID_BYTES);
    assert(id.data != NULL);
    memcpy(head->id, id.data, STORE_ID_BYTES);
    head->segment = read_u64(&r);
    head->sequence = read_u64(&r);
    head->count = read_u64(&r);
    head->sum = read_u64(&r);
    head->ahead = new ? read_u64(&r) : head->segment;
    uint32_t crc = crc32c(0, bytes_at(in.data, in.size - CRC_BYTES));
    return read_u32(&r) == crc ? OK : ERR_MALFORMED;
}

enum err lmdb_head_get(struct lmdb *lmdb, MDB_txn *txn, struct lmdb_head *head)
{
    MDB_val key = head_key(), value;
    int error = mdb_get(txn, lmdb->heads, &key, &value);
    if (error == MDB_NOTFOUND) return ERR_MORE;
    if (error != 0) return lmdb_failed(lmdb, error);
    enum err e = head_parse(val_bytes(&value), head);
    if (e != OK) (void)snprintf(lmdb->why, sizeof lmdb->why, "a broken head");
    return e;
}

enum err lmdb_head(struct lmdb *lmdb, struct lmdb_head *head)
{
    MDB_txn *txn;
    int error = env_renew(lmdb);
    if (error == 0) error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);
    if (error != 0) return lmdb_failed(lmdb, error);
    enum err e = lmdb_head_get(lmdb, txn, head);
    mdb_txn_abort(txn);
    return e;
}

/* --- changes ------------------------------------------------------------- */

/* Those that come soon: in order of their keys they lie all over memory. */
static void changes_expect(const struct lmdb_change *changes, size_t i,
                           size_t count)
{
    size_t ahead = i + AHEAD;
    if (ahead >= count) return;
    __builtin_prefetch(changes[ahead].key.data);
    __builtin_prefetch(changes[ahead].key.data + LINE_BYTES);
}

/* How many of them, from the first on, are of one key. */
static size_t changes_alike(const struct lmdb_change *changes, size_t count)
{
    size_t alike = 1;
    while (alike < count && bytes_equal(changes[alike].key, changes[0].key))
        alike += 1;
    return alike;
}

/* All of it in `txn`, but for its end. */
static int changes_make(struct lmdb *lmdb, MDB_txn *txn,
                        const struct lmdb_change *changes, size_t count,
                        struct lmdb_head *head)
{
    MDB_cursor *cursor;
    int error = mdb_cursor_open(txn, lmdb->records, &cursor);
    size_t alike;
    for (size_t i = 0; i < count && error == 0; i += alike) {
        changes_expect(changes, i, count);
        alike = changes_alike(changes + i, count - i);
        error = lmdb_record_make(cursor, changes + i, alike, head);
    }
    return error != 0 ? error : lmdb_head_put(lmdb, txn, head);
}

/* One attempt. `moves`: *head is set; else only what is counted in it, and
 * `ahead`. MDB_MAP_FULL: the map is too small. */
static int changes_try(struct lmdb *lmdb, const struct lmdb_change *changes,
                       size_t count, bool moves, struct lmdb_head *head)
{
    struct lmdb_head old = {.count = 0};
    MDB_txn *txn;
    int error = mdb_txn_begin(lmdb->env, NULL, 0, &txn);
    if (error != 0) return error;
    enum err e = lmdb_head_get(lmdb, txn, &old);
    struct lmdb_head now = moves ? *head : old;
    now.ahead = moves ? head->segment : head->ahead;
    if (now.ahead < old.ahead) now.ahead = old.ahead;
    now.count = old.count;
    now.sum = old.sum;
    error = e == OK || (e == ERR_MORE && moves)
                ? changes_make(lmdb, txn, changes, count, &now)
                : MDB_CORRUPTED;
    *head = now;
    if (error == 0) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return error;
}

static int map_grow(struct lmdb *lmdb)
{
    MDB_envinfo info;
    int error = mdb_env_info(lmdb->env, &info);
    if (error != 0) return error;
    if (info.me_mapsize > SIZE_MAX / 2) return ENOMEM;
    lmdb->map_bytes = 2 * info.me_mapsize;
    pthread_mutex_lock(&lmdb->lock);
    error = mdb_env_set_mapsize(lmdb->env, lmdb->map_bytes);
    pthread_mutex_unlock(&lmdb->lock);
    return error;
}

/* What a failed write left behind is nothing to go on with. */
static void env_leave(struct lmdb *lmdb)
{
    pthread_mutex_lock(&lmdb->lock);
    mdb_env_close(lmdb->env);
    lmdb->env = NULL;
    pthread_mutex_unlock(&lmdb->lock);
}

/* One transaction. */
static enum err changes_apply(struct lmdb *lmdb,
                              const struct lmdb_change *changes, size_t count,
                              bool moves, struct lmdb_head *head)
{
    int error = env_renew(lmdb);
    if (error != 0) return lmdb_failed(lmdb, error);
    error = changes_try(lmdb, changes, count, moves, head);
    while (error == MDB_MAP_FULL) {
        error = map_grow(lmdb);
        if (error == 0) error = changes_try(lmdb, changes, count, moves, head);
    }
    if (error == 0) return OK;
    env_leave(lmdb);
    return lmdb_failed(lmdb, error);
}

enum err lmdb_make(struct lmdb *lmdb, struct lmdb_change *changes, size_t count,
                   uint64_t ahead)
{
    lmdb_sort(changes, count);
    enum err e = OK;
    for (size_t at = 0; at < count && e == OK; at += LMDB_CHANGES_MAX) {
        size_t some = count - at;
        if (some > LMDB_CHANGES_MAX) some = LMDB_CHANGES_MAX;
        e = lmdb_make_some(lmdb, changes + at, some, ahead);
    }
    return e;
}

enum err lmdb_make_some(struct lmdb *lmdb, const struct lmdb_change *changes,
                        size_t count, uint64_t ahead)
{
    assert(count > 0 && count <= LMDB_CHANGES_MAX);
    assert(!store_counted(changes[0].key));
    struct lmdb_head head = {.ahead = ahead};
    return changes_apply(lmdb, changes, count, false, &head);
}

enum err lmdb_apply(struct lmdb *lmdb, struct lmdb_change *changes,
                    size_t count, struct lmdb_head *head)
{
    lmdb_sort(changes, count);
    return changes_apply(lmdb, changes, count, true, head);
}

/* --- how large it is ------------------------------------------------------ */

uint64_t lmdb_bytes(struct lmdb *lmdb)
{
    MDB_envinfo info;
    MDB_stat stat;
    if (lmdb->env == NULL || mdb_env_info(lmdb->env, &info) != 0) return 0;
    if (mdb_env_stat(lmdb->env, &stat) != 0) return 0;
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

uint64_t lmdb_used(struct lmdb *lmdb)
{
    MDB_txn *txn;
    MDB_stat stat;
    if (lmdb->env == NULL) return 0;
    if (mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn) != 0) return 0;
    uint64_t bytes = 0;
    if (mdb_stat(txn, lmdb->records, &stat) == 0) {
        size_t pages = stat.ms_branch_pages + stat.ms_leaf_pages;
        bytes = (pages + stat.ms_overflow_pages) * (uint64_t)stat.ms_psize;
    }
    mdb_txn_abort(txn);
    return bytes;
}
