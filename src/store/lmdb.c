/* lmdb.c - the sorted file beneath the log. */
#include "store/lmdb.h"

#include "base/cursor.h"
#include "base/hash.h"
#include "base/list.h"
#include "store/crc32c.h"

#include <assert.h>
#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HEAD_VERSION = 3, /* 1 had no records that are counted, 2 no `ahead` */
    HEAD_AHEAD_VERSION = 3,
    HEAD_BYTES = 2 + STORE_ID_BYTES + 5 * 8 + 4,
    HEAD_OLD_BYTES = HEAD_BYTES - 8,
    CRC_BYTES = 4,
    COUNT_BYTES = 4, /* before the checksum, of a record that is counted */
    MAP_BYTES_MIN = 64 * 1024 * 1024,
    PATH_BYTES_MAX = 512,
    WHY_BYTES_MAX = 128
};

struct lmdb_view {
    struct lmdb *lmdb;
    MDB_txn *txn;
};

struct lmdb {
    /* Held by who looks, and to change the map or `env`. */
    pthread_mutex_t lock;
    struct lmdb_view view;
    MDB_env *env; /* NULL after a failure: to be opened again */
    MDB_dbi records, heads;
    size_t map_bytes;
    bool read_only;
    char path[PATH_BYTES_MAX];
    char why[WHY_BYTES_MAX];
};

static enum err err_of(int error)
{
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) return ERR_FULL;
    if (error == ENOMEM) return ERR_NO_MEMORY;
    bool broken = error == MDB_CORRUPTED || error == MDB_INVALID ||
                  error == MDB_PAGE_NOTFOUND || error == MDB_VERSION_MISMATCH;
    return broken ? ERR_MALFORMED : ERR_IO;
}

static enum err lmdb_failed(struct lmdb *lmdb, int error)
{
    /* That is what it calls a write that was cut short, too. */
    const char * or = error == EIO ? ", or the disk is full" : "";
    (void)snprintf(lmdb->why, sizeof lmdb->why, "%s%s", mdb_strerror(error),
                   or);
    return err_of(error);
}

static MDB_val val_of(struct bytes b)
{
    return (MDB_val){b.size, (void *)(uintptr_t)b.data};
}

static struct bytes bytes_from(const MDB_val *val)
{
    return bytes_at(val->mv_data, val->mv_size);
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

static int env_open(struct lmdb *lmdb)
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
    int error = lmdb->env == NULL ? env_open(lmdb) : 0;
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
    int error = env_open(lmdb);
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

static int head_put(struct lmdb *lmdb, MDB_txn *txn,
                    const struct lmdb_head *head)
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

static enum err head_get(struct lmdb *lmdb, MDB_txn *txn,
                         struct lmdb_head *head)
{
    MDB_val key = head_key(), value;
    int error = mdb_get(txn, lmdb->heads, &key, &value);
    if (error == MDB_NOTFOUND) return ERR_MORE;
    if (error != 0) return lmdb_failed(lmdb, error);
    enum err e = head_parse(bytes_from(&value), head);
    if (e != OK) (void)snprintf(lmdb->why, sizeof lmdb->why, "a broken head");
    return e;
}

enum err lmdb_head(struct lmdb *lmdb, struct lmdb_head *head)
{
    MDB_txn *txn;
    int error = env_renew(lmdb);
    if (error == 0) error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);
    if (error != 0) return lmdb_failed(lmdb, error);
    enum err e = head_get(lmdb, txn, head);
    mdb_txn_abort(txn);
    return e;
}

/* --- records ------------------------------------------------------------- */

/* What a record adds to the sum. */
static uint64_t record_mark(struct bytes key, uint32_t crc)
{
    struct hash_key by = {0x6d6f67692d73756d, crc};
    return hash_bytes(&by, key);
}

static uint32_t record_crc(struct bytes key, struct bytes value)
{
    return crc32c(crc32c(0, key), value);
}

static uint32_t stored_crc(struct bytes stored)
{
    struct reader r = reader_of(bytes_skip(stored, stored.size - CRC_BYTES));
    return read_u32(&r);
}

