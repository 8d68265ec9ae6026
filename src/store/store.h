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
 * A key that begins with STORE_COUNTED is a record that several refer to. HOLD
 * adds one who does, and DROP takes one away; with the last the record goes. So
 * nobody has to know how many there are; they all bring the same value:
 *
 *     HOLD M7 "hello"     1 "hello"
 *     HOLD M7             2 "hello"
 *     DROP M7             1 "hello"
 *     DROP M7             -
 *
 * An engine is a `struct store` with its functions; memory.h has the one that
 * forgets, for tests and for brokers without persistence.
 */
#ifndef MOGI_STORE_STORE_H
#define MOGI_STORE_STORE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/jump.h"

#include <assert.h>

enum {
    STORE_PARTS_MAX = 64,
    /* LMDB keys end at 511, and an engine adds. */
    STORE_KEY_BYTES_MAX = JUMP_KEY_MAX,
    STORE_COUNTED = 'M'
};

enum store_change_kind {
    STORE_PUT,
    STORE_DEL,
    STORE_HOLD, /* one more; without a value one that has the record already */
    STORE_DROP  /* one less; nothing, when there is no such record */
};

/* One change of a batch; everything is borrowed for the call. */
struct store_change {
    enum store_change_kind kind;
    struct bytes key;   /* 1..STORE_KEY_BYTES_MAX bytes */
    struct bytes value; /* PUT HOLD: the first bytes of the value */
    struct bytes tail;  /* the same: the rest of it. Both may be empty */
};

/* Is the record under `key` one that is counted? */
static inline bool store_counted(struct bytes key)
{
    assert(key.size > 0);
    return key.data[0] == STORE_COUNTED;
}

/* Does a change of `kind` carry a value? */
static inline bool store_has_value(enum store_change_kind kind)
{
    return kind == STORE_PUT || kind == STORE_HOLD;
}

/* All batches of `part` up to `batch` are durable when `result` is OK. Else
 * batch `batch` was lost as a whole, and the engine takes nothing more: the
 * host must stop serving. May be called within store_submit, or from a thread
 * of the engine's. */
typedef void store_done(void *context, uint16_t part, uint64_t batch,
                        enum err result);

/* One record at start; `key` and `value` are borrowed for the call. */
typedef void store_visit(void *context, struct bytes key, struct bytes value);

/* A look at what is durable now: see store_get. */
struct store_view {
    enum err (*get)(struct store_view *view, struct bytes key,
                    struct bytes *value);
};

/* One record of a walk, on which others may be looked up; `*jump` is set to go
 * on elsewhere, forwards only. */
typedef void store_step(void *context, struct store_view *view,
                        struct bytes key, struct bytes value,
                        struct jump *jump);

/* Something to be read beside all else. */
struct store_task {
    struct store_task *next;
    void (*run)(struct store_task *task, struct store_view *view);
};

struct store {
    enum err (*submit)(struct store *store, uint16_t part, uint64_t batch,
                       const struct store_change *changes, size_t count);
    enum err (*each)(struct store *store, store_visit *visit, void *context);
    enum err (*walk)(struct store *store, store_step *step, void *context);
    void (*look)(struct store *store, struct store_task *task);
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

/* The same, but only what the steps do not jump over. Of a large store, what is
 * left out may be broken without that being known. */
MUST_USE
static inline enum err store_walk(struct store *store, store_step *step,
                                  void *context)
{
    return store->walk(store, step, context);
}

/* Let task->run be called once, with a view that holds all that was reported
 * before this call; from a thread of the engine's, or within the call. Without
 * an engine's thread to run it, at store_free. Tasks run one after another. */
static inline void store_look(struct store *store, struct store_task *task)
{
    store->look(store, task);
}

/* The value under `key`, borrowed until the next call. OK; ERR_MORE: there is
 * no such record; ERR_IO, ERR_MALFORMED: it cannot be read, for now. One that
 * is counted may be seen a while after the last DROP. */
MUST_USE
static inline enum err store_get(struct store_view *view, struct bytes key,
                                 struct bytes *value)
{
    return view->get(view, key, value);
}

/* The same for what is not missed: the value under `key` (which may be empty:
 * none is wanted), or no bytes. */
static inline struct bytes store_find(struct store_view *view, struct bytes key)
{
    struct bytes value = {NULL, 0};
    if (key.size == 0 || store_get(view, key, &value) == OK) return value;
    return bytes_at(NULL, 0);
}

/* Close it; what was submitted and not yet reported may be lost. NULL is
 * fine. */
static inline void store_free(struct store *store)
{
    if (store != NULL) store->free(store);
}

#endif
