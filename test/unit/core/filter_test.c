/* filter_test.c - the list and the table beside it always agree. */
#include "core/filter.h"
#include "index.h"

enum { OWNERS = 3000 };

static struct subscription subscriptions[OWNERS];
static char owners[OWNERS][16];

/* Subscription `i`, of a session or (odd) of a group. */
static struct subscription *prepare(int i)
{
    struct subscription *s = &subscriptions[i];
    *s = (struct subscription){.options.qos = 1};
    if (i % 2 == 0) {
        s->session = (struct session *)(void *)owners[i];
    } else {
        s->group = (struct group *)(void *)owners[i];
        s->of_group = true;
    }
    return s;
}

static void text_is_kept(void)
{
    struct pool *pool = unit_pool();
    static const char *const texts[] = {"x", "a/b/c", "some/longer/filter"};
    for (int i = 0; i < 3; i++) {
        struct bytes text = bytes_of(texts[i]);
        struct filter *filter = filter_new(pool, text);
        struct bytes kept = ending_text(&filter->ending);
        CHECK_BYTES(kept.data, kept.size, text.data, text.size);
        CHECK(ending_of_entry(&filter->ending.entry) == &filter->ending);
        CHECK(ending_filter(&filter->ending) == filter);
        CHECK(filter_find(filter, owners[0]) == NULL);
        filter_free(pool, filter);
    }
    struct tree_node node;
    struct filter *filter = filter_new_wild(pool, &node, TREE_REST);
    CHECK(filter->ending.size == 0 && filter->ending.node == &node);
    CHECK(filter->ending.end == TREE_REST && !filter->ending.alone);
    filter_free(pool, filter);
    filter_free(pool, NULL);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void churn_finds_everybody(void)
{
    struct pool *pool = unit_pool();
    struct filter *filter = filter_new(pool, bytes_of("f"));
    static bool linked[OWNERS];
    uint32_t count = 0;
    bool table = false;
    for (int step = 0; step < 40000; step++) {
        /* Waves, so that the table grows and shrinks. */
        bool fill = step / 10000 % 2 == 0;
        int i = (int)test_random(OWNERS);
        if (linked[i] == fill) continue;
        if (fill) {
            filter_link(pool, filter, prepare(i));
        } else {
            filter_unlink(pool, filter, &subscriptions[i]);
            CHECK(subscriptions[i].filter == NULL);
        }
        linked[i] = fill;
        count += fill ? 1 : UINT32_MAX;
        CHECK_EQ(filter->count, count);
        table |= filter->owners != NULL;
        int other = (int)test_random(OWNERS);
        struct subscription *found = filter_find(filter, owners[other]);
        CHECK(found == (linked[other] ? &subscriptions[other] : NULL));
    }
    CHECK(table);
    for (int i = 0; i < OWNERS; i++) {
        struct subscription *found = filter_find(filter, owners[i]);
        CHECK(found == (linked[i] ? &subscriptions[i] : NULL));
        if (linked[i]) filter_unlink(pool, filter, &subscriptions[i]);
        linked[i] = false;
    }
    CHECK(filter->owners == NULL);
    filter_free(pool, filter);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void order_is_that_of_subscription(void)
{
    struct pool *pool = unit_pool();
    struct filter *filter = filter_new(pool, bytes_of("f"));
    for (int i = 0; i < 100; i++)
        filter_link(pool, filter, prepare(i));
    filter_unlink(pool, filter, &subscriptions[50]);
    int i = 0;
    LIST_EACH(at, after, &filter->subscriptions) {
        if (i == 50) i++;
        CHECK(OWNER(at, struct subscription, of_filter) == &subscriptions[i]);
        i++;
    }
    CHECK_EQ(i, 100);
    filter_free(pool, filter);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

int main(void)
{
    RUN(text_is_kept);
    RUN(churn_finds_everybody);
    RUN(order_is_that_of_subscription);
    return check_result();
}
