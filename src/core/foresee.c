/* foresee.c - topics that will be asked for next, resolved side by side. */
#include "core/foresee.h"

#include "base/fetch.h"
#include "core/filter.h"

#include <assert.h>

enum {
    /* So many bytes are looked at for a message: of an ending in front of it
     * and from it on, without a place in the map, or with that and those of a
     * text that is not long; of a session. */
    ENDING_FRONT = 24,
    ENDING_HEAD = offsetof(struct ending, entry),
    ENDING_BYTES = sizeof(struct ending) + 16,
    SESSION_BYTES = 64,

    /* Topics are given up that are not resolved after so many steps. */
    STEPS_MAX = 64,
};

/* What is near when a step is done. */
enum step {
    STEP_CACHE,
    STEP_SLOTS,
    STEP_ENDS,
    STEP_SUBSCRIPTION,
    STEP_CACHED,
    STEP_DONE
};

void foresee_init(struct foresee *foresee, struct pool *pool)
{
    assert(pool != NULL);
    *foresee = (struct foresee){.pool = pool};
}

void foresee_fini(struct foresee *foresee)
{
    pool_give(foresee->pool, foresee->list,
              FORESEE_MAX * sizeof *foresee->list);
    foresee_init(foresee, foresee->pool);
}

/* `node` matches: keep what it carries, if there is room. */
static void end_add(struct tree_node *node, enum tree_end at, void *context)
{
    struct foreseen *f = context;
    struct ending *end = tree_ends(node)->at[at].pointer;
    if (end == NULL) return;
    if (f->end_count == FORESEEN_ENDS) {
        f->wild.failed = true;
        return;
    }
    f->ends[f->end_count++] = end;
}

/* Begin with `topic`, after `before` (or NULL). */
static void topic_begin(struct foreseen *f, const struct foresee_place *place,
                        struct bytes topic, const struct foreseen *before)
{
    assert(topic.size > 0);
    f->topic = topic;
    f->hash = hash_bytes(&place->key, topic);
    f->whole = false;
    f->step = STEP_CACHE;
    f->first = f->end_count = 1;
    f->session = NULL;
    f->resolved = NULL;
    cache_fetch(place->cache, f->hash);
    f->exact = map_seek(place->exact, f->hash);
    descent_begin(&f->wild, place->wild, topic,
                  before == NULL ? NULL : &before->wild, end_add, f);
}

/* Bring near what stands at `ending`, be it a filter or a subscription, and
 * `size` bytes from there on. */
static void ending_fetch(const struct ending *ending, size_t size)
{
    fetch_block((const uint8_t *)ending - ENDING_FRONT, ENDING_FRONT + size);
}

/* Go on to the filter without wildcard; true when there is no other step. */
static bool exact_on(struct foreseen *f)
{
    const struct map_entry *before = f->exact.entry;
    bool over = map_seek_on(&f->exact);
    if (!over && f->exact.entry != before)
        ending_fetch(ending_of_entry(f->exact.entry), ENDING_BYTES);
    return over;
}

static void step_subscription(struct foreseen *f,
                              const struct foresee_place *place)
{
    (void)place;
    f->step = STEP_DONE;
    for (size_t i = f->first; i < f->end_count; i++) {
        struct ending *end = f->ends[i];
        const struct subscription *s = end->alone
                                           ? ending_subscription(end)
                                           : filter_first(ending_filter(end));
        if (s->of_group) continue;
        fetch_block(s->session, SESSION_BYTES);
        if (f->session == NULL) f->session = s->session;
    }
}

/* The first subscription of all that match; who is alone is there. */
static void step_ends(struct foreseen *f, const struct foresee_place *place)
{
    bool far = false;
    for (size_t i = f->first; i < f->end_count; i++) {
        if (f->ends[i]->alone) continue;
        const struct filter *filter = ending_filter(f->ends[i]);
        fetch_block(filter_first(filter), sizeof(struct subscription));
        far = true;
    }
    f->step = STEP_SUBSCRIPTION;
    if (!far) step_subscription(f, place);
}

/* All filters are found, unless there was not enough room. */
static void ends_found(struct foreseen *f, const struct foresee_place *place)
{
    f->step = STEP_DONE;
    if (f->wild.failed) return;
    if (f->exact.entry != NULL) {
        struct ending *ending = ending_of_entry(f->exact.entry);
        /* Another of the same hash is too rare to go on looking. */
        if (!bytes_equal(ending_text(ending), f->topic)) return;
        f->first = 0;
        f->ends[0] = ending;
    }
    f->whole = true;
    f->step = STEP_ENDS;
    for (size_t i = 1; i < f->end_count; i++)
        ending_fetch(f->ends[i], ENDING_HEAD);
    if (f->end_count == 1) step_ends(f, place);
}

static void step_slots(struct foreseen *f, const struct foresee_place *place)
{
    bool over = exact_on(f);
    if (descent_on(&f->wild, end_add, f) && over) ends_found(f, place);
}

static void step_cache(struct foreseen *f, const struct foresee_place *place)
{
    f->resolved = cache_guess(place->cache, f->hash);
    if (f->resolved == NULL) {
        f->step = STEP_SLOTS;
        step_slots(f, place);
        return;
    }
    fetch_block(f->resolved, sizeof *f->resolved);
    fetch(f->resolved + 1);
    f->step = STEP_CACHED;
}

static void step_cached(struct foreseen *f, const struct foresee_place *place)
{
    f->step = STEP_DONE;
    /* What is old may name sessions that are no more. */
    if (f->resolved->generation != place->cache->generation) return;
    const struct receivers *receivers = &f->resolved->receivers;
    if (receivers->count == 0) return;
    f->session = receivers->list[0].session;
    fetch_block(f->session, SESSION_BYTES);
}

static void (*const STEPS[])(struct foreseen *,
                             const struct foresee_place *) = {
    [STEP_CACHE] = step_cache,   [STEP_SLOTS] = step_slots,
    [STEP_ENDS] = step_ends,     [STEP_SUBSCRIPTION] = step_subscription,
    [STEP_CACHED] = step_cached,
};

void foresee_topics(struct foresee *foresee, const struct foresee_place *place,
                    const struct bytes *topics, size_t count)
{
    if (foresee->list == NULL) {
        foresee->list =
            pool_take(foresee->pool, FORESEE_MAX * sizeof *foresee->list);
    }
    if (count > FORESEE_MAX) count = FORESEE_MAX;
    foresee->count = count;
    foresee->next = 0;
    for (size_t i = 0; i < count; i++) {
        struct foreseen *f = &foresee->list[i];
        topic_begin(f, place, topics[i], i == 0 ? NULL : f - 1);
    }
    bool busy = count > 0;
    for (int steps = 0; busy && steps < STEPS_MAX; steps++) {
        busy = false;
        for (size_t i = 0; i < count; i++) {
            struct foreseen *f = &foresee->list[i];
            if (f->step == STEP_DONE) continue;
            STEPS[f->step](f, place);
            busy = true;
        }
    }
}

const struct foreseen *foresee_find(struct foresee *foresee, struct bytes topic)
{
    for (size_t i = foresee->next; i < foresee->count; i++) {
        const struct foreseen *f = &foresee->list[i];
        if (f->topic.data != topic.data || f->topic.size != topic.size)
            continue;
        foresee->next = i;
        return f;
    }
    return NULL;
}
