/* foresee.h - topics that will be asked for next, resolved side by side.
 *
 * With a million filters nothing of what a topic needs is near: slot, filter,
 * subscription, session. Each says where the next one is, so one topic by
 * itself waits for one after the other. Of many, each goes a step while the
 * memory of the others comes:
 *
 *     topic 1   slot  ......  filter  ......  subscription  ......  session
 *     topic 2     slot  ......  filter  ......  subscription  ......
 *     topic 3       slot  ......  filter  ......
 *
 * Who has a filter alone stands in its place: that is a step less.
 *
 * A part of topics. What was found stands until a filter comes or goes. What
 * was resolved before (cache.h) is only brought near.
 */
#ifndef MOGI_CORE_FORESEE_H
#define MOGI_CORE_FORESEE_H

#include "core/cache.h"
#include "core/descent.h"

enum {
    FORESEE_MAX = 32,  /* topics at once */
    FORESEEN_ENDS = 6, /* filters that match one */
};

/* One topic. */
struct foreseen {
    struct bytes topic; /* borrowed, and maybe no valid name */
    uint64_t hash;
    bool whole; /* `ends` are all */
    uint8_t step;
    uint8_t first, end_count; /* those from `first` on are there */
    /* The exact one, or none; then as they match. */
    struct ending *ends[FORESEEN_ENDS];
    const struct session *session; /* the first that gets it, if it is known */

    /* While it is being resolved. */
    const struct resolved *resolved;
    struct map_seek exact;
    struct descent wild;
};

struct foresee {
    struct pool *pool;
    struct foreseen *list; /* FORESEE_MAX, or NULL: none were ever wanted */
    size_t count, next;
};

/* Where topics are looked for. */
struct foresee_place {
    struct hash_key key;
    const struct map *exact; /* struct ending */
    const struct tree *wild;
    const struct cache *cache;
};

/* Nothing foreseen; no memory. */
void foresee_init(struct foresee *foresee, struct pool *pool);
void foresee_fini(struct foresee *foresee);

/* Resolve the first FORESEE_MAX of `count` topics, none of them empty, which
 * must stay where they are until they were asked for, or forgotten. */
void foresee_topics(struct foresee *foresee, const struct foresee_place *place,
                    const struct bytes *topics, size_t count);

/* What is known of `topic`, the very one that was foreseen, or NULL. They are
 * asked for in their order: one that was passed over is not found any more. */
const struct foreseen *foresee_find(struct foresee *foresee,
                                    struct bytes topic);

/* None of it holds any more. */
static inline void foresee_forget(struct foresee *foresee)
{
    foresee->count = 0;
}

#endif
