/* topics.c - filters by hash or by level, and what was resolved before. */
#include "core/topics.h"

#include "base/buffer.h"
#include "core/cache.h"
#include "core/filter.h"
#include "core/foresee.h"
#include "core/gather.h"
#include "core/tree.h"
#include "wire/topic.h"

#include <assert.h>

struct topics {
    struct pool *pool;
    struct hash_key key;
    struct map exact; /* filters without wildcard, by their text */
    struct tree wild; /* filters with one */
    struct cache cache;
    struct gather gather;
    struct buffer matched; /* ends, while a topic is resolved */
    struct foresee foresee;
    uint64_t filter_count;
    uint64_t subscription_count;
    uint64_t resolved_count;
};

struct topics *topics_new(struct pool *pool, struct hash_key key)
{
    struct topics *topics = pool_take(pool, sizeof *topics);
    topics->pool = pool;
    topics->key = key;
    map_init(&topics->exact, pool);
    tree_init(&topics->wild, pool, key, TREE_OF_FILTERS);
    cache_init(&topics->cache, pool);
    gather_init(&topics->gather, pool);
    buffer_init(&topics->matched, pool);
    foresee_init(&topics->foresee, pool);
    return topics;
}

/* A subscription that is alone, as what ends at a node. */
static void *end_of_alone(struct subscription *subscription)
{
    assert(((uintptr_t)subscription & 1) == 0);
    return (uint8_t *)subscription + 1;
}

static void free_exact(struct map_entry *entry, void *context)
{
    struct topics *topics = context;
    map_remove(&topics->exact, entry);
    filter_free(topics->pool, filter_of_entry(entry));
}

static void free_end(struct topics *topics, void *end)
{
    if (filter_alone(end) == NULL) filter_free(topics->pool, end);
}

static void free_wild(struct tree_node *node, void *context)
{
    for (int end = 0; end < TREE_ENDS; end++)
        free_end(context, tree_ends(node)->at[end].pointer);
}

void topics_free(struct topics *topics)
{
    if (topics == NULL) return;
    size_t cursor = 0;
    while (map_walk(&topics->exact, &cursor, SIZE_MAX, free_exact, topics)) {
    }
    assert(topics->exact.count == 0);
    map_fini(&topics->exact);
    tree_each(&topics->wild, free_wild, topics);
    free_wild(topics->wild.root, topics);
    tree_fini(&topics->wild);
    cache_fini(&topics->cache);
    gather_fini(&topics->gather);
    buffer_fini(&topics->matched);
    foresee_fini(&topics->foresee);
    pool_give(topics->pool, topics, sizeof *topics);
}

static bool same_text(const struct map_entry *entry, const void *key)
{
    const struct bytes *text = key;
    struct map_entry *found = (struct map_entry *)(uintptr_t)entry;
    return bytes_equal(filter_text(filter_of_entry(found)), *text);
}

/* The filter without wildcard `text`, whose hash is `hash`, or NULL. */
static struct filter *exact_find(const struct topics *topics, struct bytes text,
                                 uint64_t hash)
{
    struct map_entry *entry = map_find(&topics->exact, hash, same_text, &text);
    return entry == NULL ? NULL : filter_of_entry(entry);
}

/* A new filter `text`, without wildcard, in its place. */
static struct filter *exact_make(struct topics *topics, struct bytes text,
                                 uint64_t hash)
{
    struct filter *filter = filter_new(topics->pool, text);
    topics->filter_count++;
    map_insert(&topics->exact, &filter->place.entry, hash);
    return filter;
}

/* Forget what was resolved and may look different after a change of
 * `subscription`: without wildcard, that is one topic. */
static void outdate(struct topics *topics,
                    const struct subscription *subscription)
{
    const struct filter *filter = subscription->place.filter;
    assert(filter != NULL);
    foresee_forget(&topics->foresee);
    if (subscription->alone || filter_wildcard(filter)) {
        cache_outdate(&topics->cache);
    } else {
        cache_drop(&topics->cache, filter->place.entry.hash,
                   filter_text(filter));
    }
}

/* Link `subscription` at `node`; true when nobody was there. */
static bool wild_add(struct topics *topics, struct tree_node *node,
                     enum tree_end end, struct subscription *subscription)
{
    void **place = &tree_ends(node)->at[end].pointer;
    if (*place == NULL) {
        *place = end_of_alone(subscription);
        subscription->place.node = node;
        subscription->end = (uint8_t)end;
        subscription->alone = true;
        topics->filter_count++;
        return true;
    }
    struct subscription *first = filter_alone(*place);
    if (first != NULL) {
        *place = filter_new_wild(topics->pool, node, end);
        first->alone = false;
        first->place.filter = NULL;
        filter_link(topics->pool, *place, first);
    }
    filter_link(topics->pool, *place, subscription);
    return false;
}

