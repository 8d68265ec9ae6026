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
    uint64_t version;
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

_Static_assert(sizeof(struct subscription) ==
                       offsetof(struct subscription, ending) +
                           sizeof(struct ending) &&
                   sizeof(struct filter) ==
                       offsetof(struct filter, ending) + sizeof(struct ending),
               "a text follows the ending");

static void subscription_free(struct topics *topics, struct subscription *old)
{
    pool_give(topics->pool, old, sizeof *old + old->text_size);
}

/* Free who stands at `ending` (or NULL), and all that are with him. */
static void ending_free(struct topics *topics, struct ending *ending)
{
    if (ending == NULL) return;
    if (ending->alone) {
        subscription_free(topics, ending_subscription(ending));
        return;
    }
    struct filter *filter = ending_filter(ending);
    LIST_EACH(at, after, &filter->subscriptions) {
        subscription_free(topics, OWNER(at, struct subscription, of_filter));
    }
    filter_free(topics->pool, filter);
}

static void free_exact(struct map_entry *entry, void *context)
{
    struct topics *topics = context;
    map_remove(&topics->exact, entry);
    ending_free(topics, ending_of_entry(entry));
}

static void free_wild(struct tree_node *node, void *context)
{
    for (int end = 0; end < TREE_ENDS; end++)
        ending_free(context, tree_ends(node)->at[end].pointer);
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
    return bytes_equal(ending_text(ending_of_entry(found)), *text);
}

/* What stands at the filter without wildcard `text`, whose hash is `hash`, or
 * NULL. */
static struct ending *exact_find(const struct topics *topics, struct bytes text,
                                 uint64_t hash)
{
    struct map_entry *entry = map_find(&topics->exact, hash, same_text, &text);
    return entry == NULL ? NULL : ending_of_entry(entry);
}

/* Where the filter of `subscription` stands. */
static const struct ending *subscription_ending(
    const struct subscription *subscription)
{
    if (subscription->alone) return &subscription->ending;
    assert(subscription->filter != NULL);
    return &subscription->filter->ending;
}

/* Forget what was resolved and may look different after a change at `ending`:
 * without wildcard, that is one topic. */
static void outdate(struct topics *topics, const struct ending *ending)
{
    foresee_forget(&topics->foresee);
    topics->version++;
    if (ending->size == 0) {
        cache_outdate(&topics->cache);
    } else {
        cache_drop(&topics->cache, ending->entry.hash, ending_text(ending));
    }
}

/* That of `subscriber`, with room for `text_size` bytes. */
static struct subscription *subscription_new(
    struct topics *topics, const struct subscriber *subscriber,
    size_t text_size)
{
    assert((subscriber->session == NULL) != (subscriber->group == NULL));
    assert(text_size <= UINT16_MAX);
    struct subscription *new = pool_take(topics->pool, sizeof *new + text_size);
    list_init(&new->of_owner);
    new->text_size = (uint16_t)text_size;
    new->options = subscriber->options;
    new->pending = subscriber->pending;
    new->of_group = subscriber->group != NULL;
    if (new->of_group) {
        new->group = subscriber->group;
    } else {
        new->session = subscriber->session;
    }
    return new;
}

/* The first that has a filter, `text` if that has no wildcard. */
static struct subscription *first_new(struct topics *topics,
                                      const struct subscriber *subscriber,
                                      struct bytes text)
{
    struct subscription *new = subscription_new(topics, subscriber, text.size);
    new->alone = new->ending.alone = true;
    new->ending.size = new->text_size;
    if (text.size > 0) memcpy(new + 1, text.data, text.size);
    topics->filter_count++;
    return new;
}

/* The next that has what stands at `ending`. */
static struct subscription *next_new(struct topics *topics,
                                     const struct subscriber *subscriber,
                                     struct ending *ending)
{
    struct subscription *new = subscription_new(topics, subscriber, 0);
    filter_link(topics->pool, ending_filter(ending), new);
    return new;
}

/* In the place of `first`, who was alone, comes `filter` with him. */
static struct ending *first_join(struct topics *topics,
                                 struct subscription *first,
                                 struct filter *filter)
{
    assert(first->alone);
    first->alone = false;
    first->filter = NULL;
    filter_link(topics->pool, filter, first);
    return &filter->ending;
}

static struct subscription *exact_add(struct topics *topics, struct bytes text,
                                      const struct subscriber *subscriber)
{
    uint64_t hash = hash_bytes(&topics->key, text);
    struct ending *found = exact_find(topics, text, hash);
    if (found == NULL) {
        struct subscription *first = first_new(topics, subscriber, text);
        map_insert(&topics->exact, &first->ending.entry, hash);
        return first;
    }
    if (found->alone) {
        struct filter *filter = filter_new(topics->pool, text);
        map_remove(&topics->exact, &found->entry);
        map_insert(&topics->exact, &filter->ending.entry, hash);
        found = first_join(topics, ending_subscription(found), filter);
    }
    return next_new(topics, subscriber, found);
}

