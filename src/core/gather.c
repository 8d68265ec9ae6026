/* gather.c - merge by a table of marks, then lay identifiers side by side. */
#include "core/gather.h"

#include "core/filter.h"

#include <assert.h>

enum { MARKS_MIN = 64 };

struct mark {
    uint32_t turn;
    uint32_t receiver; /* index */
};

/* Receiver `receiver` (index) gets `identifier`. */
struct pair {
    uint32_t receiver;
    uint32_t identifier;
};

void gather_init(struct gather *gather, struct pool *pool)
{
    assert(pool != NULL);
    *gather = (struct gather){.pool = pool};
    buffer_init(&gather->receivers, pool);
    buffer_init(&gather->groups, pool);
    buffer_init(&gather->locals, pool);
    buffer_init(&gather->pairs, pool);
    buffer_init(&gather->identifiers, pool);
}

static void marks_give(struct gather *gather)
{
    pool_give(gather->pool, gather->marks,
              gather->mark_count * sizeof *gather->marks);
    gather->marks = NULL;
    gather->mark_count = 0;
}

void gather_fini(struct gather *gather)
{
    buffer_fini(&gather->receivers);
    buffer_fini(&gather->groups);
    buffer_fini(&gather->locals);
    buffer_fini(&gather->pairs);
    buffer_fini(&gather->identifiers);
    marks_give(gather);
}

/* Free marks, at least twice `count_max`. */
static void marks_begin(struct gather *gather, size_t count_max)
{
    if (gather->mark_count < 2 * count_max) {
        size_t count = gather->mark_count == 0 ? MARKS_MIN : gather->mark_count;
        while (count < 2 * count_max)
            count *= 2;
        marks_give(gather);
        gather->marks = pool_take(gather->pool, count * sizeof *gather->marks);
        gather->mark_count = count;
        gather->turn = 0;
    }
    gather->turn++;
    if (gather->turn != 0) return;
    memset(gather->marks, 0, gather->mark_count * sizeof *gather->marks);
    gather->turn = 1;
}

void gather_begin(struct gather *gather, const struct session *publisher,
                  bool merge, size_t count_max)
{
    assert(count_max < UINT32_MAX);
    gather->receivers.size = 0;
    gather->groups.size = 0;
    gather->locals.size = 0;
    gather->pairs.size = 0;
    gather->identifiers.size = 0;
    gather->publisher = publisher;
    gather->merge = merge;
    gather->skipped = false;
    if (merge) marks_begin(gather, count_max);
}

static struct receiver *receivers_of(const struct gather *gather)
{
    return (struct receiver *)(void *)gather->receivers.data;
}

static uint32_t receiver_count(const struct gather *gather)
{
    return (uint32_t)(gather->receivers.size / sizeof(struct receiver));
}

/* The mark of `session`, or a free one for it. */
static struct mark *mark_of(struct gather *gather,
                            const struct session *session)
{
    assert(gather->turn != 0);
    size_t mask = gather->mark_count - 1;
    uint64_t h = ((uintptr_t)session >> 4) * 0x9e3779b97f4a7c15;
    const struct receiver *list = receivers_of(gather);
    for (size_t i = (size_t)(h >> 32) & mask;; i = (i + 1) & mask) {
        struct mark *mark = &gather->marks[i];
        if (mark->turn != gather->turn) return mark;
        assert(mark->receiver < receiver_count(gather));
        if (list[mark->receiver].session == session) return mark;
    }
}

/* One receiver more, with all of `subscription` but its identifier. */
static uint32_t receiver_add(struct gather *gather,
                             const struct subscription *subscription)
{
    assert(subscription->options.qos <= 2);
    uint32_t index = receiver_count(gather);
    struct receiver *receiver =
        (void *)buffer_reserve(&gather->receivers, sizeof *receiver);
    gather->receivers.size += sizeof *receiver;
    *receiver = (struct receiver){
        .session = subscription->session,
        .qos = subscription->options.qos,
        .retain_as_published = subscription->options.retain_as_published,
        .no_local = subscription->options.no_local,
    };
    return index;
}

/* The receiver (index) that `subscription` makes or joins. */
static uint32_t receiver_for(struct gather *gather,
                             const struct subscription *subscription)
{
    if (!gather->merge) return receiver_add(gather, subscription);
    struct mark *mark = mark_of(gather, subscription->session);
    if (mark->turn != gather->turn) {
        mark->receiver = receiver_add(gather, subscription);
        mark->turn = gather->turn;
        return mark->receiver;
    }
    const struct subscription_options *options = &subscription->options;
    struct receiver *receiver = receivers_of(gather) + mark->receiver;
    assert(receiver->session == subscription->session);
    if (receiver->qos < options->qos) receiver->qos = options->qos;
    receiver->retain_as_published |= options->retain_as_published;
    receiver->no_local &= options->no_local;
    return mark->receiver;
}

/* Add `subscription` of a session. */
static void gather_session(struct gather *gather,
                           const struct subscription *subscription)
{
    const struct session *session = subscription->session;
    assert(session != NULL && !subscription->of_group);
    if (subscription->pending) return;
    if (subscription->options.no_local) {
        buffer_append(&gather->locals, bytes_at(&session, sizeof session));
        if (session == gather->publisher) {
            gather->skipped = true;
            return;
        }
    }
    struct pair pair = {receiver_for(gather, subscription),
                        subscription->options.identifier};
    if (pair.identifier == 0) return;
    receivers_of(gather)[pair.receiver].identifier_count++;
    buffer_append(&gather->pairs, bytes_at(&pair, sizeof pair));
}

void gather_add(struct gather *gather, const struct subscription *subscription)
{
    if (!subscription->of_group) {
        gather_session(gather, subscription);
        return;
    }
    buffer_append(&gather->groups,
                  bytes_at(&subscription->group, sizeof subscription->group));
}

void gather_filter(struct gather *gather, const struct filter *filter)
{
    struct link *head = (struct link *)(uintptr_t)&filter->subscriptions;
    LIST_EACH(at, after, head) {
        gather_add(gather, OWNER(at, struct subscription, of_filter));
    }
}

/* Bring the identifiers together by receiver, in the order they came in. */
static void identifiers_end(struct gather *gather)
{
    size_t count = gather->pairs.size / sizeof(struct pair);
    if (count == 0) return;
    uint32_t *next =
        (void *)buffer_reserve(&gather->identifiers, count * sizeof *next);
    gather->identifiers.size = count * sizeof *next;
    struct receiver *list = receivers_of(gather);
    size_t used = 0;
    for (uint32_t i = 0; i < receiver_count(gather); i++) {
        if (list[i].identifier_count == 0) continue;
        list[i].identifiers = next + used;
        used += list[i].identifier_count;
        list[i].identifier_count = 0;
    }
    assert(used == count);
    const struct pair *pairs = (const void *)gather->pairs.data;
    for (size_t i = 0; i < count; i++) {
        struct receiver *receiver = &list[pairs[i].receiver];
        size_t at = (size_t)(receiver->identifiers - next);
        assert(at + receiver->identifier_count < count);
        next[at + receiver->identifier_count++] = pairs[i].identifier;
    }
}

struct receivers gather_end(struct gather *gather)
{
    identifiers_end(gather);
    size_t groups = gather->groups.size / sizeof(struct group *);
    return (struct receivers){
        .list = receivers_of(gather),
        .count = receiver_count(gather),
        .groups = (struct group *const *)(void *)gather->groups.data,
        .group_count = (uint32_t)groups,
        .own = gather->skipped,
    };
}
