/* topics.c - filters by hash or by level, and what was resolved before. */
#include "core/topics.h"

#include "base/buffer.h"
#include "core/cache.h"
#include "core/filter.h"
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
    struct buffer matched; /* struct filter *, while a topic is resolved */
    uint64_t filter_count;
    uint64_t subscription_count;
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
    return topics;
}

static struct filter *filter_at(struct map_entry *entry)
{
    return OWNER(entry, struct filter, place.entry);
}

static void free_exact(struct map_entry *entry, void *context)
{
    struct topics *topics = context;
    map_remove(&topics->exact, entry);
    filter_free(topics->pool, filter_at(entry));
}

static void free_wild(struct tree_node *node, void *context)
{
    struct topics *topics = context;
    filter_free(topics->pool, tree_ends(node)->here.pointer);
    filter_free(topics->pool, tree_ends(node)->rest.pointer);
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
    pool_give(topics->pool, topics, sizeof *topics);
}

static bool same_text(const struct map_entry *entry, const void *key)
{
    const struct bytes *text = key;
    struct map_entry *found = (struct map_entry *)(uintptr_t)entry;
    return bytes_equal(filter_text(filter_at(found)), *text);
}

/* The filter without wildcard `text`, whose hash is `hash`, or NULL. */
static struct filter *exact_find(const struct topics *topics, struct bytes text,
                                 uint64_t hash)
{
    struct map_entry *entry = map_find(&topics->exact, hash, same_text, &text);
    return entry == NULL ? NULL : filter_at(entry);
}

/* The filter `text`, or NULL. */
static struct filter *find(const struct topics *topics, struct bytes text)
{
    if (!topic_has_wildcard(text)) {
        return exact_find(topics, text, hash_bytes(&topics->key, text));
    }
    bool rest;
    struct tree_node *node = tree_find(&topics->wild, text, &rest);
    if (node == NULL) return NULL;
    return rest ? tree_ends(node)->rest.pointer : tree_ends(node)->here.pointer;
}

/* A new filter `text` in its place. */
static struct filter *make(struct topics *topics, struct bytes text)
{
    bool wildcard = topic_has_wildcard(text);
    struct filter *filter = filter_new(topics->pool, text, wildcard);
    topics->filter_count++;
    if (!wildcard) {
        uint64_t hash = hash_bytes(&topics->key, text);
        map_insert(&topics->exact, &filter->place.entry, hash);
        return filter;
    }
    bool rest;
    struct tree_node *node = tree_make(&topics->wild, text, &rest);
    struct tree_ends *ends = tree_ends(node);
    union tree_value *end = rest ? &ends->rest : &ends->here;
    assert(end->pointer == NULL);
    end->pointer = filter;
    filter->rest = rest;
    filter->place.node = node;
    return filter;
}

/* Take `filter`, which has no subscription, out of its place and free it. */
static void drop(struct topics *topics, struct filter *filter)
{
    assert(filter->count == 0);
    assert(topics->filter_count > 0);
    topics->filter_count--;
    if (!filter->wildcard) {
        map_remove(&topics->exact, &filter->place.entry);
    } else {
        struct tree_node *node = filter->place.node;
        struct tree_ends *ends = tree_ends(node);
        union tree_value *end = filter->rest ? &ends->rest : &ends->here;
        assert(end->pointer == filter);
        end->pointer = NULL;
        tree_prune(&topics->wild, node);
    }
    filter_free(topics->pool, filter);
}

/* Forget what was resolved and may look different after a change at `filter`:
 * without wildcard, that is one topic. */
static void outdate(struct topics *topics, const struct filter *filter)
{
    if (filter->wildcard) {
        cache_outdate(&topics->cache);
    } else {
        cache_drop(&topics->cache, filter->place.entry.hash,
                   filter_text(filter));
    }
}