/* Take what is stored under `key` out of the head's sum. */
static int record_subtract(struct bytes key, const MDB_val *old,
                           struct lmdb_head *head)
{
    struct bytes stored = bytes_from(old);
    if (stored.size < CRC_BYTES || head->count == 0) return MDB_CORRUPTED;
    head->sum ^= record_mark(key, stored_crc(stored));
    head->count -= 1;
    return 0;
}

/* A record to be written: with `count` behind its value, if it is counted. */
struct made {
    struct bytes key, value, count;
};

static void made_write(const struct made *made, MDB_val *room,
                       struct lmdb_head *head)
{
    uint32_t crc = crc32c(record_crc(made->key, made->value), made->count);
    struct writer w = writer_at(room->mv_data, room->mv_size);
    write_bytes(&w, made->value);
    write_bytes(&w, made->count);
    write_u32(&w, crc);
    assert(!w.failed && writer_left(&w) == 0);
    head->sum ^= record_mark(made->key, crc);
    head->count += 1;
}

static MDB_val made_room(const struct made *made)
{
    return (MDB_val){made->value.size + made->count.size + CRC_BYTES, NULL};
}

/* Write it if there is none. MDB_KEYEXIST: *old is what there is. Most are new,
 * and this looks for their place only once. */
static int record_add(MDB_cursor *cursor, const struct made *made, MDB_val *old,
                      struct lmdb_head *head)
{
    MDB_val key = val_of(made->key);
    *old = made_room(made);
    int error =
        mdb_cursor_put(cursor, &key, old, MDB_RESERVE | MDB_NOOVERWRITE);
    if (error == 0) made_write(made, old, head);
    return error;
}

/* Write it in place of `old`. */
static int record_replace(MDB_cursor *cursor, const struct made *made,
                          const MDB_val *old, struct lmdb_head *head)
{
    int error = record_subtract(made->key, old, head);
    if (error != 0) return error;
    MDB_val key = val_of(made->key), room = made_room(made);
    error = mdb_cursor_put(cursor, &key, &room, MDB_RESERVE);
    if (error == 0) made_write(made, &room, head);
    return error;
}

static int record_put(MDB_cursor *cursor, const struct lmdb_change *change,
                      struct lmdb_head *head)
{
    struct made made = {.key = change->key, .value = change->value};
    MDB_val old;
    int error = record_add(cursor, &made, &old, head);
    if (error != MDB_KEYEXIST) return error;
    return record_replace(cursor, &made, &old, head);
}

static int record_del(MDB_cursor *cursor, struct bytes name,
                      struct lmdb_head *head)
{
    MDB_val key = val_of(name), old;
    int error = mdb_cursor_get(cursor, &key, &old, MDB_SET);
    if (error == MDB_NOTFOUND) return 0;
    if (error == 0) error = record_subtract(name, &old, head);
    return error != 0 ? error : mdb_cursor_del(cursor, 0);
}

/* --- records that are counted -------------------------------------------- */

void lmdb_count(struct lmdb_count *count, const struct lmdb_change *change)
{
    bool value = change->kind == STORE_HOLD && change->value.size > 0;
    if (change->kind == STORE_DROP) {
        if (count->holders > 0) count->holders -= 1;
        return;
    }
    if (value) count->value = change->value;
    if (value || count->holders > 0) count->holders += 1;
}

/* Take the value and the count apart. False: it is too short for that. */
static bool count_read(struct bytes stored, struct lmdb_count *count)
{
    if (stored.size < COUNT_BYTES + CRC_BYTES) return false;
    size_t size = stored.size - COUNT_BYTES - CRC_BYTES;
    struct reader r = reader_of(bytes_skip(stored, size));
    count->value = bytes_at(stored.data, size);
    count->holders = read_u32(&r);
    return count->holders > 0;
}

uint32_t lmdb_holders(struct bytes key, struct bytes value)
{
    if (!store_counted(key)) return 1;
    struct reader r = reader_of(bytes_at(value.data + value.size, COUNT_BYTES));
    return read_u32(&r);
}

/* Write it anew; its value may lie where it is written. */
static int count_replace(MDB_cursor *cursor, struct made *made,
                         const MDB_val *old, struct lmdb_head *head)
{
    if (made->value.size == 0) return record_replace(cursor, made, old, head);
    uint8_t *copy = malloc(made->value.size);
    if (copy == NULL) return ENOMEM;
    memcpy(copy, made->value.data, made->value.size);
    made->value.data = copy;
    int error = record_replace(cursor, made, old, head);
    free(copy);
    return error;
}

