/* topics.h - who on this shard wants which topic. MQTT 5.0, 4.7
 *
 *     filters   "a/b/c" ----hash----> filter -> subscription -> subscription
 *               "a/+/#" ---levels---> filter -> subscription
 *     cache     topic  -> receivers, resolved and merged, until a change that
 *               may concern it: for a filter without wildcard that is the one
 *               topic, for one with a wildcard all topics
 *
 * Owned by the shard, and with it filters and subscriptions; these are of a
 * session, or of a shared group at home here. An exact filter costs one hash
 * entry, a wildcard filter those of its levels that no other has, without a
 * wildcard at the end; one subscription alone stands there by itself. That is
 * some 90 bytes for an exact filter of 20, some 140 for one with a wildcard,
 * and 60 more for each further level of its own.
 *
 * Parts: filter.h (who has one filter), tree.h (levels), gather.h (merging),
 * cache.h, foresee.h.
 */
#ifndef MOGI_CORE_TOPICS_H
#define MOGI_CORE_TOPICS_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "base/pool.h"
#include "core/post.h"

struct topics;
struct filter;
struct session;
struct group;
struct tree_node;

/* Where a filter stands in the index. It is part of a subscription, while that
 * is alone, or of a filter that several have; a match asks no other memory who
 * it is. What is not a wildcard is followed by its text. */
struct ending {
    uint16_t size; /* of the text; 0: it has a wildcard */
    uint8_t end;   /* then, enum tree_end: how it goes on from `node` */
    bool alone;    /* of a subscription */
    union {
        struct map_entry entry; /* no wildcard */
        struct tree_node *node; /* wildcard */
    };
};

/* One filter of one owner. */
struct subscription {
    struct link of_owner; /* the owner's own list; the index ignores it */
    union {
        struct session *session;
        struct group *group; /* `of_group` */
    };
    struct subscription_options options;
    bool of_group;
    bool pending;       /* not answered yet: it gets nothing */
    bool alone;         /* nobody else has its filter, or had when it came */
    uint16_t text_size; /* the bytes behind it; see `ending` */
    union {
        struct ending ending; /* `alone` */
        struct {
            struct filter *filter; /* else */
            struct link of_filter;
        };
    };
};

/* What becomes a subscription: one of the two owners is NULL. */
struct subscriber {
    struct session *session;
    struct group *group;
    struct subscription_options options;
    bool pending;
};

/* Its owner, a session or a group. */
static inline const void *subscription_owner(const struct subscription *s)
{
    return s->of_group ? (const void *)s->group : s->session;
}

/* One client that gets a message, its matching subscriptions taken together:
 * the highest QoS, any retain-as-published, all identifiers.
 * [MQTT-3.3.4-2] [MQTT-3.3.4-3] */
struct receiver {
    struct session *session;
    uint8_t qos;
    bool retain_as_published;
    bool no_local; /* each of the subscriptions asks for it */
    uint32_t identifier_count;
    const uint32_t *identifiers;
};

/* All of this shard that a topic concerns. Owned by the index; valid until the
 * next call that is given the index. */
struct receivers {
    const struct receiver *list;
    uint32_t count;
    struct group *const *groups;
    uint32_t group_count;
    bool own; /* the publisher's own no-local subscription is left out */
};

/* An empty index. `key` seeds its hashes. */
struct topics *topics_new(struct pool *pool, struct hash_key key);

/* Forget all filters, and all subscriptions. Their owners are not looked at:
 * they may be gone. */
void topics_free(struct topics *topics);

/* A subscription of `subscriber` to `filter`, a valid filter without "$share/".
 * The caller made sure that this owner does not have it yet (topics_find), and
 * puts it in its own list. */
struct subscription *topics_add(struct topics *topics, struct bytes filter,
                                const struct subscriber *subscriber);

/* The end of `subscription`, which is in no list of its owner any more. Returns
 * true when nobody here has its filter now. */
bool topics_remove(struct topics *topics, struct subscription *subscription);

/* The subscription of this owner (one of the two is NULL) to `filter`, or
 * NULL. Its time does not grow with the number of the filter's subscribers,
 * nor with that of the owner's filters. */
struct subscription *topics_find(struct topics *topics, struct bytes filter,
                                 const struct session *session,
                                 const struct group *group);

/* The options of `subscription` change: what was resolved is forgotten. */
void topics_change(struct topics *topics, struct subscription *subscription,
                   struct subscription_options options);

/* The text of a subscription's filter. Valid until the next call. */
struct bytes topics_filter(struct topics *topics,
                           const struct subscription *subscription);

/* Who gets a message on `topic`, a valid topic name. Each session comes once,
 * or once per subscription with `each` (a copy for each of them). `publisher`
 * (or NULL) is a session here whose no-local subscriptions do not count.
 * Receivers come by filter (the exact one first), in order of subscription.
 * A leading wildcard does not match a topic that begins with "$".
 * [MQTT-4.7.2-1] [MQTT-3.8.3-3] */
struct receivers topics_match(struct topics *topics, struct bytes topic,
                              const struct session *publisher, bool each);

/* The same, where the topic's hash under the index's key is known. */
struct receivers topics_match_hashed(struct topics *topics, uint64_t hash,
                                     struct bytes topic,
                                     const struct session *publisher,
                                     bool each);

/* Counts up at each change, so that what was resolved before can be known to
 * be old. */
uint64_t topics_version(const struct topics *topics);

/* Topics that will be asked for next, in this order: resolve them side by side
 * (foresee.h), which is quicker when nothing of them is near. They need not be
 * valid names, only not empty, and stay where they are until topics_forget.
 * Changes no answer, and takes some memory the first time. How many of the
 * `count` were taken, from the first on. */
size_t topics_foresee(struct topics *topics, const struct bytes *list,
                      size_t count);

/* The first session that gets the topic at `index` of them; its first line is
 * near. NULL when there is none, or it is not known. Right after topics_foresee
 * only. */
const struct session *topics_foreseen(const struct topics *topics,
                                      size_t index);

/* The hash of `topic`, the very one that was foreseen, or 0. */
uint64_t topics_foreseen_hash(struct topics *topics, struct bytes topic);

/* Nothing is foreseen any more. */
void topics_forget(struct topics *topics);

/* How often a topic was asked for that was not in the cache. */
uint64_t topics_resolved_count(const struct topics *topics);

/* Filters and subscriptions in the index now. */
uint64_t topics_filter_count(const struct topics *topics);
uint64_t topics_subscription_count(const struct topics *topics);

/* Call `visit` with the text of every filter (for telling a new neighbour). */
void topics_each_filter(struct topics *topics,
                        void (*visit)(struct bytes filter, void *context),
                        void *context);

#endif