bool topics_add(struct topics *topics, struct bytes filter,
                struct subscription *subscription)
{
    assert(topic_filter_valid(filter));
    struct filter *found = find(topics, filter);
    bool added = found == NULL;
    if (added) found = make(topics, filter);
    filter_link(topics->pool, found, subscription);
    topics->subscription_count++;
    outdate(topics, found);
    return added;
}

bool topics_remove(struct topics *topics, struct subscription *subscription)
{
    struct filter *filter = subscription->filter;
    assert(filter != NULL);
    assert(topics->subscription_count > 0);
    outdate(topics, filter);
    filter_unlink(topics->pool, filter, subscription);
    topics->subscription_count--;
    if (filter->count > 0) return false;
    drop(topics, filter);
    return true;
}

struct subscription *topics_find(struct topics *topics, struct bytes filter,
                                 const struct session *session,
                                 const struct group *group)
{
    assert((session == NULL) != (group == NULL));
    struct filter *found = find(topics, filter);
    if (found == NULL) return NULL;
    const void *owner = session != NULL ? (const void *)session : group;
    return filter_find(found, owner);
}

void topics_change(struct topics *topics, struct subscription *subscription,
                   struct subscription_options options)
{
    assert(subscription->filter != NULL);
    subscription->options = options;
    outdate(topics, subscription->filter);
}

struct bytes subscription_filter(const struct subscription *subscription)
{
    assert(subscription->filter != NULL);
    return filter_text(subscription->filter);
}

/* `filter` (or NULL) matches the topic that is being resolved. */
static void match_add(struct topics *topics, struct filter *filter)
{
    if (filter == NULL) return;
    assert(filter->count > 0);
    buffer_append(&topics->matched, bytes_at(&filter, sizeof filter));
}

static void match_node(struct tree_node *node, bool rest, void *context)
{
    struct tree_ends *ends = tree_ends(node);
    match_add(context, rest ? ends->rest.pointer : ends->here.pointer);
}

/* Who gets `key->topic`, from the filters. */
static struct receivers resolve(struct topics *topics,
                                const struct cache_key *key,
                                const struct session *publisher)
{
    topics->matched.size = 0;
    match_add(topics, exact_find(topics, key->topic, key->hash));
    tree_match(&topics->wild, key->topic, match_node, topics);
    struct filter **filters = (void *)topics->matched.data;
    size_t count = topics->matched.size / sizeof *filters;
    size_t subscriptions = 0;
    for (size_t i = 0; i < count; i++)
        subscriptions += filters[i]->count;
    /* Nobody subscribes twice to one filter: nothing to merge then. */
    bool merge = count > 1 && !key->each;
    gather_begin(&topics->gather, publisher, merge, subscriptions);
    for (size_t i = 0; i < count; i++) {
        gather_filter(&topics->gather, filters[i]);
    }
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

uint64_t topics_filter_count(const struct topics *topics)
{
    return topics->filter_count;
}

uint64_t topics_subscription_count(const struct topics *topics)
{
    return topics->subscription_count;
}

struct each_filter {
    void (*visit)(struct bytes filter, void *context);
    void *context;
};

static void each_exact(struct map_entry *entry, void *context)
{
    struct each_filter *each = context;
    each->visit(filter_text(filter_at(entry)), each->context);
}

static void each_wild(struct tree_node *node, void *context)
{
    struct each_filter *each = context;
    struct filter *here = tree_ends(node)->here.pointer;
    struct filter *rest = tree_ends(node)->rest.pointer;
    if (here != NULL) each->visit(filter_text(here), each->context);
    if (rest != NULL) each->visit(filter_text(rest), each->context);
}

void topics_each_filter(struct topics *topics,
                        void (*visit)(struct bytes filter, void *context),
                        void *context)
{
    struct each_filter each = {visit, context};
    size_t cursor = 0;
    while (map_walk(&topics->exact, &cursor, SIZE_MAX, each_exact, &each)) {
    }
    tree_each(&topics->wild, each_wild, &each);
    each_wild(topics->wild.root, &each);
}