bool topics_add(struct topics *topics, struct bytes filter,
                struct subscription *subscription)
{
    assert(topic_filter_valid(filter));
    assert(subscription->place.filter == NULL);
    bool added;
    if (topic_has_wildcard(filter)) {
        enum tree_end end;
        struct tree_node *node = tree_make(&topics->wild, filter, &end);
        added = wild_add(topics, node, end, subscription);
    } else {
        uint64_t hash = hash_bytes(&topics->key, filter);
        struct filter *found = exact_find(topics, filter, hash);
        added = found == NULL;
        if (added) found = exact_make(topics, filter, hash);
        filter_link(topics->pool, found, subscription);
    }
    topics->subscription_count++;
    outdate(topics, subscription);
    return added;
}

/* Nobody has what ended at `node` any more. */
static void wild_drop(struct topics *topics, struct tree_node *node,
                      uint8_t end)
{
    tree_ends(node)->at[end].pointer = NULL;
    tree_prune(&topics->wild, node);
}

/* Take `filter`, which has no subscription, out of its place and free it. */
static void filter_drop(struct topics *topics, struct filter *filter)
{
    assert(filter->count == 0);
    if (filter_wildcard(filter)) {
        struct tree_node *node = filter->place.node;
        assert(tree_ends(node)->at[filter->end].pointer == filter);
        wild_drop(topics, node, filter->end);
    } else {
        map_remove(&topics->exact, &filter->place.entry);
    }
    filter_free(topics->pool, filter);
}

bool topics_remove(struct topics *topics, struct subscription *subscription)
{
    assert(topics->subscription_count >= topics->filter_count);
    assert(topics->filter_count > 0);
    outdate(topics, subscription);
    topics->subscription_count--;
    if (subscription->alone) {
        wild_drop(topics, subscription->place.node, subscription->end);
        subscription->place.node = NULL;
        subscription->alone = false;
    } else {
        struct filter *filter = subscription->place.filter;
        filter_unlink(topics->pool, filter, subscription);
        if (filter->count > 0) return false;
        filter_drop(topics, filter);
    }
    topics->filter_count--;
    return true;
}

/* What ends where the wildcard filter `text` does, or NULL. */
static void *wild_find(const struct topics *topics, struct bytes text)
{
    enum tree_end end;
    struct tree_node *node = tree_find(&topics->wild, text, &end);
    return node == NULL ? NULL : tree_ends(node)->at[end].pointer;
}

struct subscription *topics_find(struct topics *topics, struct bytes filter,
                                 const struct session *session,
                                 const struct group *group)
{
    assert((session == NULL) != (group == NULL));
    const void *owner = session != NULL ? (const void *)session : group;
    void *found =
        topic_has_wildcard(filter)
            ? wild_find(topics, filter)
            : exact_find(topics, filter, hash_bytes(&topics->key, filter));
    if (found == NULL) return NULL;
    struct subscription *alone = filter_alone(found);
    if (alone == NULL) return filter_find(found, owner);
    return subscription_owner(alone) == owner ? alone : NULL;
}

void topics_change(struct topics *topics, struct subscription *subscription,
                   struct subscription_options options)
{
    assert(subscription->place.filter != NULL);
    subscription->options = options;
    outdate(topics, subscription);
}

struct bytes topics_filter(struct topics *topics,
                           const struct subscription *subscription)
{
    assert(subscription->place.filter != NULL);
    if (subscription->alone) {
        return tree_text(&topics->wild, subscription->place.node,
                         (enum tree_end)subscription->end);
    }
    const struct filter *filter = subscription->place.filter;
    if (!filter_wildcard(filter)) return filter_text(filter);
    return tree_text(&topics->wild, filter->place.node,
                     (enum tree_end)filter->end);
}

/* What is at `end` (or NULL) matches the topic that is being resolved. */
static void match_add(struct topics *topics, void *end)
{
    if (end == NULL) return;
    buffer_append(&topics->matched, bytes_at(&end, sizeof end));
}

static void match_node(struct tree_node *node, enum tree_end end, void *context)
{
    match_add(context, tree_ends(node)->at[end].pointer);
}

/* How many subscriptions are at `end`. */
static size_t end_count(void *end)
{
    if (filter_alone(end) != NULL) return 1;
    const struct filter *filter = end;
    assert(filter != NULL && filter->count > 0);
    return filter->count;
}

static void end_gather(struct gather *gather, void *end)
{
    const struct subscription *alone = filter_alone(end);
    if (alone != NULL) {
        gather_add(gather, alone);
    } else {
        gather_filter(gather, end);
    }
}

