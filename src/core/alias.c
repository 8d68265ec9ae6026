/* alias.c - topic aliases, both ways. */
#include "core/alias.h"

#include "base/hash.h"
#include "base/map.h"
#include "core/conn.h"

#include <assert.h>

/* Topics by alias - 1. The table grows to what is used. */
struct alias_in {
    uint32_t capacity;
    struct alias_text {
        uint8_t *data;
        size_t size;
    } * list;
};

/* Aliases by topic. The key guards against topics chosen to collide: it is the
 * table's own address, which a client does not know. */
struct alias_out {
    struct map map;
    uint16_t count;
};

struct alias_entry {
    struct map_entry entry;
    uint16_t alias;
    uint16_t size;
    uint8_t topic[];
};

/* Make room for `alias`, at most 65,535 of them. */
static void alias_in_grow(struct pool *pool, struct alias_in *in,
                          uint16_t alias)
{
    uint32_t capacity = in->capacity == 0 ? 8 : in->capacity;
    while (capacity < alias)
        capacity *= 2;
    if (capacity == in->capacity) return;
    size_t old = in->capacity * sizeof *in->list;
    size_t size = capacity * sizeof *in->list;
    in->list = pool_resize(pool, in->list, old, size);
    memset((uint8_t *)in->list + old, 0, size - old);
    in->capacity = capacity;
    assert(in->capacity >= alias);
}

/* `topic` is from now on what `alias` means. */
static void alias_in_set(struct pool *pool, struct conn *conn, uint16_t alias,
                         struct bytes topic)
{
    assert(alias > 0);
    assert(topic.size > 0 && topic.size <= UINT16_MAX);
    struct conn_rare *rare = conn_rare(pool, conn);
    if (rare->alias_in == NULL) {
        rare->alias_in = pool_take(pool, sizeof *rare->alias_in);
    }
    alias_in_grow(pool, rare->alias_in, alias);
    struct alias_text *text = &rare->alias_in->list[alias - 1];
    text->data = pool_resize(pool, text->data, text->size, topic.size);
    text->size = topic.size;
    memcpy(text->data, topic.data, topic.size);
}

enum err alias_in_settle(struct pool *pool, struct conn *conn, uint16_t max,
                         uint16_t alias, struct bytes *topic)
{
    if (alias > max) return ERR_ALIAS;
    assert(alias == 0 || max > 0);
    if (alias == 0) return topic->size > 0 ? OK : ERR_PROTOCOL;
    if (topic->size > 0) {
        alias_in_set(pool, conn, alias, *topic);
        return OK;
    }
    const struct alias_in *in =
        conn->rare == NULL ? NULL : conn->rare->alias_in;
    if (in == NULL || alias > in->capacity) return ERR_PROTOCOL;
    const struct alias_text *text = &in->list[alias - 1];
    if (text->size == 0) return ERR_PROTOCOL;
    *topic = bytes_at(text->data, text->size);
    return OK;
}

void alias_in_free(struct pool *pool, struct alias_in *in)
{
    if (in == NULL) return;
    for (uint32_t i = 0; i < in->capacity; i++) {
        pool_give(pool, in->list[i].data, in->list[i].size);
    }
    pool_give(pool, in->list, in->capacity * sizeof *in->list);
    pool_give(pool, in, sizeof *in);
}

static bool alias_same(const struct map_entry *entry, const void *key)
{
    const struct alias_entry *alias =
        OWNER(entry, const struct alias_entry, entry);
    const struct bytes *topic = key;
    return bytes_equal(bytes_at(alias->topic, alias->size), *topic);
}

static uint64_t alias_hash(const struct alias_out *out, struct bytes topic)
{
    struct hash_key key = {(uint64_t)(uintptr_t)out, 0};
    return hash_bytes(&key, topic);
}

uint16_t alias_out_find(const struct conn *conn, struct bytes topic,
                        bool *fresh)
{
    *fresh = false;
    if (conn->alias_max == 0) return 0;
    const struct alias_out *out =
        conn->rare == NULL ? NULL : conn->rare->alias_out;
    if (out != NULL) {
        struct map_entry *found =
            map_find(&out->map, alias_hash(out, topic), alias_same, &topic);
        if (found != NULL)
            return OWNER(found, struct alias_entry, entry)->alias;
    }
    uint16_t used = out == NULL ? 0 : out->count;
    assert(used <= conn->alias_max);
    if (used == conn->alias_max) return 0;
    *fresh = true;
    return (uint16_t)(used + 1);
}

void alias_out_add(struct pool *pool, struct conn *conn, struct bytes topic)
{
    struct conn_rare *rare = conn_rare(pool, conn);
    if (rare->alias_out == NULL) {
        rare->alias_out = pool_take(pool, sizeof *rare->alias_out);
        map_init(&rare->alias_out->map, pool);
    }
    struct alias_out *out = rare->alias_out;
    assert(out->count < conn->alias_max);
    assert(topic.size > 0 && topic.size <= UINT16_MAX);
    struct alias_entry *entry = pool_take(pool, sizeof *entry + topic.size);
    entry->alias = ++out->count;
    entry->size = (uint16_t)topic.size;
    memcpy(entry->topic, topic.data, topic.size);
    map_insert(&out->map, &entry->entry, alias_hash(out, topic));
}

/* Give back one entry, on the way through the map. */
static void alias_entry_free(struct map_entry *entry, void *context)
{
    struct alias_out *out = context;
    struct alias_entry *alias = OWNER(entry, struct alias_entry, entry);
    map_remove(&out->map, entry);
    pool_give(out->map.pool, alias, sizeof *alias + alias->size);
}

void alias_out_free(struct pool *pool, struct alias_out *out)
{
    if (out == NULL) return;
    size_t cursor = 0;
    while (map_walk(&out->map, &cursor, SIZE_MAX, alias_entry_free, out)) {
    }
    map_fini(&out->map);
    pool_give(pool, out, sizeof *out);
}
