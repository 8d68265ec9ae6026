/* interest.c - a set of shards for each filter. */
#include "core/interest.h"

#include "base/list.h"
#include "base/map.h"
#include "core/bounds.h"
#include "core/tree.h"
#include "wire/topic.h"

#include <assert.h>

_Static_assert(SHARDS_MAX <= 64, "a set of shards is one word");

/* A filter without wildcard, known by two hashes. */
struct want {
    struct map_entry entry; /* the first */
    uint64_t check;         /* the second */
    uint64_t shards;
};

struct interest {
    struct pool *pool;
    struct hash_key key;
    struct hash_key check_key;
    struct map exact;
    struct tree wild;
    uint64_t version;
};

/* A text that is looked for; its second hash is made only when the first is
 * there, which for a topic that nobody wants is never. */
struct sought {
    const struct interest *interest;
    struct bytes text;
};

struct interest *interest_new(struct pool *pool, struct hash_key key)
{
    struct interest *interest = pool_take(pool, sizeof *interest);
    interest->pool = pool;
    interest->key = key;
    interest->check_key.k0 = key.k0 ^ 0x6d6f67692d696e74;
    interest->check_key.k1 = key.k1 ^ 0x65726573742d3132;
    map_init(&interest->exact, pool);
    tree_init(&interest->wild, pool, key, TREE_OF_FILTERS);
    return interest;
}

static void free_want(struct map_entry *entry, void *context)
{
    struct interest *interest = context;
    map_remove(&interest->exact, entry);
    pool_give(interest->pool, OWNER(entry, struct want, entry),
              sizeof(struct want));
}

void interest_free(struct interest *interest)
{
    if (interest == NULL) return;
    size_t cursor = 0;
    while (map_walk(&interest->exact, &cursor, SIZE_MAX, free_want, interest)) {
    }
    assert(interest->exact.count == 0);
    map_fini(&interest->exact);
    tree_fini(&interest->wild);
    pool_give(interest->pool, interest, sizeof *interest);
}

static bool same_want(const struct map_entry *entry, const void *key)
{
    const struct sought *sought = key;
    const struct want *want = OWNER((uintptr_t)entry, const struct want, entry);
    return want->check ==
           hash_bytes(&sought->interest->check_key, sought->text);
}

/* What is known of `text`, whose first hash is `hash`, or NULL. */
static struct want *want_find(const struct interest *interest,
                              struct bytes text, uint64_t hash)
{
    struct sought sought = {interest, text};
    struct map_entry *entry =
        map_find(&interest->exact, hash, same_want, &sought);
    return entry == NULL ? NULL : OWNER(entry, struct want, entry);
}

/* Put `bit` in `*set` or take it out; counts a change. */
static void set_bit(struct interest *interest, uint64_t *set, uint64_t bit,
                    bool on)
{
    uint64_t was = *set;
    *set = on ? was | bit : was & ~bit;
    if (*set != was) interest->version++;
}

static void set_exact(struct interest *interest, struct bytes filter,
                      uint64_t bit, bool on)
{
    uint64_t hash = hash_bytes(&interest->key, filter);
    struct want *want = want_find(interest, filter, hash);
    if (want == NULL && !on) return;
    if (want == NULL) {
        want = pool_take(interest->pool, sizeof *want);
        want->check = hash_bytes(&interest->check_key, filter);
        map_insert(&interest->exact, &want->entry, hash);
    }
    set_bit(interest, &want->shards, bit, on);
    if (want->shards == 0) free_want(&want->entry, interest);
}

static void set_wild(struct interest *interest, struct bytes filter,
                     uint64_t bit, bool on)
{
    enum tree_end end;
    struct tree_node *node = on ? tree_make(&interest->wild, filter, &end)
                                : tree_find(&interest->wild, filter, &end);
    if (node == NULL) return;
    uint64_t *set = &tree_ends(node)->at[end].bits;
    set_bit(interest, set, bit, on);
    assert(!on || *set != 0);
    tree_prune(&interest->wild, node);
}

void interest_set(struct interest *interest, struct bytes filter,
                  uint16_t shard, bool on)
{
    assert(topic_filter_valid(filter));
    assert(shard < SHARDS_MAX);
    uint64_t bit = (uint64_t)1 << shard;
    if (topic_has_wildcard(filter)) {
        set_wild(interest, filter, bit, on);
    } else {
        set_exact(interest, filter, bit, on);
    }
}

static void match_node(struct tree_node *node, enum tree_end end, void *context)
{
    uint64_t *shards = context;
    *shards |= tree_ends(node)->at[end].bits;
}

uint64_t interest_match(struct interest *interest, struct bytes topic)
{
    assert(topic.size > 0);
    uint64_t shards = 0;
    if (interest->exact.count > 0) {
        uint64_t hash = hash_bytes(&interest->key, topic);
        struct want *want = want_find(interest, topic, hash);
        if (want != NULL) shards = want->shards;
        assert(want == NULL || shards != 0);
    }
    tree_match(&interest->wild, topic, match_node, &shards);
    return shards;
}

uint64_t interest_version(const struct interest *interest)
{
    return interest->version;
}