/* What has `key->topic`, exact or not, and how much of it. */
static void *const *resolve_ends(struct topics *topics,
                                 const struct cache_key *key, size_t *count)
{
    const struct foreseen *f = foresee_find(&topics->foresee, key->topic);
    if (f != NULL && f->whole) {
        assert(f->hash == key->hash);
        *count = f->end_count - f->first;
        return f->ends + f->first;
    }
    topics->matched.size = 0;
    match_add(topics, exact_find(topics, key->topic, key->hash));
    tree_match(&topics->wild, key->topic, match_node, topics);
    *count = topics->matched.size / sizeof(void *);
    return (void *)topics->matched.data;
}

/* Who gets `key->topic`, from the filters. */
static struct receivers resolve(struct topics *topics,
                                const struct cache_key *key,
                                const struct session *publisher)
{
    size_t count;
    void *const *ends = resolve_ends(topics, key, &count);
    size_t subscriptions = 0;
    for (size_t i = 0; i < count; i++)
        subscriptions += end_count(ends[i]);
    topics->resolved_count++;
    /* Nobody subscribes twice to one filter: nothing to merge then. */
    bool merge = count > 1 && !key->each;
    gather_begin(&topics->gather, publisher, merge, subscriptions);
    for (size_t i = 0; i < count; i++)
        end_gather(&topics->gather, ends[i]);
    return gather_end(&topics->gather);
}

struct receivers topics_match(struct topics *topics, struct bytes topic,
                              const struct session *publisher, bool each)
{
    return topics_match_hashed(topics, hash_bytes(&topics->key, topic), topic,
                               publisher, each);
}

struct receivers topics_match_hashed(struct topics *topics, uint64_t hash,
                                     struct bytes topic,
                                     const struct session *publisher, bool each)
{
    assert(topic.size > 0);
    struct cache_key key = {hash, topic, each};
    const struct resolved *known = cache_find(&topics->cache, &key);
    bool apart =
        publisher != NULL && known != NULL && cache_is_local(known, publisher);
    if (known != NULL && !apart) return known->receivers;
    struct receivers found = resolve(topics, &key, publisher);
    assert(!apart || topics->gather.skipped);
    if (topics->gather.skipped) return found;
    if (found.count == 0 && found.group_count == 0) return found;
    size_t local_count;
    const struct session *const *locals =
        gather_locals(&topics->gather, &local_count);
    cache_offer(&topics->cache, &key, &found, locals, local_count);
    return found;
}

size_t topics_foresee(struct topics *topics, const struct bytes *list,
                      size_t count)
{
    struct foresee_place place = {topics->key, &topics->exact, &topics->wild,
                                  &topics->cache};
    foresee_topics(&topics->foresee, &place, list, count);
    return topics->foresee.count;
}

const struct session *topics_foreseen(const struct topics *topics, size_t index)
{
    assert(index < topics->foresee.count);
    return topics->foresee.list[index].session;
}

uint64_t topics_foreseen_hash(struct topics *topics, struct bytes topic)
{
    const struct foreseen *f = foresee_find(&topics->foresee, topic);
    return f == NULL ? 0 : f->hash;
}

void topics_forget(struct topics *topics)
{
    foresee_forget(&topics->foresee);
}

uint64_t topics_resolved_count(const struct topics *topics)
{
    return topics->resolved_count;
}

uint64_t topics_filter_count(const struct topics *topics)
{
    return topics->filter_count;
}

uint64_t topics_subscription_count(const struct topics *topics)
{
    return topics->subscription_count;
}

struct each_filter {
    struct topics *topics;
    void (*visit)(struct bytes filter, void *context);
    void *context;
};

static void each_exact(struct map_entry *entry, void *context)
{
    struct each_filter *each = context;
    each->visit(filter_text(filter_of_entry(entry)), each->context);
}

static void each_wild(struct tree_node *node, void *context)
{
    struct each_filter *each = context;
    struct tree *tree = &each->topics->wild;
    for (int end = 0; end < TREE_ENDS; end++) {
        if (tree_ends(node)->at[end].pointer == NULL) continue;
        each->visit(tree_text(tree, node, (enum tree_end)end), each->context);
    }
}

void topics_each_filter(struct topics *topics,
                        void (*visit)(struct bytes filter, void *context),
                        void *context)
{
    struct each_filter each = {topics, visit, context};
    size_t cursor = 0;
    while (map_walk(&topics->exact, &cursor, SIZE_MAX, each_exact, &each)) {
    }
    tree_each(&topics->wild, each_wild, &each);
    each_wild(topics->wild.root, &each);
}
