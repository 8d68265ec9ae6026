/* foresee_test.c - what is foreseen is what a look of its own finds. */
#include "core/filter.h"
#include "core/foresee.h"
#include "index.h"
#include "wire/topic.h"

enum { FILTERS = 40, SESSIONS = 8 };

static char owners[SESSIONS][16];

/* An index, as topics.c has one. */
struct index {
    struct pool *pool;
    struct map exact;
    struct tree wild;
    struct cache cache;
    struct foresee foresee;
    /* With room for a text. */
    struct {
        struct subscription subscription;
        char text[TEXT_MAX];
    } alone[FILTERS];
    struct subscription others[FILTERS];
};

static void index_init(struct index *x)
{
    *x = (struct index){.pool = unit_pool()};
    map_init(&x->exact, x->pool);
    tree_init(&x->wild, x->pool, test_key, TREE_OF_FILTERS);
    cache_init(&x->cache, x->pool);
    foresee_init(&x->foresee, x->pool);
}

static void free_exact(struct map_entry *entry, void *context)
{
    struct index *x = context;
    struct ending *ending = ending_of_entry(entry);
    map_remove(&x->exact, entry);
    if (!ending->alone) filter_free(x->pool, ending_filter(ending));
}

static void index_fini(struct index *x)
{
    size_t cursor = 0;
    while (map_walk(&x->exact, &cursor, SIZE_MAX, free_exact, x)) {
    }
    map_fini(&x->exact);
    tree_fini(&x->wild);
    cache_fini(&x->cache);
    foresee_fini(&x->foresee);
    CHECK_EQ(pool_bytes(x->pool), 0);
    pool_free(x->pool);
}

static struct ending *exact_find(struct index *x, struct bytes text)
{
    struct map_seek seek = map_seek(&x->exact, hash_bytes(&test_key, text));
    while (!map_seek_on(&seek)) {
    }
    return seek.entry == NULL ? NULL : ending_of_entry(seek.entry);
}

/* Subscription `i` has the filter `text`, alone or (each second without a
 * wildcard) as one of several might, if nobody has. */
static void index_add(struct index *x, int i, struct bytes text)
{
    struct subscription *s = &x->alone[i].subscription;
    struct session *owner = (struct session *)(void *)owners[i % SESSIONS];
    *s = (struct subscription){
        .session = owner, .alone = true, .ending.alone = true};
    if (topic_has_wildcard(text)) {
        enum tree_end end;
        struct tree_node *node = tree_make(&x->wild, text, &end);
        union tree_value *value = &tree_ends(node)->at[end];
        if (value->pointer == NULL) value->pointer = &s->ending;
        return;
    }
    if (exact_find(x, text) != NULL) return;
    struct ending *ending = &s->ending;
    if (i % 2 == 0) {
        struct filter *filter = filter_new(x->pool, text);
        x->others[i] = (struct subscription){.session = owner};
        filter_link(x->pool, filter, &x->others[i]);
        ending = &filter->ending;
    } else {
        ending->size = (uint16_t)text.size;
        memcpy(x->alone[i].text, text.data, text.size);
    }
    map_insert(&x->exact, &ending->entry, hash_bytes(&test_key, text));
}

static void look(struct index *x, const struct bytes *topics, size_t count)
{
    struct foresee_place place = {test_key, &x->exact, &x->wild, &x->cache};
    foresee_topics(&x->foresee, &place, topics, count);
}

struct ends {
    size_t count;
    struct ending *list[FILTERS];
};

static void add_end(struct tree_node *node, enum tree_end at, void *context)
{
    struct ends *ends = context;
    struct ending *end = tree_ends(node)->at[at].pointer;
    if (end != NULL) ends->list[ends->count++] = end;
}

static const struct session *session_at(struct ending *end)
{
    return end->alone ? ending_subscription(end)->session
                      : filter_first(ending_filter(end))->session;
}

/* `f` knows what matches `topic`, the exact filter first. */
static void check_whole(struct index *x, const struct foreseen *f,
                        struct bytes topic)
{
    struct ends want = {0};
    struct ending *exact = exact_find(x, topic);
    if (exact != NULL) want.list[want.count++] = exact;
    tree_match(&x->wild, topic, add_end, &want);
    if (!CHECK_EQ(f->end_count - f->first, want.count)) return;
    for (size_t i = 0; i < want.count; i++)
        CHECK(f->ends[f->first + i] == want.list[i]);
    const struct session *first =
        want.count == 0 ? NULL : session_at(want.list[0]);
    CHECK(f->session == first);
}

static void ends_are_those_that_match(void)
{
    size_t whole = 0, all = 0;
    for (int round = 0; round < 300; round++) {
        struct index x;
        index_init(&x);
        char text[TEXT_MAX], names[FORESEE_MAX][TEXT_MAX];
        for (uint32_t i = test_random(FILTERS); i > 0; i--)
            index_add(&x, (int)i, test_text(text, test_random(2) == 0));
        struct bytes topics[FORESEE_MAX];
        size_t count = 1 + test_random(FORESEE_MAX);
        for (size_t i = 0; i < count; i++)
            topics[i] = test_text(names[i], false);
        look(&x, topics, count);
        for (size_t i = 0; i < count; i++) {
            const struct foreseen *f = foresee_find(&x.foresee, topics[i]);
            REQUIRE(f != NULL);
            CHECK(f->hash == hash_bytes(&test_key, topics[i]));
            if (f->whole) check_whole(&x, f, topics[i]);
            whole += f->whole;
            all++;
        }
        index_fini(&x);
    }
    CHECK(whole > all * 3 / 4);
}