/* The changes of one such record, in their order. */
struct run {
    const struct lmdb_change *changes;
    size_t count;
    bool dead;
};

static struct run run_of(const struct lmdb_change *changes, size_t count)
{
    struct run run = {.changes = changes, .count = count};
    for (size_t i = 0; i < count; i++)
        run.dead |= changes[i].dead;
    return run;
}

/* What they make of it. */
static void run_count(const struct run *run, struct lmdb_count *count)
{
    for (size_t i = 0; i < run->count; i++)
        lmdb_count(count, &run->changes[i]);
}

static struct made run_made(const struct run *run,
                            const struct lmdb_count *count,
                            uint8_t space[COUNT_BYTES])
{
    struct writer w = writer_at(space, COUNT_BYTES);
    write_u32(&w, count->holders);
    return (struct made){.key = run->changes[0].key,
                         .value = count->value,
                         .count = writer_bytes(&w)};
}

/* The same, where `old` is. */
static int run_change(MDB_cursor *cursor, const struct run *run,
                      const MDB_val *old, struct lmdb_head *head)
{
    struct lmdb_count was = {.holders = 0};
    if (!count_read(bytes_from(old), &was)) return MDB_CORRUPTED;
    struct lmdb_count now = was;
    run_count(run, &now);
    bool same = now.holders == was.holders && now.value.data == was.value.data;
    if (same) return 0;
    if (now.holders == 0) return record_del(cursor, run->changes[0].key, head);
    uint8_t space[COUNT_BYTES];
    struct made made = run_made(run, &now, space);
    return count_replace(cursor, &made, old, head);
}

static int run_make(MDB_cursor *cursor, const struct run *run,
                    struct lmdb_head *head)
{
    MDB_val key = val_of(run->changes[0].key), old;
    struct lmdb_count now = {.holders = 0};
    run_count(run, &now);
    int error;
    if (run->dead || now.holders == 0) {
        error = mdb_cursor_get(cursor, &key, &old, MDB_SET);
        if (error == MDB_NOTFOUND) return 0;
    } else {
        uint8_t space[COUNT_BYTES];
        struct made made = run_made(run, &now, space);
        error = record_add(cursor, &made, &old, head);
        if (error != MDB_KEYEXIST) return error;
        error = 0;
    }
    return error != 0 ? error : run_change(cursor, run, &old, head);
}

/* --- changes ------------------------------------------------------------- */

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
        alike = changes_alike(changes + i, count - i);
        const struct lmdb_change *last = &changes[i + alike - 1];
        if (store_counted(last->key)) {
            struct run run = run_of(changes + i, alike);
            error = run_make(cursor, &run, head);
        } else if (last->kind == STORE_PUT) {
            error = record_put(cursor, last, head);
        } else {
            error = record_del(cursor, last->key, head);
        }
    }
    return error != 0 ? error : head_put(lmdb, txn, head);
}

static int key_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, size);
    if (order != 0) return order;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
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
    enum err e = head_get(lmdb, txn, &old);
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
    struct lmdb_head head = {.ahead = ahead};
    enum err e = OK;
    for (size_t at = 0; at < count && e == OK; at += LMDB_CHANGES_MAX) {
        size_t some = count - at;
        if (some > LMDB_CHANGES_MAX) some = LMDB_CHANGES_MAX;
        assert(!store_counted(changes[at].key));
        e = changes_apply(lmdb, changes + at, some, false, &head);
    }
    return e;
}

enum err lmdb_apply(struct lmdb *lmdb, struct lmdb_change *changes,
                    size_t count, struct lmdb_head *head)
{
    lmdb_sort(changes, count);
    return changes_apply(lmdb, changes, count, true, head);
}

/* --- reading ------------------------------------------------------------- */

struct walk {
    uint64_t count, sum;
};

/* What was put under `key`, out of what is stored. False: its checksum is
 * wrong. */
