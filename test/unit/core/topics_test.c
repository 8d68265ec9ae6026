/* topics_test.c - the index against a plain loop over all subscriptions, while
 * they come and go and its cache is in use. */
#include "core/topics.h"
#include "index.h"
#include "wire/topic.h"

#include <time.h>

enum { SESSIONS = 12, GROUPS = 4, SLOTS = 160 };

static char owners[SESSIONS + GROUPS][16];

/* One subscription that may be there. */
struct slot {
    struct subscriber subscriber;
    struct subscription *subscription;
    char filter[TEXT_MAX];
    uint64_t since; /* 0: not there */
};

static struct slot slots[SLOTS];
static uint64_t step;

static struct session *session_of(uint32_t i)
{
    return (struct session *)(void *)owners[i];
}

static struct subscription_options random_options(void)
{
    return (struct subscription_options){
        .qos = (uint8_t)test_random(3),
        .no_local = test_random(4) == 0,
        .retain_as_published = test_random(3) == 0,
        .identifier = test_random(2) * (1 + test_random(1000)),
    };
}

/* How many others have the filter of `slot`. */
static int sharing(const struct slot *slot)
{
    int count = 0;
    for (int i = 0; i < SLOTS; i++) {
        count += slots[i].since != 0 && &slots[i] != slot &&
                 strcmp(slots[i].filter, slot->filter) == 0;
    }
    return count;
}

/* What the index has for the owner `s`. */
static struct subscription *find(struct topics *topics, struct bytes filter,
                                 const struct subscriber *s)
{
    return topics_find(topics, filter, s->session, s->group);
}

static void subscribe(struct topics *topics, struct slot *slot)
{
    struct subscriber *s = &slot->subscriber;
    struct bytes filter = test_text(slot->filter, true);
    *s = (struct subscriber){.options = random_options()};
    uint32_t owner = test_random(SESSIONS + GROUPS);
    if (owner < SESSIONS) {
        s->session = session_of(owner);
    } else {
        s->group = (struct group *)(void *)owners[owner];
    }
    if (find(topics, filter, s) != NULL) return;
    uint64_t before = topics_filter_count(topics);
    slot->subscription = topics_add(topics, filter, s);
    CHECK_EQ(topics_filter_count(topics) - before, sharing(slot) == 0);
    slot->since = ++step;
    CHECK(find(topics, filter, s) == slot->subscription);
    struct bytes text = topics_filter(topics, slot->subscription);
    CHECK_BYTES(text.data, text.size, filter.data, filter.size);
}

static void unsubscribe(struct topics *topics, struct slot *slot)
{
    slot->since = 0;
    CHECK_EQ(topics_remove(topics, slot->subscription), sharing(slot) == 0);
    CHECK(find(topics, bytes_of(slot->filter), &slot->subscriber) == NULL);
}

