/* lmdb_read.c - the sorted file beneath the log, as it is read. */
#include "base/list.h"
#include "store/lmdb_record.h"

#include <assert.h>
#include <stdio.h>

/* What was found so far, to be compared with the head. */
struct walk {
    uint64_t count, sum;
};

/* Count the record; *value is what was put. False: its checksum is wrong. */
static bool record_count(struct walk *walk, struct bytes key,
                         struct bytes stored, struct bytes *value)
{
    if (key.size == 0 || !lmdb_record_open(key, stored, value)) return false;
    walk->sum ^= lmdb_record_mark(key, stored);
    walk->count += 1;
    return true;
}

static enum err records_visit(struct lmdb *lmdb, MDB_cursor *cursor,
                              struct walk *walk, store_visit *visit,
                              void *context)
{
    MDB_val key, stored;
    struct bytes value;
    int error = mdb_cursor_get(cursor, &key, &stored, MDB_FIRST);
    while (error == 0) {
        struct bytes name = val_bytes(&key);
        if (!record_count(walk, name, val_bytes(&stored), &value)) {
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
    enum err e = lmdb_head_get(lmdb, txn, &head);
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

/* --- walking -------------------------------------------------------------- */

static int key_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, size);
    if (order != 0) return order;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

/* Move the cursor behind the record that it is at, as `jump` says. */
static int cursor_jump(MDB_cursor *cursor, const struct jump *jump,
                       MDB_val *key, MDB_val *stored)
{
    if (jump->size == 0) return mdb_cursor_get(cursor, key, stored, MDB_NEXT);
    uint8_t here[STORE_KEY_BYTES_MAX];
    struct bytes was = val_bytes(key);
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
    struct bytes there = val_bytes(key);
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
    if (error != 0) return lmdb_err(error);
    return lmdb_record_open(name, val_bytes(&stored), value) ? OK
                                                             : ERR_MALFORMED;
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
        struct bytes name = val_bytes(&key), value;
        if (name.size == 0 ||
            !lmdb_record_open(name, val_bytes(&stored), &value)) {
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
    int error = lmdb->env == NULL ? lmdb_env_open(lmdb) : 0;
    if (error == 0) {
        error = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &view->txn);
    }
    *out = view;
    if (error == 0) return OK;
    pthread_mutex_unlock(&lmdb->lock);
    return lmdb_err(error);
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
        struct bytes name = val_bytes(&key), value = {0};
        if (!record_count(walk, name, val_bytes(&stored), &value)) {
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
    if (error == 0) error = lmdb_head_put(lmdb, txn, &head);
    if (error == 0) {
        error = mdb_txn_commit(txn);
    } else {
        mdb_txn_abort(txn);
    }
    return error == 0 ? OK : lmdb_failed(lmdb, error);
}
