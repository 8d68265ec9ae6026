/* gather.h - many subscriptions become a list of receivers.
 *
 *     filters --> subscriptions --> receivers, each session once
 *                                   groups
 *                                   locals: sessions with a no-local among them
 *
 * A part of topics: scratch memory that is kept from one topic to the next,
 * and is never more than the widest topic so far needed. Time is linear in the
 * subscriptions.
 */
#ifndef MOGI_CORE_GATHER_H
#define MOGI_CORE_GATHER_H

#include "base/buffer.h"
#include "core/topics.h"

struct gather {
    struct pool *pool;
    struct buffer receivers;   /* struct receiver */
    struct buffer groups;      /* struct group * */
    struct buffer locals;      /* const struct session * */
    struct buffer pairs;       /* struct pair: who, and an identifier */
    struct buffer identifiers; /* uint32_t, ordered by receiver */
    struct mark *marks;        /* open table from session to receiver */
    size_t mark_count;         /* power of two, or 0 */
    uint32_t turn;             /* marks of earlier turns are free */
    bool merge;
    const struct session *publisher;
    bool skipped; /* a no-local subscription of the publisher */
};

/* Empty, holding nothing. */
void gather_init(struct gather *gather, struct pool *pool);
void gather_fini(struct gather *gather);

/* Start over. `publisher` (or NULL) gets nothing through its no-local
 * subscriptions. With `merge` a session becomes one receiver though it may
 * come several times; without, one each time. At most `count_max`
 * subscriptions will be added. */
void gather_begin(struct gather *gather, const struct session *publisher,
                  bool merge, size_t count_max);

/* Add `subscription`. */
void gather_add(struct gather *gather, const struct subscription *subscription);

/* Add all subscriptions of `filter`, in their order. */
void gather_filter(struct gather *gather, const struct filter *filter);

/* What came together; valid until the next call. */
struct receivers gather_end(struct gather *gather);

/* The sessions with no-local subscriptions; some may be there twice. */
static inline const struct session *const *gather_locals(
    const struct gather *gather, size_t *count)
{
    *count = gather->locals.size / sizeof(const struct session *);
    return (const struct session *const *)(const void *)gather->locals.data;
}

#endif
