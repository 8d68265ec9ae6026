/* index.c - where in the log the newest change of each key is. */
#include "store/index.h"

#include "base/list.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    struct map_entry entry;
    uint64_t second;
    struct index_place place; /* segment 0: in no segment of the log */
    uint32_t holders;         /* of one that is counted: see index.h */
    uint32_t changes;         /* HOLD and DROP that the log has of it */
};

static void *memory_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

enum err index_init(struct index *index, const uint8_t luck[16])
{
    memcpy(&index->keys[0], luck, sizeof index->keys[0]);
    index->keys[1] = index->keys[0];
    index->keys[1].k0 ^= UINT64_MAX;
    index->pool = pool_new((struct memory){memory_grow, NULL}, 0);
    if (index->pool == NULL) return ERR_NO_MEMORY;
    map_init(&index->map, index->pool);
    return OK;
}

void index_fini(struct index *index)
{
    pool_free(index->pool);
    index->pool = NULL;
}

struct index_key index_key(const struct index *index, struct bytes key)
{
    return (struct index_key){hash_bytes(&index->keys[0], key),
                              hash_bytes(&index->keys[1], key)};
}

static bool entry_same(const struct map_entry *entry, const void *key)
{
    const uint64_t *second = key;
    return OWNER(entry, const struct entry, entry)->second == *second;
}

static struct entry *entry_find(const struct index *index, struct index_key key)
{
    struct map_entry *entry =
        map_find(&index->map, key.first, entry_same, &key.second);
    return entry == NULL ? NULL : OWNER(entry, struct entry, entry);
}

static bool entry_at(const struct entry *entry, struct index_place place)
{
    return entry != NULL && entry->place.segment == place.segment &&
           entry->place.offset == place.offset;
}

static struct entry *entry_need(struct index *index, struct index_key key)
{
    struct entry *entry = entry_find(index, key);
    if (entry != NULL) return entry;
    entry = pool_take(index->pool, sizeof *entry);
    entry->second = key.second;
    map_insert(&index->map, &entry->entry, key.first);
    return entry;
}

static void entry_free(struct index *index, struct entry *entry)
{
    map_remove(&index->map, &entry->entry);
    pool_give(index->pool, entry, sizeof *entry);
}

void index_set(struct index *index, struct index_key key,
               struct index_place place)
{
    entry_need(index, key)->place = place;
}

void index_hold(struct index *index, struct index_key key,
                struct index_place place, bool value)
{
    struct entry *entry = entry_need(index, key);
    entry->changes += 1;
    if (value) entry->place = place;
    if (value || entry->holders > 0) entry->holders += 1;
}

void index_drop(struct index *index, struct index_key key)
{
    struct entry *entry = entry_need(index, key);
    entry->changes += 1;
    if (entry->holders > 0) entry->holders -= 1;
}

bool index_dead(const struct index *index, struct index_key key)
{
    const struct entry *entry = entry_find(index, key);
    return entry != NULL && entry->holders == 0;
}

void index_settle(struct index *index, struct index_key key, uint64_t segment)
{
    struct entry *entry = entry_find(index, key);
    assert(entry != NULL && entry->changes > 0);
    if (entry->place.segment == segment) entry->place.segment = 0;
    entry->changes -= 1;
    if (entry->changes == 0) entry_free(index, entry);
}

bool index_find(const struct index *index, struct index_key key,
                struct index_place *place)
{
    const struct entry *entry = entry_find(index, key);
    if (entry == NULL || entry->place.segment == 0) return false;
    *place = entry->place;
    return true;
}

bool index_is(const struct index *index, struct index_key key,
              struct index_place place)
{
    return entry_at(entry_find(index, key), place);
}

void index_forget(struct index *index, struct index_key key,
                  struct index_place place)
{
    struct entry *entry = entry_find(index, key);
    if (entry_at(entry, place)) entry_free(index, entry);
}

size_t index_count(const struct index *index)
{
    return index->map.count;
}