/* Only the very topic is found, not another of the same text; nor one that was
 * passed over, nor any after all were forgotten. */
static void found_in_order(void)
{
    struct index x;
    index_init(&x);
    static const char texts[] = "a/b\0a/b\0a/c";
    struct bytes topics[] = {bytes_of(texts), bytes_of(texts + 4),
                             bytes_of(texts + 8)};
    CHECK(foresee_find(&x.foresee, topics[0]) == NULL);
    look(&x, topics, 3);
    const struct foreseen *second = foresee_find(&x.foresee, topics[1]);
    REQUIRE(second != NULL);
    CHECK(second->topic.data == topics[1].data && second->whole);
    CHECK(foresee_find(&x.foresee, topics[1]) == second);
    CHECK(foresee_find(&x.foresee, topics[0]) == NULL);
    CHECK(foresee_find(&x.foresee, bytes_at(texts + 8, 2)) == NULL);
    CHECK(foresee_find(&x.foresee, topics[2]) == second + 1);
    foresee_forget(&x.foresee);
    CHECK(foresee_find(&x.foresee, topics[2]) == NULL);
    look(&x, topics, 0);
    CHECK(foresee_find(&x.foresee, topics[0]) == NULL);
    index_fini(&x);
}

/* No more than there is room for. */
static void many_are_cut_off(void)
{
    struct index x;
    index_init(&x);
    struct bytes topics[FORESEE_MAX + 1];
    char texts[FORESEE_MAX + 1][TEXT_MAX];
    for (int i = 0; i <= FORESEE_MAX; i++)
        topics[i] = test_text(texts[i], false);
    look(&x, topics, FORESEE_MAX + 1);
    CHECK_EQ(x.foresee.count, FORESEE_MAX);
    CHECK(foresee_find(&x.foresee, topics[FORESEE_MAX - 1]) != NULL);
    CHECK(foresee_find(&x.foresee, topics[FORESEE_MAX]) == NULL);
    index_fini(&x);
}

/* More filters than one topic has room for. */
static void crowds_are_given_up(void)
{
    struct index x;
    index_init(&x);
    static const char *const texts[] = {"#",     "a/#", "a/b/#", "a/b/+",
                                        "a/+/#", "+/#", "a/b/c"};
    struct bytes topic = bytes_of("a/b/c");
    for (int i = 0; i < 7; i++) {
        look(&x, &topic, 1);
        const struct foreseen *f = foresee_find(&x.foresee, topic);
        REQUIRE(f != NULL);
        CHECK_EQ(f->whole, i < FORESEEN_ENDS);
        index_add(&x, i, bytes_of(texts[i]));
    }
    index_fini(&x);
}

/* What is resolved already is not looked for; its first session is known. */
static void cached_is_enough(void)
{
    struct index x;
    index_init(&x);
    index_add(&x, 1, bytes_of("a"));
    struct bytes topic = bytes_of("a");
    struct cache_key key = {hash_bytes(&test_key, topic), topic, false};
    struct receiver receiver = {.session = (struct session *)(void *)owners[3]};
    struct receivers all = {.list = &receiver, .count = 1};
    for (int i = 0; i < 2; i++)
        cache_offer(&x.cache, &key, &all, NULL, 0);
    look(&x, &topic, 1);
    const struct foreseen *f = foresee_find(&x.foresee, topic);
    REQUIRE(f != NULL);
    CHECK(!f->whole);
    CHECK((const void *)f->session == owners[3]);
    /* Who had it when something changed may be no more. */
    cache_outdate(&x.cache);
    look(&x, &topic, 1);
    f = foresee_find(&x.foresee, topic);
    REQUIRE(f != NULL);
    CHECK(f->session == NULL);
    index_fini(&x);
}

/* Filters as deep as they come take no more steps than they are worth. */
static void depth_is_given_up(void)
{
    struct index x;
    index_init(&x);
    static char text[TOPIC_SIZE_MAX];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '/' : '+';
    struct bytes filter = bytes_at(text, sizeof text);
    index_add(&x, 1, filter);
    static char name[TOPIC_SIZE_MAX];
    memset(name, '/', sizeof name);
    struct bytes topic = bytes_at(name, sizeof name);
    look(&x, &topic, 1);
    const struct foreseen *f = foresee_find(&x.foresee, topic);
    REQUIRE(f != NULL);
    CHECK(!f->whole);
    index_fini(&x);
}

int main(void)
{
    RUN(ends_are_those_that_match);
    RUN(found_in_order);
    RUN(many_are_cut_off);
    RUN(crowds_are_given_up);
    RUN(cached_is_enough);
    RUN(depth_is_given_up);
    return check_result();
}
