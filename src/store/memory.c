/* memory.c - a store in memory, whose disk can be slow, broken or unplugged. */
#include "store/memory.h"

#include "base/list.h"

#include <assert.h>
#include <stdlib.h>

struct record {
    size_t key_size;
    size_t value_size;
    size_t holders;  /* of one that is counted */
    uint8_t bytes[]; /* key, then value */
};

/* A change as it waits: a record to set, or (without a value) a key to drop. */
struct pending {
    enum store_change_kind kind;
    struct record *record;
};

struct batch {
    struct link link;
    uint16_t part;
    uint64_t number;
    size_t count;
    struct pending changes[];
};

struct memory_store {
    struct store store;
    struct record **records; /* sorted by key */
    size_t count, capacity;
    struct link batches;
    size_t pending;
    bool hold, fail, broken, blind;
    uint64_t last[STORE_PARTS_MAX];
};

static struct memory_store *memory_of(struct store *store)
{
    return OWNER(store, struct memory_store, store);
}

/* The same, to look at only: `store` comes first in it. */
static const struct memory_store *memory_view(const struct store *store)
{
    return (const struct memory_store *)(const void *)store;
}

static struct bytes record_key(const struct record *record)
{
    return bytes_at(record->bytes, record->key_size);
}

static struct bytes record_value(const struct record *record)
{
    return bytes_at(record->bytes + record->key_size, record->value_size);
}

static int key_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
    if (order != 0) return order;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

