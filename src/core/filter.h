/* filter.h - one topic filter and those on this shard who subscribe to it.
 *
 *     filter   subscriptions --> s1 <-> s2 <-> s3   in order of subscription
 *              owners        --> [ . s2 . s3 s1 ]   by owner, only when many
 *
 * A part of topics, for what a second subscriber has come to: who is alone
 * stands in the index by himself. What stands there is an ending:
 *
 *     subscription   [ list | owner | options ][ ending ][ text ]
 *     filter         [ table | list | count ]  [ ending ][ text ]
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
    struct subscription **owners; /* open table of 2^owner_bits, or NULL */
    struct link subscriptions;
    uint32_t count;
    uint8_t owner_bits;
    struct ending ending;
};

/* The filter `text`, without wildcard and without subscriptions. */
struct filter *filter_new(struct pool *pool, struct bytes text);

/* The filter that leads to `node`, and goes on as `end` says. */
struct filter *filter_new_wild(struct pool *pool, struct tree_node *node,
                               enum tree_end end);

/* Free `filter`; its subscriptions are not looked at. NULL is fine. */
void filter_free(struct pool *pool, struct filter *filter);

/* The text of one without wildcard; valid while it stands there. */
static inline struct bytes ending_text(const struct ending *ending)
{
    return bytes_at(ending + 1, ending->size);
}

/* That of an entry in the map of those without wildcard. */
static inline struct ending *ending_of_entry(struct map_entry *entry)
{
    return OWNER(entry, struct ending, entry);
}

/* The subscription that stands there alone. */
static inline struct subscription *ending_subscription(struct ending *ending)
{
    return OWNER(ending, struct subscription, ending);
}

/* The filter that stands there, which several have. */
static inline struct filter *ending_filter(struct ending *ending)
{
    return OWNER(ending, struct filter, ending);
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