static bool record_open(struct bytes key, struct bytes stored,
                        struct bytes *value)
{
    *value = stored;
    if (stored.size < CRC_BYTES) return false;
    value->size -= CRC_BYTES;
    if (record_crc(key, *value) != stored_crc(stored)) return false;
    struct lmdb_count count;
    if (!store_counted(key)) return true;
    if (!count_read(stored, &count)) return false;
    *value = count.value;
    return true;
}

/* Count the record; *value is what was put. False: its checksum is wrong. */
static bool record_count(struct walk *walk, struct bytes key,
                         struct bytes stored, struct bytes *value)
{
    if (key.size == 0 || !record_open(key, stored, value)) return false;
    walk->sum ^= record_mark(key, stored_crc(stored));
    walk->count += 1;
    return true;
}

static enum err lmdb_broken(struct lmdb *lmdb, const char *why)
{
    (void)snprintf(lmdb->why, sizeof lmdb->why, "%s", why);
    return ERR_MALFORMED;
}

static enum err records_visit(struct lmdb *lmdb, MDB_cursor *cursor,
                              struct walk *walk, store_visit *visit,
                              void *context)
{
    MDB_val key, stored;
    struct bytes value;
    int error = mdb_cursor_get(cursor, &key, &stored, MDB_FIRST);
    while (error == 0) {
        struct bytes name = bytes_from(&key);
        if (!record_count(walk, name, bytes_from(&stored), &value)) {
            return lmdb_broken(lmdb, "a record has a wrong checksum");
        }
        visit(context, name, value);
        error = mdb_cursor_get(cursor, &key, &stored, MDB_NEXT);
    }
    return error == MDB_NOTFOUND ? OK : lmdb_failed(lmdb, error);
}

enum err lmdb_each(struct lmdb *lmdb, store_visit *visit, void *context)
{
    struct walk walk = {0};
    struct lmdb_head head = {.count = 0};
    MDB_txn *txn;
    int error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);
    if (error != 0) return lmdb_failed(lmdb, error);
    enum err e = head_get(lmdb, txn, &head);
    MDB_cursor *cursor = NULL;
    if (e == OK || e == ERR_MORE) {
        error = mdb_cursor_open(txn, lmdb->records, &cursor);
        e = error == 0 ? OK : lmdb_failed(lmdb, error);
    }
    if (e == OK) e = records_visit(lmdb, cursor, &walk, visit, context);
    if (e == OK && (walk.count != head.count || walk.sum != head.sum)) {
        e = lmdb_broken(lmdb, "records are missing");
    }
    if (cursor != NULL) mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return e;
}

/* Move the cursor behind the record that it is at, as `jump` says. */
static int cursor_jump(MDB_cursor *cursor, const struct jump *jump,
                       MDB_val *key, MDB_val *stored)
{
    if (jump->size == 0) return mdb_cursor_get(cursor, key, stored, MDB_NEXT);
    uint8_t here[STORE_KEY_BYTES_MAX];
    struct bytes was = bytes_from(key);
    if (was.size > sizeof here) return MDB_CORRUPTED;
    memcpy(here, was.data, was.size);
    MDB_val at = {was.size, here};
    *key = val_of(bytes_at(jump->key, jump->size));
    int error = mdb_cursor_get(cursor, key, stored, MDB_SET_RANGE);
    if (jump->last && error == 0) {
        error = mdb_cursor_get(cursor, key, stored, MDB_PREV);
    } else if (jump->last && error == MDB_NOTFOUND) {
        error = mdb_cursor_get(cursor, key, stored, MDB_LAST);
    }
    if (error != 0) return error;
    struct bytes there = bytes_from(key);
    if (key_compare(there, bytes_at(here, at.mv_size)) > 0) return 0;
    error = mdb_cursor_get(cursor, &at, stored, MDB_SET);
    *key = at;
    return error != 0 ? error : mdb_cursor_get(cursor, key, stored, MDB_NEXT);
}

/* What steps of a walk look at. */
struct walk_view {
    struct store_view view;
    struct lmdb *lmdb;
    MDB_txn *txn;
};

static enum err record_get(const struct lmdb *lmdb, MDB_txn *txn,
                           struct bytes name, struct bytes *value)
{
    MDB_val key = val_of(name), stored;
    int error = mdb_get(txn, lmdb->records, &key, &stored);
    if (error == MDB_NOTFOUND) return ERR_MORE;
    if (error != 0) return err_of(error);
    return record_open(name, bytes_from(&stored), value) ? OK : ERR_MALFORMED;
}

