/* idset.c - a set of packet ids: a short list, or a bit for each. */
#include "core/idset.h"

#include <assert.h>

enum { IDSET_WORDS = 65536 / 64, IDSET_BYTES = 65536 / 8, IDSET_FIRST = 4 };

void idset_init(struct idset *set)
{
    *set = (struct idset){0};
}

void idset_fini(struct idset *set, struct pool *pool)
{
    pool_give(pool, set->list, set->capacity * sizeof *set->list);
    if (set->bits != NULL) pool_give(pool, set->bits, IDSET_BYTES);
    idset_init(set);
}

/* Where `id` stands in the list; `count` when it does not. */
static uint32_t idset_index(const struct idset *set, uint16_t id)
{
    assert(set->bits == NULL);
    uint32_t index = 0;
    while (index < set->count && set->list[index] != id)
        index++;
    return index;
}

bool idset_has(const struct idset *set, uint16_t id)
{
    if (set->count == 0) return false;
    if (set->bits != NULL) return (set->bits[id / 64] >> (id % 64) & 1) != 0;
    return idset_index(set, id) < set->count;
}

/* From the list to bits. */
static void idset_widen(struct idset *set, struct pool *pool)
{
    assert(set->bits == NULL);
    set->bits = pool_take(pool, IDSET_BYTES);
    for (uint32_t i = 0; i < set->count; i++) {
        uint16_t id = set->list[i];
        set->bits[id / 64] |= UINT64_C(1) << (id % 64);
    }
    pool_give(pool, set->list, set->capacity * sizeof *set->list);
    set->list = NULL;
    set->capacity = 0;
}

static void idset_grow(struct idset *set, struct pool *pool)
{
    uint32_t capacity = set->capacity == 0 ? IDSET_FIRST : set->capacity * 2;
    assert(capacity <= IDSET_LIST_MAX);
    set->list = pool_resize(pool, set->list, set->capacity * sizeof *set->list,
                            capacity * sizeof *set->list);
    set->capacity = capacity;
}

void idset_add(struct idset *set, struct pool *pool, uint16_t id)
{
    assert(!idset_has(set, id));
    if (set->bits == NULL && set->count == IDSET_LIST_MAX) {
        idset_widen(set, pool);
    }
    if (set->bits != NULL) {
        set->bits[id / 64] |= UINT64_C(1) << (id % 64);
    } else {
        if (set->count == set->capacity) idset_grow(set, pool);
        set->list[set->count] = id;
    }
    set->count += 1;
    assert(idset_has(set, id));
}

bool idset_remove(struct idset *set, struct pool *pool, uint16_t id)
{
    if (!idset_has(set, id)) return false;
    if (set->bits != NULL) {
        set->bits[id / 64] &= ~(UINT64_C(1) << (id % 64));
    } else {
        set->list[idset_index(set, id)] = set->list[set->count - 1];
    }
    set->count -= 1;
    if (set->count == 0) idset_fini(set, pool);
    assert(!idset_has(set, id));
    return true;
}

void idset_each(const struct idset *set,
                void (*visit)(uint16_t id, void *context), void *context)
{
    for (uint32_t i = 0; set->bits == NULL && i < set->count; i++) {
        visit(set->list[i], context);
    }
    for (uint32_t w = 0; set->bits != NULL && w < IDSET_WORDS; w++) {
        for (uint32_t b = 0; b < 64; b++) {
            bool there = (set->bits[w] >> b & 1) != 0;
            if (there) visit((uint16_t)(w * 64 + b), context);
        }
    }
}
