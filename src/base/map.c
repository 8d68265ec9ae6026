/* map.c - a chained hash table that doubles without ever stopping.
 *
 * While it grows there are two tables. Old slot i splits into new slots i and
 * i + old_count; both are written when i moves, not before. So a hash has one
 * place only: the old slot while that is at or above old_index, else the new.
 */
#include "base/map.h"

#include "base/fetch.h"

#include <assert.h>

enum { SLOTS_MIN = 8, MOVES_PER_INSERT = 4 };

/* Where entries with this hash are now; the map has slots. */
static struct map_entry **slot_of(const struct map *map, uint64_t hash)
{
    assert(map->slot_count > 0);
    if (map->old_slots != NULL) {
        size_t index = (size_t)hash & (map->old_count - 1);
        if (index >= map->old_index) return &map->old_slots[index];
    }
    return &map->slots[(size_t)hash & (map->slot_count - 1)];
}

static void slots_give(struct map *map, struct map_entry **slots, size_t count)
{
    pool_give(map->pool, slots, count * sizeof(struct map_entry *));
}

/* Split the next old slot in two. Order within a chain is kept. */
static void move_slot(struct map *map)
{
    size_t index = map->old_index;
    struct map_entry **low = &map->slots[index];
    struct map_entry **high = &map->slots[index + map->old_count];
    struct map_entry *entry = map->old_slots[index];
    for (; entry != NULL; entry = entry->next) {
        struct map_entry ***end =
            ((size_t)entry->hash & map->old_count) != 0 ? &high : &low;
        **end = entry;
        *end = &entry->next;
    }
    *low = NULL;
    *high = NULL;
    map->old_index++;
}

static void move_some(struct map *map)
{
    for (int i = 0; i < MOVES_PER_INSERT && map->old_slots != NULL; i++) {
        move_slot(map);
        if (map->old_index == map->old_count) {
            slots_give(map, map->old_slots, map->old_count);
            map->old_slots = NULL;
            map->old_count = 0;
            map->old_index = 0;
        }
    }
}

/* A table of twice the size; the entries follow by and by. */
static void grow(struct map *map)
{
    assert(map->old_slots == NULL);
    size_t size = map->slot_count * 2 * sizeof(struct map_entry *);
    map->old_slots = map->slots;
    map->old_count = map->slot_count;
    map->old_index = 0;
    map->slots = pool_resize(map->pool, NULL, 0, size);
    map->slot_count *= 2;
}

void map_init(struct map *map, struct pool *pool)
{
    assert(pool != NULL);
    *map = (struct map){.pool = pool};
}

void map_fini(struct map *map)
{
    slots_give(map, map->slots, map->slot_count);
    slots_give(map, map->old_slots, map->old_count);
    map_init(map, map->pool);
}

struct map_entry *map_find(const struct map *map, uint64_t hash, map_same *same,
                           const void *key)
{
    if (map->count == 0) return NULL;
    struct map_entry *entry = *slot_of(map, hash);
    for (; entry != NULL; entry = entry->next) {
        if (entry->hash == hash && same(entry, key)) return entry;
    }
    return NULL;
}

struct map_seek map_seek(const struct map *map, uint64_t hash)
{
    struct map_seek seek = {NULL, NULL, hash};
    if (map->count == 0) return seek;
    seek.at = slot_of(map, hash);
    fetch(seek.at);
    return seek;
}

bool map_seek_on(struct map_seek *seek)
{
    if (seek->at == NULL) return true;
    struct map_entry *entry = seek->entry;
    if (entry != NULL) {
        if (entry->hash == seek->hash) return true;
        seek->at = &entry->next;
    }
    seek->entry = *seek->at;
    if (seek->entry == NULL) {
        seek->at = NULL;
        return true;
    }
    fetch(seek->entry);
    return false;
}

void map_insert(struct map *map, struct map_entry *entry, uint64_t hash)
{
    if (map->slots == NULL) {
        map->slots =
            pool_take(map->pool, SLOTS_MIN * sizeof(struct map_entry *));
        map->slot_count = SLOTS_MIN;
    } else if (map->old_slots == NULL && map->count >= map->slot_count) {
        grow(map);
    }
    move_some(map);
    struct map_entry **slot = slot_of(map, hash);
    entry->hash = hash;
    entry->next = *slot;
    *slot = entry;
    map->count++;
}

void map_remove(struct map *map, struct map_entry *entry)
{
    assert(map->count > 0);
    struct map_entry **at = slot_of(map, entry->hash);
    while (*at != entry) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = entry->next;
    entry->next = NULL;
    map->count--;
}

/* The first entry that a walk shows at `index` of the (larger) table. An old
 * slot that has not moved is shown at the lower of its two new places. */
static struct map_entry *walk_slot(const struct map *map, size_t index)
{
    if (map->old_slots != NULL) {
        size_t old = index & (map->old_count - 1);
        if (old >= map->old_index) {
            return index < map->old_count ? map->old_slots[old] : NULL;
        }
    }
    return map->slots[index];
}

bool map_walk(struct map *map, size_t *cursor, size_t slots_max,
              void (*visit)(struct map_entry *entry, void *context),
              void *context)
{
    size_t index = *cursor;
    size_t slots = 0;
    for (; index < map->slot_count && (slots == 0 || slots < slots_max);
         slots++) {
        struct map_entry *entry = walk_slot(map, index++);
        while (entry != NULL) {
            struct map_entry *after = entry->next;
            visit(entry, context);
            entry = after;
        }
    }
    bool more = index < map->slot_count;
    *cursor = more ? index : 0;
    return more;
}
