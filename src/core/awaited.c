/* awaited.c - a message of version 1 that deliveries here wait for. */
#include "core/awaited.h"

#include "core/bounds.h"
#include "core/message.h"
#include "core/record.h"
#include "core/restore.h"
#include "core/state.h"

#include <assert.h>

struct awaited_key {
    uint64_t stamp;
    uint16_t home;
};

static bool awaited_same(const struct map_entry *entry, const void *key)
{
    const struct awaited *awaited = OWNER(entry, const struct awaited, entry);
    const struct awaited_key *wanted = key;
    return awaited->stamp == wanted->stamp && awaited->home == wanted->home;
}

/* It, or NULL when no delivery waits for it; its hash. */
static struct awaited *awaited_find(const struct shard *shard,
                                    struct awaited_key key, uint64_t *hash)
{
    assert(key.home < SHARDS_MAX);
    uint64_t x = (key.stamp ^ (uint64_t)key.home << 56) * 0x9e3779b97f4a7c15;
    *hash = x ^ x >> 32;
    struct map_entry *entry =
        map_find(&shard->restore->awaiteds, *hash, awaited_same, &key);
    return entry == NULL ? NULL : OWNER(entry, struct awaited, entry);
}

struct awaited *awaited_make(struct shard *shard, uint64_t stamp, uint16_t home)
{
    uint64_t hash;
    struct awaited_key key = {stamp, home};
    struct awaited *awaited = awaited_find(shard, key, &hash);
    if (awaited != NULL) return awaited;
    awaited = pool_take(shard->pool, sizeof *awaited);
    awaited->stamp = stamp;
    awaited->home = home;
    map_insert(&shard->restore->awaiteds, &awaited->entry, hash);
    assert(awaited->body == NULL && awaited->last == NULL);
    return awaited;
}

enum err awaited_message(struct shard *shard, const struct record_key *key,
                         struct bytes value)
{
    assert(key->kind == RECORD_MESSAGE_OLD);
    restore_clock(shard, key->number);
    uint64_t hash;
    struct awaited_key wanted = {key->number, key->shard};
    struct awaited *awaited = awaited_find(shard, wanted, &hash);
    if (awaited == NULL) {
        bool orphan = !shard->restore->old && shard->place.index == 0;
        return orphan ? ERR_ID_UNKNOWN : OK;
    }
    struct message m;
    enum err e = record_message_read(value, &m);
    if (e != OK) return e;
    if (m.stamp != key->number) return ERR_MALFORMED;
    awaited->body = message_share(&m, shard->pool);
    message_done(&m);
    return OK;
}

static void awaited_visit_free(struct map_entry *entry, void *context)
{
    struct shard *shard = context;
    struct awaited *awaited = OWNER(entry, struct awaited, entry);
    map_remove(&shard->restore->awaiteds, entry);
    body_unref(awaited->body);
    pool_give(shard->pool, awaited, sizeof *awaited);
}

void awaiteds_fini(struct shard *shard)
{
    struct map *awaiteds = &shard->restore->awaiteds;
    size_t cursor = 0;
    while (map_walk(awaiteds, &cursor, SIZE_MAX, awaited_visit_free, shard)) {
    }
    map_fini(awaiteds);
}