static void change(struct topics *topics)
{
    struct slot *slot = &slots[test_random(SLOTS)];
    if (slot->since == 0) {
        subscribe(topics, slot);
    } else if (test_random(3) == 0) {
        topics_change(topics, slot->subscription, random_options());
    } else {
        unsubscribe(topics, slot);
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The identifiers are `want`, in some order. */
static void check_identifiers(const struct receiver *r, uint32_t *want,
                              size_t count)
{
    if (!CHECK_EQ(r->identifier_count, count)) return;
    if (count == 0) return;
    uint32_t got[SLOTS];
    memcpy(got, r->identifiers, count * sizeof *got);
    qsort(got, count, sizeof *got, compare);
    qsort(want, count, sizeof *want, compare);
    CHECK_BYTES(got, count * sizeof *got, want, count * sizeof *want);
}

/* Does slot `i` count for `topic` and this owner? */
static bool counts(int i, struct bytes topic, const void *owner,
                   const struct session *publisher)
{
    const struct subscriber *s = &slots[i].subscriber;
    if (slots[i].since == 0) return false;
    if ((const void *)s->session != owner && (const void *)s->group != owner) {
        return false;
    }
    bool own = s->session != NULL && s->session == publisher;
    if (own && slots[i].subscription->options.no_local) return false;
    return topic_matches(bytes_of(slots[i].filter), topic);
}

/* What one session gets, by a plain loop, against what the index says. */
static void check_session(struct receivers all, struct bytes topic,
                          const struct session *session,
                          const struct session *publisher)
{
    uint32_t want[SLOTS];
    size_t identifier_count = 0;
    struct receiver merged = {.no_local = true};
    bool any = false;
    for (int i = 0; i < SLOTS; i++) {
        if (!counts(i, topic, session, publisher)) continue;
        struct subscription_options o = slots[i].subscription->options;
        any = true;
        if (o.qos > merged.qos) merged.qos = o.qos;
        merged.retain_as_published |= o.retain_as_published;
        merged.no_local &= o.no_local;
        if (o.identifier != 0) want[identifier_count++] = o.identifier;
    }
    const struct receiver *found = NULL;
    for (uint32_t i = 0; i < all.count; i++) {
        if (all.list[i].session != session) continue;
        CHECK(found == NULL);
        found = &all.list[i];
    }
    if (!CHECK((found != NULL) == any) || found == NULL) return;
    CHECK_EQ(found->qos, merged.qos);
    CHECK_EQ(found->retain_as_published, merged.retain_as_published);
    CHECK_EQ(found->no_local, merged.no_local);
    check_identifiers(found, want, identifier_count);
}

static void check_match(struct topics *topics, struct bytes topic)
{
    const struct session *publisher =
        test_random(2) == 0 ? NULL : session_of(test_random(SESSIONS));
    bool each = test_random(4) == 0;
    struct receivers all = topics_match(topics, topic, publisher, each);
    size_t receivers = 0, groups = 0;
    for (uint32_t i = 0; i < SESSIONS + GROUPS; i++) {
        for (int s = 0; s < SLOTS; s++) {
            bool hit = counts(s, topic, owners[i], publisher);
            if (i < SESSIONS) {
                receivers += hit;
            } else {
                groups += hit;
            }
        }
    }
    CHECK_EQ(all.group_count, groups);
    if (each) {
        CHECK_EQ(all.count, receivers);
        return;
    }
    for (uint32_t i = 0; i < SESSIONS; i++) {
        check_session(all, topic, session_of(i), publisher);
    }
}

static void count_filter(struct bytes filter, void *context)
{
    CHECK(topic_filter_valid(filter));
    (*(uint64_t *)context)++;
}

/* Some topics, looked at together; then asked for, while what they match may
 * change. */
static void check_foreseen(struct topics *topics)
{
    enum { COUNT = 5 };
    char texts[COUNT][TEXT_MAX];
    struct bytes names[COUNT];
    for (int i = 0; i < COUNT; i++)
        names[i] = test_text(texts[i], false);
    CHECK_EQ(topics_foresee(topics, names, COUNT), COUNT);
    for (size_t i = 0; i < COUNT; i++)
        (void)topics_foreseen(topics, i);
    for (int i = 0; i < COUNT; i++) {
        if (test_random(8) == 0) change(topics);
        if (test_random(4) == 0) continue;
        uint64_t hash = topics_foreseen_hash(topics, names[i]);
        CHECK(hash == 0 || hash == hash_bytes(&test_key, names[i]));
        check_match(topics, names[i]);
    }
    topics_forget(topics);
    CHECK_EQ(topics_foreseen_hash(topics, names[COUNT - 1]), 0);
}

static void churn_is_as_plain(void)
{
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    char hot[8][TEXT_MAX];
    for (int i = 0; i < 8; i++)
        test_text(hot[i], false);
    for (int i = 0; i < 10000; i++) {
        if (test_random(4) == 0) change(topics);
        char name[TEXT_MAX];
        if (test_random(8) == 0) check_foreseen(topics);
        if (test_random(4) == 0) {
            check_match(topics, test_text(name, false));
        } else {
            check_match(topics, bytes_of(hot[test_random(8)]));
        }
    }
    uint64_t filters = 0, subscriptions = 0, unique = 0;
    topics_each_filter(topics, count_filter, &filters);
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].since == 0) continue;
        subscriptions++;
        unsubscribe(topics, &slots[i]);
        unique += sharing(&slots[i]) == 0;
    }
    CHECK_EQ(filters, unique);
    CHECK(subscriptions > SLOTS / 4);
    CHECK_EQ(topics_filter_count(topics), 0);
    CHECK_EQ(topics_subscription_count(topics), 0);
    topics_free(topics);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* One of session `i`. */
