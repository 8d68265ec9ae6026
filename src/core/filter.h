/* filter.h - one topic filter and those on this shard who subscribe to it.
 *
 *     filter   subscriptions --> s1 <-> s2 <-> s3   in order of subscription
 *              owners        --> [ . s2 . s3 s1 ]   by owner, only when many
 *
 * A part of topics: it owns the filters, and says where they stand.
 */
#ifndef MOGI_CORE_FILTER_H
#define MOGI_CORE_FILTER_H

#include "base/bytes.h"
#include "base/map.h"
#include "base/pool.h"
#include "core/topics.h"
#include "core/tree.h"

/* The text of one without wildcard follows; that of one with a wildcard is what
 * leads to its node. */
struct filter {
    struct link subscriptions;
    struct subscription **owners; /* open table of 2^owner_bits, or NULL */
    uint32_t count;               /* subscriptions */
    uint16_t size;                /* of the text; 0: it has a wildcard */
    uint8_t owner_bits;
    uint8_t end; /* enum tree_end: how it goes on from `node` */
    union {
        struct map_entry entry; /* no wildcard */
        struct tree_node *node; /* wildcard */
    } place;
};

/* The filter `text`, without wildcard and without subscriptions. */
struct filter *filter_new(struct pool *pool, struct bytes text);

/* The filter that leads to `node`, and goes on as `end` says. */
struct filter *filter_new_wild(struct pool *pool, struct tree_node *node,
                               enum tree_end end);

/* Has its text a wildcard? Then it stands in the tree. */
static inline bool filter_wildcard(const struct filter *filter)
{
    return filter->size == 0;
}

/* Free `filter`; its subscriptions are not looked at. NULL is fine. */
void filter_free(struct pool *pool, struct filter *filter);

/* The text of one without wildcard; valid while it lives. */
struct bytes filter_text(const struct filter *filter);

/* The filter of an entry in the map of those without wildcard. */
static inline struct filter *filter_of_entry(struct map_entry *entry)
{
    return OWNER(entry, struct filter, place.entry);
}

/* What ends at a node of the tree is nobody, or a filter, or a subscription
 * that is alone, which is told by an odd address: that one, or NULL. */
static inline struct subscription *filter_alone(void *end)
{
    if (((uintptr_t)end & 1) == 0) return NULL;
    return (struct subscription *)(void *)((uint8_t *)end - 1);
}

/* The first subscription of a filter, which has some. */
static inline struct subscription *filter_first(const struct filter *filter)
{
    return OWNER(filter->subscriptions.next, struct subscription, of_filter);
}

/* Add `subscription`, whose owner has none here yet, at the end. */
void filter_link(struct pool *pool, struct filter *filter,
                 struct subscription *subscription);

/* Take `subscription` out, which is here. */
void filter_unlink(struct pool *pool, struct filter *filter,
                   struct subscription *subscription);

/* The subscription of `owner`, a session or group, or NULL. In constant time
 * on average. */
struct subscription *filter_find(const struct filter *filter,
                                 const void *owner);

#endif
