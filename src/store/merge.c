/* merge.c - batches of one group, without what they undo themselves. */
#include "store/merge.h"

#include "store/crc32c.h"

#include <assert.h>
#include <stdlib.h>

static const uint32_t NONE = UINT32_MAX; /* no change */

/* It costs a copy, so it must save some bytes, and a part of all. */
enum { SAVED_BYTES_MIN = 256, SAVED_SHARE_MIN = 8 };

/* A change of the group. */
struct item {
    const struct batch *batch;
    const struct spot *spot;
    uint32_t before; /* the change of the same key before it, or NONE */
    bool dropped;
};

/* What is known of a key. */
struct key {
    struct index_key name;
    uint32_t last;    /* its last change, or NONE: the slot is free */
    uint32_t holders; /* since the group began, if it is counted */
    bool known;       /* one of the group needs what was there before */
};

struct merge {
    struct item *items;
    struct key *keys; /* by hash, open */
    size_t count, mask;
    size_t bytes, saved; /* of all bodies */
};

/* --- what is undone ------------------------------------------------------ */

static struct key *key_find(struct merge *m, struct index_key name)
{
    size_t at = name.first & m->mask;
    while (m->keys[at].last != NONE) {
        struct key *key = &m->keys[at];
        if (key->name.first == name.first && key->name.second == name.second) {
            return key;
        }
        at = (at + 1) & m->mask;
    }
    m->keys[at].name = name;
    return &m->keys[at];
}

/* The bytes of a change in its body. */
static size_t item_size(const struct item *item)
{
    const struct batch *batch = item->batch;
    const struct spot *end = batch->spots + batch->count;
    const struct spot *next = item->spot + 1;
    return (next < end ? next->offset : batch->size) - item->spot->offset;
}

static void item_drop(struct merge *m, uint32_t index)
{
    assert(!m->items[index].dropped);
    m->items[index].dropped = true;
    m->saved += item_size(&m->items[index]);
}

/* Who refers to the record, counted from none. */
static void key_count(struct key *key, const struct spot *spot)
{
    bool starts = spot->kind == STORE_HOLD && spot->value;
    if (!starts && key->holders == 0) key->known = true;
    if (spot->kind == STORE_HOLD) key->holders += 1;
    if (spot->kind == STORE_DROP && key->holders > 0) key->holders -= 1;
}

static void item_add(struct merge *m, uint32_t index)
{
    struct item *item = &m->items[index];
    struct key *key = key_find(m, item->spot->key);
    item->before = key->last;
    key->last = index;
    if (item->spot->kind == STORE_HOLD || item->spot->kind == STORE_DROP) {
        key_count(key, item->spot);
    } else if (item->before != NONE) {
        item_drop(m, item->before);
    }
}

/* Nobody refers to it now, and who did came with the group: it was never
 * there. */
static void key_forget(struct merge *m, const struct key *key)
{
    if (key->last == NONE || key->known || key->holders > 0) return;
    uint8_t kind = m->items[key->last].spot->kind;
    if (kind != STORE_DROP) return;
    for (uint32_t at = key->last; at != NONE; at = m->items[at].before)
        item_drop(m, at);
}

static bool merge_init(struct merge *m, const struct link *group)
{
    *m = (struct merge){.count = 0};
    LIST_EACH(at, after, group) {
        const struct batch *batch = OWNER(at, const struct batch, link);
        m->count += batch->count;
        m->bytes += batch->size;
    }
    size_t slots = 16;
    while (slots < 2 * m->count)
        slots *= 2;
    m->mask = slots - 1;
    m->items = calloc(m->count + 1, sizeof *m->items);
    m->keys = calloc(slots, sizeof *m->keys);
    for (size_t i = 0; m->keys != NULL && i < slots; i++)
        m->keys[i].last = NONE;
    return m->items != NULL && m->keys != NULL && m->count < NONE;
}

static void merge_look(struct merge *m, const struct link *group)
{
    uint32_t index = 0;
    LIST_EACH(at, after, group) {
        const struct batch *batch = OWNER(at, const struct batch, link);
        for (uint32_t i = 0; i < batch->count; i++, index++) {
            m->items[index] =
                (struct item){.batch = batch, .spot = &batch->spots[i]};
            item_add(m, index);
        }
    }
    for (size_t i = 0; i <= m->mask; i++)
        key_forget(m, &m->keys[i]);
}

/* --- what is left -------------------------------------------------------- */

/* Copy what is left of the group behind the head of `batch`. */
static void batch_gather(const struct merge *m, struct batch *batch)
{
    uint8_t *body = batch->frame + LOGFRAME_HEAD_BYTES;
    for (size_t i = 0; i < m->count; i++) {
        const struct item *item = &m->items[i];
        if (item->dropped) continue;
        size_t size = item_size(item);
        const uint8_t *from = item->batch->frame + LOGFRAME_HEAD_BYTES;
        memcpy(body + batch->size, from + item->spot->offset, size);
        batch->spots[batch->count] = *item->spot;
        batch->spots[batch->count++].offset = batch->size;
        batch->size += (uint32_t)size;
    }
    assert(batch->size == m->bytes - m->saved);
    memset(body + batch->size, 0,
           logframe_size(batch->size) - LOGFRAME_HEAD_BYTES - batch->size);
    batch->body_crc = crc32c(0, bytes_at(body, batch->size));
}

static struct batch *merge_make(const struct merge *m, const struct link *group)
{
    size_t spots = m->count * sizeof(struct spot);
    struct batch *batch =
        malloc(sizeof *batch + spots + logframe_size(m->bytes - m->saved));
    if (batch == NULL) return NULL;
    const struct batch *last = OWNER(group->prev, const struct batch, link);
    *batch = (struct batch){
        .number = last->number, .part = last->part, .reported = last->reported};
    batch->frame = (uint8_t *)batch->spots + spots;
    batch_gather(m, batch);
    return batch;
}

void batches_merge(struct link *group)
{
    struct merge m;
    struct batch *batch = NULL;
    if (merge_init(&m, group)) {
        merge_look(&m, group);
        bool worth =
            m.saved >= SAVED_BYTES_MIN && m.saved * SAVED_SHARE_MIN >= m.bytes;
        if (worth) batch = merge_make(&m, group);
    }
    free(m.items);
    free(m.keys);
    if (batch == NULL) return;
    LIST_EACH(at, after, group) {
        list_remove(at);
        free(OWNER(at, struct batch, link));
    }
    list_push(group, &batch->link);
}