static struct subscription *add(struct topics *topics, const char *filter,
                                uint32_t i)
{
    struct subscriber subscriber = {.session = session_of(i)};
    return topics_add(topics, bytes_of(filter), &subscriber);
}

/* A subscription stands in the index by itself while it is alone. A second one
 * brings a list, and texts stay what they were. */
static void one_stands_alone(void)
{
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    static const char *const filters[] = {"a/+", "a/+/#", "#", "+/b", "a/b"};
    enum { COUNT = 2 * sizeof filters / sizeof filters[0] };
    struct subscription *s[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        struct bytes filter = bytes_of(filters[i / 2]);
        s[i] = add(topics, filters[i / 2], i);
        CHECK_EQ(s[i]->alone, i % 2 == 0);
        for (uint32_t k = i - i % 2; k <= i; k++) {
            struct bytes text = topics_filter(topics, s[k]);
            CHECK_BYTES(text.data, text.size, filter.data, filter.size);
        }
    }
    CHECK(!s[0]->alone && !s[COUNT - 2]->alone);
    CHECK_EQ(topics_match(topics, bytes_of("a/b"), NULL, false).count, COUNT);
    CHECK_EQ(topics_filter_count(topics), COUNT / 2);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct bytes filter = bytes_of(filters[i / 2]);
        const struct session *owner = session_of(i);
        CHECK(topics_find(topics, filter, owner, NULL) == s[i]);
        CHECK_EQ(topics_remove(topics, s[i]), i % 2 == 1);
        CHECK(topics_find(topics, filter, owner, NULL) == NULL);
    }
    CHECK_EQ(topics_filter_count(topics), 0);
    topics_free(topics);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void free_takes_what_is_left(void)
{
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    static const char *const filters[] = {"a", "#", "+/b/#", "+", "c/+"};
    for (int i = 0; i < 5; i++) {
        CHECK(add(topics, filters[i], 0)->alone);
        /* Some are with others. */
        if (i < 3) CHECK(!add(topics, filters[i], 1)->alone);
    }
    CHECK_EQ(topics_filter_count(topics), 5);
    CHECK_EQ(topics_subscription_count(topics), 8);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(topics_match(topics, bytes_of("a"), NULL, true).count, 5);
    }
    topics_free(topics);
    topics_free(NULL);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* Nothing is allocated for topics that nobody wants, nor on a cached one. */
