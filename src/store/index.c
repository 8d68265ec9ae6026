/* index.c - where in the log the newest change of each key is. */
#include "store/index.h"

#include "store/space.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CAPACITY_MIN = 64,

    /* Larger tables go back to the system when they are not needed. */
    POOLED_MAX = 1024
};

/* A key that is known, or all zero. */
struct index_slot {
    struct index_key key;
    uint32_t segment; /* of its newest place; 0: in no segment of the log */
    uint32_t offset;
    uint32_t holders; /* of one that is counted: see index.h */
    uint32_t changes; /* HOLD and DROP that the log has of it */
};

_Static_assert(sizeof(struct index_slot) == 32, "two are a line of the cache");

static void *memory_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

enum err index_init(struct index *index, const uint8_t luck[16])
{
    *index = (struct index){.pool = NULL};
    memcpy(&index->keys[0], luck, sizeof index->keys[0]);
    index->keys[1] = index->keys[0];
    index->keys[1].k0 ^= UINT64_MAX;
    index->pool = pool_new((struct memory){memory_grow, NULL}, 0);
    return index->pool == NULL ? ERR_NO_MEMORY : OK;
}

void index_fini(struct index *index)
{
    for (size_t i = 0; i < INDEX_PARTS; i++) {
        struct index_part *part = &index->parts[i];
        if (part->capacity <= POOLED_MAX) continue;
        space_give(part->slots, part->capacity * sizeof *part->slots);
    }
    pool_free(index->pool);
    index->pool = NULL;
}

struct index_key index_key(const struct index *index, struct bytes key)
{
    return (struct index_key){hash_bytes(&index->keys[0], key),
                              hash_bytes(&index->keys[1], key)};
}

/* --- tables -------------------------------------------------------------- */

static bool slot_free(const struct index_slot *slot)
{
    return slot->segment == 0 && slot->changes == 0;
}

static bool slot_is(const struct index_slot *slot, struct index_key key)
{
    return slot->key.first == key.first && slot->key.second == key.second;
}

/* Other bits say which table than where in it. */
static size_t part_of(struct index_key key)
{
    _Static_assert((INDEX_PARTS & (INDEX_PARTS - 1)) == 0, "a power of two");
    return (size_t)(key.first >> 32) & (INDEX_PARTS - 1);
}

static uint32_t slot_home(const struct index_part *part, struct index_key key)
{
    return (uint32_t)key.first & (part->capacity - 1);
}

/* The slot that `key` has, or the one that it can have. The table is never
 * full. */
static struct index_slot *slot_seek(const struct index_part *part,
                                    struct index_key key)
{
    assert(part->count < part->capacity);
    uint32_t at = slot_home(part, key);
    while (!slot_free(&part->slots[at]) && !slot_is(&part->slots[at], key))
        at = (at + 1) & (part->capacity - 1);
    return &part->slots[at];
}

static struct index_slot *slots_take(struct index *index, uint32_t capacity)
{
    size_t size = capacity * sizeof(struct index_slot);
    if (capacity <= POOLED_MAX) return pool_take(index->pool, size);
    struct index_slot *slots = space_take(size);
    if (slots != NULL) return slots;
    (void)fprintf(stderr, "mogi: out of memory (%zu bytes)\n", size);
    abort();
}

static void slots_give(struct index *index, struct index_slot *slots,
                       uint32_t capacity)
{
    size_t size = capacity * sizeof(struct index_slot);
    if (capacity <= POOLED_MAX) {
        pool_give(index->pool, slots, size);
    } else {
        space_give(slots, size);
    }
}

static void part_resize(struct index *index, struct index_part *part,
                        uint32_t capacity)
{
    assert(capacity > part->count);
    struct index_part old = *part;
    part->slots = slots_take(index, capacity);
    part->capacity = capacity;
    for (uint32_t i = 0; i < old.capacity; i++) {
        const struct index_slot *slot = &old.slots[i];
        if (!slot_free(slot)) *slot_seek(part, slot->key) = *slot;
    }
    slots_give(index, old.slots, old.capacity);
}

/* What is known of `key`, or NULL. */
static struct index_slot *slot_find(const struct index *index,
                                    struct index_key key)
{
    const struct index_part *part = &index->parts[part_of(key)];
    if (part->count == 0) return NULL;
    struct index_slot *slot = slot_seek(part, key);
    return slot_free(slot) ? NULL : slot;
}

/* The same; one that is new is free until it has a segment or a change, and
 * must be given either. */
static struct index_slot *slot_need(struct index *index, struct index_key key)
{
    struct index_part *part = &index->parts[part_of(key)];
    if (part->capacity == 0) part_resize(index, part, CAPACITY_MIN);
    struct index_slot *slot = slot_seek(part, key);
    if (!slot_free(slot)) return slot;
    if (part->count + 1 > part->capacity / 4 * 3) {
        part_resize(index, part, part->capacity * 2);
        slot = slot_seek(part, key);
    }
    *slot = (struct index_slot){.key = key};
    part->count += 1;
    return slot;
}

