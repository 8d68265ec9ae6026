/* lmdb_state.h - the insides of lmdb.h: for src/store/lmdb*.c only. */
#ifndef MOGI_STORE_LMDB_STATE_H
#define MOGI_STORE_LMDB_STATE_H

#include "store/lmdb.h"

#include <lmdb.h>
#include <pthread.h>

enum { LMDB_PATH_BYTES_MAX = 512, LMDB_WHY_BYTES_MAX = 128 };

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
    char path[LMDB_PATH_BYTES_MAX];
    char why[LMDB_WHY_BYTES_MAX];
};

/* Open the file, if lmdb->env is NULL: 0, or an error of LMDB's. The lock is
 * held. */
int lmdb_env_open(struct lmdb *lmdb);

/* What `error` of LMDB's is to the caller. */
MUST_USE
enum err lmdb_err(int error);

/* The same, and lmdb_why says it in words. */
MUST_USE
enum err lmdb_failed(struct lmdb *lmdb, int error);

/* ERR_MALFORMED, and why. */
MUST_USE
enum err lmdb_broken(struct lmdb *lmdb, const char *why);

/* Read and write the head within `txn`: as lmdb_head; 0, or an error of
 * LMDB's. */
MUST_USE
enum err lmdb_head_get(struct lmdb *lmdb, MDB_txn *txn, struct lmdb_head *head);
int lmdb_head_put(struct lmdb *lmdb, MDB_txn *txn,
                  const struct lmdb_head *head);

/* `b` as LMDB has it; it is not copied. */
static inline MDB_val val_of(struct bytes b)
{
    return (MDB_val){b.size, (void *)(uintptr_t)b.data};
}

/* The other way round. */
static inline struct bytes val_bytes(const MDB_val *val)
{
    return bytes_at(val->mv_data, val->mv_size);
}

#endif
