/* store.h - keyed records that outlive the process, batch by batch.
 *
 * Each shard is a part that submits batches and counts them by itself,
 * upwards. All share one space of keys, which they keep apart themselves (see
 * core/record.h): so their number may change between two runs. A batch is all
 * or nothing, and what was submitted first is durable first, over all parts:
 * so a crash loses an end of what was submitted, never a middle.
 *
 *     shard 0  --submit 7-->  +-------------------+
 *     shard 1  --submit 4-->  | 0:6 | 1:4 | 0:7   |  --> disk
 *     shard 0  <--done 7----  +-------------------+
 *
 * An engine is a `struct store` with its functions; memory.h has the one that
 * forgets, for tests and for brokers without persistence.
 */
#ifndef MOGI_STORE_STORE_H
#define MOGI_STORE_STORE_H

#include "base/bytes.h"
#include "base/err.h"

enum {
    STORE_PARTS_MAX = 64,
    STORE_KEY_BYTES_MAX = 480 /* LMDB keys end at 511, and an engine adds */
};

enum store_change_kind { STORE_PUT, STORE_DEL };

/* One change of a batch; everything is borrowed for the call. */
struct store_change {
    enum store_change_kind kind;
    struct bytes key;   /* 1..STORE_KEY_BYTES_MAX bytes */
    struct bytes value; /* PUT: the first bytes of the value, may be empty */
    struct bytes tail;  /* PUT: the rest of it, may be empty */
};

/* All batches of `part` up to `batch` are durable when `result` is OK. Else
 * batch `batch` was lost as a whole, and the engine takes nothing more: the
 * host must stop serving. May be called within store_submit, or from a thread
 * of the engine's. */
typedef void store_done(void *context, uint16_t part, uint64_t batch,
                        enum err result);

/* One record at start; `key` and `value` are borrowed for the call. */
typedef void store_visit(void *context, struct bytes key, struct bytes value);

struct store {
    enum err (*submit)(struct store *store, uint16_t part, uint64_t batch,
                       const struct store_change *changes, size_t count);
    enum err (*each)(struct store *store, store_visit *visit, void *context);
    void (*free)(struct store *store);
    store_done *done;
    void *done_context;
};

/* Hand over batch `batch` of `part` (< STORE_PARTS_MAX), with `count` > 0
 * changes in their order; later ones to the same key win. `batch` is greater
 * than every earlier one of this part. Any thread, if the engine says so.
 *
 * OK: store->done will be called for it, once; one call may stand for several
 * batches. ERR_IO, ERR_FULL, ERR_NO_MEMORY: nothing of it was taken. */
MUST_USE
static inline enum err store_submit(struct store *store, uint16_t part,
                                    uint64_t batch,
                                    const struct store_change *changes,
                                    size_t count)
{
    return store->submit(store, part, batch, changes, count);
}

/* Visit every durable record, keys in ascending order of their bytes. At
 * start, before the first submit.
 *
 * OK, or ERR_IO: not everything could be read. */
MUST_USE
static inline enum err store_each(struct store *store, store_visit *visit,
                                  void *context)
{
    return store->each(store, visit, context);
}

/* Close it; what was submitted and not yet reported may be lost. NULL is
 * fine. */
static inline void store_free(struct store *store)
{
    if (store != NULL) store->free(store);
}

#endif