static enum err walk_get(struct store_view *view, struct bytes name,
                         struct bytes *value)
{
    const struct walk_view *at = OWNER(view, const struct walk_view, view);
    return record_get(at->lmdb, at->txn, name, value);
}

static enum err records_walk(struct lmdb *lmdb, MDB_cursor *cursor,
                             store_step *step, void *context)
{
    MDB_val key, stored;
    struct walk_view view = {{walk_get}, lmdb, mdb_cursor_txn(cursor)};
    int error = mdb_cursor_get(cursor, &key, &stored, MDB_FIRST);
    while (error == 0) {
        struct jump jump = {.size = 0};
        struct bytes name = bytes_from(&key), value;
        if (name.size == 0 || !record_open(name, bytes_from(&stored), &value)) {
            return lmdb_broken(lmdb, "a record has a wrong checksum");
        }
        step(context, &view.view, name, value, &jump);
        error = cursor_jump(cursor, &jump, &key, &stored);
    }
    return error == MDB_NOTFOUND ? OK : lmdb_failed(lmdb, error);
}

enum err lmdb_walk(struct lmdb *lmdb, store_step *step, void *context)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    int error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);
    if (error != 0) return lmdb_failed(lmdb, error);
    error = mdb_cursor_open(txn, lmdb->records, &cursor);
    enum err e = error == 0 ? records_walk(lmdb, cursor, step, context)
                            : lmdb_failed(lmdb, error);
    if (error == 0) mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return e;
}

/* --- looking ------------------------------------------------------------- */

enum err lmdb_view_begin(struct lmdb *lmdb, struct lmdb_view **out)
{
    pthread_mutex_lock(&lmdb->lock);
    struct lmdb_view *view = &lmdb->view;
    view->lmdb = lmdb;
    /* A failure to write is none to read. */
    int error = lmdb->env == NULL ? env_open(lmdb) : 0;
    if (error == 0) {
        error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &view->txn);
    }
    *out = view;
    if (error == 0) return OK;
    pthread_mutex_unlock(&lmdb->lock);
    return err_of(error);
}

void lmdb_view_end(struct lmdb_view *view)
{
    mdb_txn_abort(view->txn);
    pthread_mutex_unlock(&view->lmdb->lock);
}

enum err lmdb_view_get(struct lmdb_view *view, struct bytes name,
                       struct bytes *value)
{
    return record_get(view->lmdb, view->txn, name, value);
}

/* --- mending ------------------------------------------------------------- */

static int records_mend(MDB_cursor *cursor, struct walk *walk,
                        store_visit *broken, void *context)
{
    MDB_val key, stored;
    int error = mdb_cursor_get(cursor, &key, &stored, MDB_FIRST);
    while (error == 0) {
        struct bytes name = bytes_from(&key), value = {0};
        if (!record_count(walk, name, bytes_from(&stored), &value)) {
            broken(context, name, value);
            error = mdb_cursor_del(cursor, 0);
        }
        if (error == 0) {
            error = mdb_cursor_get(cursor, &key, &stored, MDB_NEXT);
        }
    }
    return error == MDB_NOTFOUND ? 0 : error;
}

enum err lmdb_mend(struct lmdb *lmdb, store_visit *broken, void *context)
{
    struct walk walk = {0};
    struct lmdb_head head;
    enum err e = lmdb_head(lmdb, &head);
    if (e != OK) return e;
    MDB_txn *txn;
    MDB_cursor *cursor;
    int error = mdb_txn_begin(lmdb->env, NULL, 0, &txn);
    if (error != 0) return lmdb_failed(lmdb, error);
    error = mdb_cursor_open(txn, lmdb->records, &cursor);
    if (error == 0) error = records_mend(cursor, &walk, broken, context);
    head.count = walk.count;
    head.sum = walk.sum;
    if (error == 0) error = head_put(lmdb, txn, &head);
    if (error == 0) {
        error = mdb_txn_commit(txn);
    } else {
        mdb_txn_abort(txn);
    }
    return error == 0 ? OK : lmdb_failed(lmdb, error);
}

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