static void lookups_do_not_allocate(void)
{
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    add(topics, "dev/+/x/#", 0);
    add(topics, "a/b", 1);
    topics_match(topics, bytes_of("dev/1/x"), NULL, false);
    for (int i = 0; i < 3; i++)
        topics_match(topics, bytes_of("a/b"), NULL, 0);
    size_t before = pool_bytes(pool);
    for (int i = 0; i < 1000; i++) {
        char name[TEXT_MAX];
        snprintf(name, sizeof name, "dev/%d/y", i % 100);
        CHECK_EQ(topics_match(topics, bytes_of(name), NULL, false).count, 0);
        CHECK_EQ(topics_match(topics, bytes_of("a/b"), NULL, false).count, 1);
    }
    CHECK_EQ(pool_bytes(pool), before);
    topics_free(topics);
    pool_free(pool);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Bytes for each of 100,000 filters like `format`, subscription included, over
 * those for the first thousand. */
static size_t bytes_per_filter(const char *shape)
{
    enum { FIRST = 1000, COUNT = 100000 };
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    struct subscription **all = calloc(COUNT, sizeof(void *));
    REQUIRE(all != NULL);
    size_t before = 0;
    double start = seconds();
    for (int i = 0; i < COUNT; i++) {
        if (i == FIRST) before = pool_bytes(pool);
        char name[TEXT_MAX];
        const char *mark = strchr(shape, '*');
        snprintf(name, sizeof name, "%.*s%06d%s", (int)(mark - shape), shape, i,
                 mark + 1);
        all[i] = add(topics, name, 0);
    }
    double added = seconds();
    size_t each = (pool_bytes(pool) - before) / (COUNT - FIRST);
    for (int i = 0; i < COUNT; i++)
        topics_remove(topics, all[i]);
    fprintf(stderr, "%s: %zu bytes a filter, add %.0f ns, remove %.0f ns\n",
            shape, each, (added - start) * 1e9 / COUNT,
            (seconds() - added) * 1e9 / COUNT);
    free(all);
    topics_free(topics);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
    return each;
}

static void memory_is_bounded(void)
{
    CHECK(bytes_per_filter("site/7/dev/*") <= 120);
    CHECK(bytes_per_filter("site/7/dev/*/#") <= 180);
    CHECK(bytes_per_filter("site/7/dev/*/+") <= 180);
    CHECK(bytes_per_filter("site/+/dev/*") <= 220);
    CHECK(bytes_per_filter("site/*/+/x") <= 360);
}

/* 100,000 sessions on one filter and on another that matches the same topic:
 * each comes once, and to find one takes no walk over all. */
static void popular_filters_are_no_danger(void)
{
    enum { COUNT = 100000 };
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    char(*many)[16] = calloc(COUNT, sizeof *many);
    struct subscription **all = calloc(2 * COUNT, sizeof(void *));
    REQUIRE(many != NULL && all != NULL);
    for (int i = 0; i < 2 * COUNT; i++) {
        struct subscriber subscriber = {
            .session = (struct session *)(void *)many[i % COUNT],
            .options.identifier = (uint32_t)i + 1};
        struct bytes filter = bytes_of(i < COUNT ? "a/b" : "a/+");
        all[i] = topics_add(topics, filter, &subscriber);
    }
    CHECK_EQ(topics_filter_count(topics), 2);
    double start = seconds();
    for (int i = 0; i < 2 * COUNT; i++) {
        struct bytes filter = bytes_of(i < COUNT ? "a/b" : "a/+");
        if (topics_find(topics, filter, all[i]->session, NULL) == all[i]) {
            continue;
        }
        CHECK(false);
        break;
    }
    double found = seconds();
    struct receivers got = topics_match(topics, bytes_of("a/b"), NULL, false);
    double matched = seconds();
    CHECK_EQ(got.count, COUNT);
    for (uint32_t i = 0; i < got.count; i += 1000) {
        CHECK(got.list[i].session == all[i]->session);
        CHECK_EQ(got.list[i].identifier_count, 2);
        CHECK_EQ(got.list[i].identifiers[1], COUNT + i + 1);
    }
    fprintf(stderr, "find %.0f ns; match of 2 x %d in %.1f ms\n",
            (found - start) * 1e9 / (2 * COUNT), COUNT,
            (matched - found) * 1e3);
    for (int i = 0; i < 2 * COUNT; i++)
        topics_remove(topics, all[i]);
    free(all);
    free(many);
    topics_free(topics);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void hit_is_quick(void)
{
    enum { COUNT = 1000000 };
    struct pool *pool = unit_pool();
    struct topics *topics = topics_new(pool, test_key);
    struct subscription *s = add(topics, "site/+/dev/+/x", 0);
    add(topics, "site/7/dev/000001/x", 1);
    struct bytes topic = bytes_of("site/7/dev/000001/x");
    uint64_t sum = 0;
    double start = seconds();
    for (int i = 0; i < COUNT; i++) {
        sum += topics_match(topics, topic, session_of(2), false).count;
    }
    double end = seconds();
    CHECK_EQ(sum, 2 * COUNT);
    fprintf(stderr, "hit: %.0f ns\n", (end - start) * 1e9 / COUNT);
    start = seconds();
    for (int i = 0; i < COUNT / 10; i++) {
        topics_change(topics, s, s->options);
        sum += topics_match(topics, topic, NULL, false).count;
    }
    end = seconds();
    fprintf(stderr, "miss: %.0f ns\n", (end - start) * 1e9 / (COUNT / 10.0));
    topics_free(topics);
    pool_free(pool);
}

int main(void)
{
    RUN(churn_is_as_plain);
    RUN(one_stands_alone);
    RUN(free_takes_what_is_left);
    RUN(lookups_do_not_allocate);
    RUN(memory_is_bounded);
    RUN(popular_filters_are_no_danger);
    RUN(hit_is_quick);
    return check_result();
}