/* The first record that is not before `key`. */
static size_t memory_find(const struct memory_store *m, struct bytes key)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct record *r = m->records[middle];
        if (key_compare(record_key(r), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool memory_is(const struct memory_store *m, size_t index,
                      struct bytes key)
{
    return index < m->count && bytes_equal(record_key(m->records[index]), key);
}

static void memory_del(struct memory_store *m, const struct record *gone)
{
    size_t at = memory_find(m, record_key(gone));
    if (!memory_is(m, at, record_key(gone))) return;
    free(m->records[at]);
    m->count -= 1;
    memmove(&m->records[at], &m->records[at + 1],
            (m->count - at) * sizeof(m->records[0]));
}

/* Room for one record more was made when its batch was taken. */
static void memory_put(struct memory_store *m, struct record *record)
{
    size_t at = memory_find(m, record_key(record));
    if (memory_is(m, at, record_key(record))) {
        free(m->records[at]);
    } else {
        assert(m->count < m->capacity);
        memmove(&m->records[at + 1], &m->records[at],
                (m->count - at) * sizeof(m->records[0]));
        m->count += 1;
    }
    m->records[at] = record;
}

/* One who refers to the record more. */
static void memory_add(struct memory_store *m, struct record **record)
{
    struct bytes key = record_key(*record);
    size_t at = memory_find(m, key);
    size_t holders = memory_is(m, at, key) ? m->records[at]->holders : 0;
    if ((*record)->value_size > 0) {
        memory_put(m, *record);
        *record = NULL;
    } else if (holders == 0) {
        return;
    }
    m->records[at]->holders = holders + 1;
}

static void memory_drop(struct memory_store *m, const struct record *gone)
{
    size_t at = memory_find(m, record_key(gone));
    if (!memory_is(m, at, record_key(gone))) return;
    assert(m->records[at]->holders > 0);
    m->records[at]->holders -= 1;
    if (m->records[at]->holders == 0) memory_del(m, gone);
}

static void batch_free(struct memory_store *m, struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free(batch->changes[i].record);
    list_remove(&batch->link);
    free(batch);
    m->pending -= 1;
}

static void batch_apply(struct memory_store *m, struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct pending *change = &batch->changes[i];
        switch (change->kind) {
        case STORE_PUT:
            memory_put(m, change->record);
            change->record = NULL;
            break;
        case STORE_DEL: memory_del(m, change->record); break;
        case STORE_HOLD: memory_add(m, &change->record); break;
        case STORE_DROP: memory_drop(m, change->record); break;
        }
    }
}

static struct record *record_new(const struct store_change *change)
{
    bool put = store_has_value(change->kind);
    size_t value_size = put ? change->value.size + change->tail.size : 0;
    struct record *r = malloc(sizeof(*r) + change->key.size + value_size);
    if (r == NULL) return NULL;
    r->holders = 0;
    r->key_size = change->key.size;
    r->value_size = value_size;
    uint8_t *at = r->bytes;
    memcpy(at, change->key.data, change->key.size);
    at += change->key.size;
    if (!put) return r;
    if (change->value.size > 0) {
        memcpy(at, change->value.data, change->value.size);
        at += change->value.size;
    }
    if (change->tail.size > 0) {
        memcpy(at, change->tail.data, change->tail.size);
    }
    return r;
}

/* Room for `more` records beyond all that are there or wait. */
static bool memory_reserve(struct memory_store *m, size_t more)
{
    size_t need = m->count + more;
    LIST_EACH(at, after, &m->batches) {
        need += OWNER(at, struct batch, link)->count;
    }
    if (need <= m->capacity) return true;
    struct record **records =
        realloc(m->records, 2 * need * sizeof(m->records[0]));
    if (records == NULL) return false;
    m->records = records;
    m->capacity = 2 * need;
    return true;
}

static enum err memory_submit(struct store *store, uint16_t part,
                              uint64_t number,
                              const struct store_change *changes, size_t count)
{
    struct memory_store *m = memory_of(store);
    assert(part < STORE_PARTS_MAX && count > 0);
    assert(number > m->last[part]);
    if (m->broken) return ERR_IO;
    struct batch *batch = NULL;
    if (memory_reserve(m, count)) {
        batch = calloc(1, sizeof(*batch) + count * sizeof(batch->changes[0]));
    }
    if (batch == NULL) return ERR_NO_MEMORY;
    batch->part = part;
    batch->number = number;
    list_push(&m->batches, &batch->link);
    m->pending += 1;
    for (size_t i = 0; i < count; i++) {
        assert(changes[i].key.size > 0);
        assert(changes[i].key.size <= STORE_KEY_BYTES_MAX);
        bool counts =
            changes[i].kind == STORE_HOLD || changes[i].kind == STORE_DROP;
        assert(counts == store_counted(changes[i].key));
        struct record *record = record_new(&changes[i]);
        if (record == NULL) {
            batch_free(m, batch);
            return ERR_NO_MEMORY;
        }
        batch->changes[batch->count++] =
            (struct pending){changes[i].kind, record};
    }
    m->last[part] = number;
    if (!m->hold) (void)memory_commit(store, SIZE_MAX);
    return OK;
}

static enum err memory_each(struct store *store, store_visit *visit,
                            void *context)
{
    struct memory_store *m = memory_of(store);
    for (size_t i = 0; i < m->count; i++) {
        const struct record *r = m->records[i];
        visit(context, record_key(r), record_value(r));
    }
    return OK;
}

/* Where a walk that is behind the record at `index` goes on. */
static size_t memory_jump(const struct memory_store *m, size_t index,
                          const struct jump *jump)
{
    if (jump->size == 0) return index + 1;
    size_t at = memory_find(m, bytes_at(jump->key, jump->size));
    if (jump->last && at > 0) at -= 1;
    return at > index ? at : index + 1;
}

struct memory_view {
    struct store_view view;
    const struct memory_store *m;
};

static enum err memory_get(struct store_view *view, struct bytes key,
                           struct bytes *value)
{
    const struct memory_store *m = OWNER(view, struct memory_view, view)->m;
    if (m->blind) return ERR_IO;
    size_t at = memory_find(m, key);
    if (!memory_is(m, at, key)) return ERR_MORE;
    *value = record_value(m->records[at]);
    return OK;
}

static enum err memory_walk(struct store *store, store_step *step,
                            void *context)
{
    const struct memory_store *m = memory_of(store);
    struct memory_view view = {{memory_get}, m};
    size_t i = 0;
    while (i < m->count) {
        struct jump jump = {.size = 0};
        const struct record *r = m->records[i];
        step(context, &view.view, record_key(r), record_value(r), &jump);
        i = memory_jump(m, i, &jump);
    }
    return OK;
}

static void memory_look(struct store *store, struct store_task *task)
{
    struct memory_view view = {{memory_get}, memory_of(store)};
    task->run(task, &view.view);
}

static void memory_forget(struct memory_store *m)
{
    while (!list_empty(&m->batches)) {
        batch_free(m, OWNER(m->batches.next, struct batch, link));
    }
}

static void memory_free(struct store *store)
{
    struct memory_store *m = memory_of(store);
    memory_forget(m);
    for (size_t i = 0; i < m->count; i++)
        free(m->records[i]);
    free(m->records);
    free(m);
}

struct store *memory_new(store_done *done, void *context)
{
    struct memory_store *m = calloc(1, sizeof(*m));
    if (m == NULL) return NULL;
    m->store =
        (struct store){memory_submit, memory_each, memory_walk, memory_look,
                       memory_free,   done,        context};
    list_init(&m->batches);
    return &m->store;
}

void memory_hold(struct store *store, bool hold)
{
    memory_of(store)->hold = hold;
    if (!hold) (void)memory_commit(store, SIZE_MAX);
}

size_t memory_commit(struct store *store, size_t count_max)
{
    struct memory_store *m = memory_of(store);
    size_t count = 0;
    while (count < count_max && !list_empty(&m->batches)) {
        struct batch *batch = OWNER(m->batches.next, struct batch, link);
        uint16_t part = batch->part;
        uint64_t number = batch->number;
        if (m->fail) m->broken = true;
        if (!m->broken) batch_apply(m, batch);
        batch_free(m, batch);
        count += 1;
        if (store->done != NULL) {
            store->done(store->done_context, part, number,
                        m->broken ? ERR_IO : OK);
        }
    }
    return count;
}

void memory_fail(struct store *store)
{
    memory_of(store)->fail = true;
}

void memory_blind(struct store *store, bool blind)
{
    memory_of(store)->blind = blind;
}

void memory_crash(struct store *store)
{
    struct memory_store *m = memory_of(store);
    memory_forget(m);
    m->fail = false;
    m->broken = false;
    memset(m->last, 0, sizeof(m->last));
}

size_t memory_count(const struct store *store)
{
    return memory_view(store)->count;
}

size_t memory_pending(const struct store *store)
{
    return memory_view(store)->pending;
}