static struct subscription *wild_add(struct topics *topics, struct bytes text,
                                     const struct subscriber *subscriber)
{
    enum tree_end end;
    struct tree_node *node = tree_make(&topics->wild, text, &end);
    void **place = &tree_ends(node)->at[end].pointer;
    struct ending *found = *place;
    if (found == NULL) {
        struct subscription *first =
            first_new(topics, subscriber, bytes_at(NULL, 0));
        first->ending.node = node;
        first->ending.end = (uint8_t)end;
        *place = &first->ending;
        return first;
    }
    if (found->alone) {
        struct filter *filter = filter_new_wild(topics->pool, node, end);
        found = first_join(topics, ending_subscription(found), filter);
        *place = found;
    }
    return next_new(topics, subscriber, found);
}

struct subscription *topics_add(struct topics *topics, struct bytes filter,
                                const struct subscriber *subscriber)
{
    assert(topic_filter_valid(filter));
    struct subscription *new = topic_has_wildcard(filter)
                                   ? wild_add(topics, filter, subscriber)
                                   : exact_add(topics, filter, subscriber);
    topics->subscription_count++;
    outdate(topics, subscription_ending(new));
    return new;
}

/* Nobody stands at `ending` any more. */
static void ending_drop(struct topics *topics, struct ending *ending)
{
    if (ending->size > 0) {
        map_remove(&topics->exact, &ending->entry);
        return;
    }
    struct tree_node *node = ending->node;
    assert(tree_ends(node)->at[ending->end].pointer == ending);
    tree_ends(node)->at[ending->end].pointer = NULL;
    tree_prune(&topics->wild, node);
}

bool topics_remove(struct topics *topics, struct subscription *subscription)
{
    assert(topics->subscription_count >= topics->filter_count);
    assert(topics->filter_count > 0);
    assert(list_empty(&subscription->of_owner));
    outdate(topics, subscription_ending(subscription));
    bool last = subscription->alone;
    if (last) {
        ending_drop(topics, &subscription->ending);
    } else {
        struct filter *filter = subscription->filter;
        filter_unlink(topics->pool, filter, subscription);
        last = filter->count == 0;
        if (last) {
            ending_drop(topics, &filter->ending);
            filter_free(topics->pool, filter);
        }
    }
    subscription_free(topics, subscription);
    topics->subscription_count--;
    topics->filter_count -= last;
    return last;
}

/* What stands at the filter with wildcard `text`, or NULL. */
static struct ending *wild_find(const struct topics *topics, struct bytes text)
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
    struct ending *found =
        topic_has_wildcard(filter)
            ? wild_find(topics, filter)
            : exact_find(topics, filter, hash_bytes(&topics->key, filter));
    if (found == NULL) return NULL;
    if (!found->alone) return filter_find(ending_filter(found), owner);
    struct subscription *alone = ending_subscription(found);
    return subscription_owner(alone) == owner ? alone : NULL;
}

void topics_change(struct topics *topics, struct subscription *subscription,
                   struct subscription_options options)
{
    subscription->options = options;
    outdate(topics, subscription_ending(subscription));
}

struct bytes topics_filter(struct topics *topics,
                           const struct subscription *subscription)
{
    const struct ending *ending = subscription_ending(subscription);
    if (ending->size > 0) return ending_text(ending);
    return tree_text(&topics->wild, ending->node, (enum tree_end)ending->end);
}

/* Who stands at `ending` (or NULL) wants the topic that is being resolved. */
static void match_add(struct topics *topics, struct ending *ending)
{
    if (ending == NULL) return;
    buffer_append(&topics->matched, bytes_at(&ending, sizeof ending));
}

static void match_node(struct tree_node *node, enum tree_end end, void *context)
{
    match_add(context, tree_ends(node)->at[end].pointer);
}

/* How many subscriptions are at `ending`. */
static size_t ending_count(struct ending *ending)
{
    if (ending->alone) return 1;
    assert(ending_filter(ending)->count > 0);
    return ending_filter(ending)->count;
}

static void ending_gather(struct gather *gather, struct ending *ending)
{
    if (ending->alone) {
        gather_add(gather, ending_subscription(ending));
    } else {
        gather_filter(gather, ending_filter(ending));
    }
}

/* What has `key->topic`, exact or not, and how much of it. */
static struct ending *const *resolve_ends(struct topics *topics,
                                          const struct cache_key *key,
                                          size_t *count)
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
    *count = topics->matched.size / sizeof(struct ending *);
    return (void *)topics->matched.data;
}

/* Who gets `key->topic`, from the filters. */
static struct receivers resolve(struct topics *topics,
                                const struct cache_key *key,
                                const struct session *publisher)
{
    size_t count;
    struct ending *const *ends = resolve_ends(topics, key, &count);
    size_t subscriptions = 0;
    for (size_t i = 0; i < count; i++)
        subscriptions += ending_count(ends[i]);
    topics->resolved_count++;
    /* Nobody subscribes twice to one filter: nothing to merge then. */
    bool merge = count > 1 && !key->each;
    gather_begin(&topics->gather, publisher, merge, subscriptions);
    for (size_t i = 0; i < count; i++)
        ending_gather(&topics->gather, ends[i]);
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

uint64_t topics_version(const struct topics *topics)
{
    return topics->version;
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
    each->visit(ending_text(ending_of_entry(entry)), each->context);
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