/* Empty the slot, and let those behind it move up that it kept from their
 * homes. */
static void slot_empty(struct index *index, struct index_slot *slot)
{
    struct index_part *part = &index->parts[part_of(slot->key)];
    uint32_t mask = part->capacity - 1;
    uint32_t hole = (uint32_t)(slot - part->slots);
    for (uint32_t at = (hole + 1) & mask; !slot_free(&part->slots[at]);
         at = (at + 1) & mask) {
        uint32_t home = slot_home(part, part->slots[at].key);
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        part->slots[hole] = part->slots[at];
        hole = at;
    }
    part->slots[hole] = (struct index_slot){.segment = 0};
    part->count -= 1;
    if (part->count < part->capacity / 8 && part->capacity > CAPACITY_MIN) {
        part_resize(index, part, part->capacity / 2);
    }
}

/* --- changes ------------------------------------------------------------- */

static bool slot_at(const struct index_slot *slot, struct index_place place)
{
    return slot != NULL && slot->segment == place.segment &&
           slot->offset == place.offset;
}

static void slot_place(struct index_slot *slot, struct index_place place)
{
    assert(place.segment > 0 && place.segment <= UINT32_MAX);
    slot->segment = (uint32_t)place.segment;
    slot->offset = place.offset;
}

void index_expect(const struct index *index, struct index_key key)
{
    const struct index_part *part = &index->parts[part_of(key)];
    if (part->capacity == 0) return;
    __builtin_prefetch(&part->slots[slot_home(part, key)]);
}

void index_set(struct index *index, struct index_key key,
               struct index_place place)
{
    slot_place(slot_need(index, key), place);
}

void index_hold(struct index *index, struct index_key key,
                struct index_place place, bool value)
{
    struct index_slot *slot = slot_need(index, key);
    slot->changes += 1;
    if (value) slot_place(slot, place);
    if (value || slot->holders > 0) slot->holders += 1;
}

void index_drop(struct index *index, struct index_key key)
{
    struct index_slot *slot = slot_need(index, key);
    slot->changes += 1;
    if (slot->holders > 0) slot->holders -= 1;
}

bool index_dead(const struct index *index, struct index_key key)
{
    const struct index_slot *slot = slot_find(index, key);
    return slot != NULL && slot->holders == 0;
}

void index_settle(struct index *index, struct index_key key, uint64_t segment)
{
    struct index_slot *slot = slot_find(index, key);
    assert(slot != NULL && slot->changes > 0);
    if (slot->segment == segment) slot->segment = 0;
    slot->changes -= 1;
    /* Free in all but its key: it can be emptied where it is. */
    if (slot->changes == 0) slot_empty(index, slot);
}

bool index_find(const struct index *index, struct index_key key,
                struct index_place *place)
{
    const struct index_slot *slot = slot_find(index, key);
    if (slot == NULL || slot->segment == 0) return false;
    *place = (struct index_place){slot->segment, slot->offset};
    return true;
}

bool index_is(const struct index *index, struct index_key key,
              struct index_place place)
{
    return slot_at(slot_find(index, key), place);
}

/* Does `slot` stay, when all up to `segment` is in LMDB? */
static bool slot_stays(const struct index_slot *slot, uint64_t segment)
{
    if (slot->changes > 0) return true;
    return slot->segment > segment;
}

/* The least capacity that is not soon too small for `count` keys. */
static uint32_t capacity_for(uint32_t count)
{
    uint32_t capacity = CAPACITY_MIN;
    while (capacity / 2 < count)
        capacity *= 2;
    return capacity;
}

void index_sweep(struct index *index, size_t part, uint64_t segment)
{
    assert(part < INDEX_PARTS);
    struct index_part *to = &index->parts[part];
    struct index_part old = *to;
    uint32_t stay = 0;
    for (uint32_t i = 0; i < old.capacity; i++)
        stay += slot_stays(&old.slots[i], segment);
    if (stay == old.count) return;
    to->capacity = capacity_for(stay);
    to->count = stay;
    to->slots = slots_take(index, to->capacity);
    for (uint32_t i = 0; i < old.capacity; i++) {
        const struct index_slot *slot = &old.slots[i];
        if (slot_stays(slot, segment)) *slot_seek(to, slot->key) = *slot;
    }
    slots_give(index, old.slots, old.capacity);
}

size_t index_count(const struct index *index)
{
    size_t count = 0;
    for (size_t i = 0; i < INDEX_PARTS; i++)
        count += index->parts[i].count;
    return count;
}
