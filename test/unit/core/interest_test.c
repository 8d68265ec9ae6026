/* interest_test.c - sets of shards against a plain loop over all filters. */
#include "core/interest.h"
#include "index.h"
#include "wire/topic.h"

enum { WISHES = 120 };

/* One shard's wish for one filter. */
struct wish {
    char filter[TEXT_MAX];
    uint16_t shard;
    bool on;
};

static void sets_are_told_once_or_often(void)
{
    struct pool *pool = unit_pool();
    struct interest *interest = interest_new(pool, test_key);
    static const char *const filters[] = {"a/b", "a/+", "#"};
    for (int i = 0; i < 3; i++) {
        struct bytes filter = bytes_of(filters[i]), topic = bytes_of("a/b");
        CHECK_EQ(interest_match(interest, topic), 0);
        uint64_t version = interest_version(interest);
        interest_set(interest, filter, 5, false);
        CHECK_EQ(interest_version(interest), version);
        interest_set(interest, filter, 5, true);
        interest_set(interest, filter, 63, true);
        CHECK_EQ(interest_version(interest), version + 2);
        interest_set(interest, filter, 5, true);
        CHECK_EQ(interest_version(interest), version + 2);
        CHECK(interest_match(interest, topic) ==
              ((uint64_t)1 << 63 | (uint64_t)1 << 5));
        CHECK_EQ(interest_match(interest, bytes_of("$a/b")), 0);
        interest_set(interest, filter, 63, false);
        CHECK_EQ(interest_match(interest, topic), 1 << 5);
        interest_set(interest, filter, 5, false);
        CHECK_EQ(interest_version(interest), version + 4);
        CHECK_EQ(interest_match(interest, topic), 0);
    }
    interest_free(interest);
    interest_free(NULL);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static bool wished(const struct wish *wishes, const char *filter,
                   uint16_t shard)
{
    for (int i = 0; i < WISHES; i++) {
        if (wishes[i].on && wishes[i].shard == shard &&
            strcmp(wishes[i].filter, filter) == 0) {
            return true;
        }
    }
    return false;
}

static void churn_is_as_plain(void)
{
    struct pool *pool = unit_pool();
    struct interest *interest = interest_new(pool, test_key);
    static struct wish wishes[WISHES];
    for (int step = 0; step < 20000; step++) {
        struct wish *wish = &wishes[test_random(WISHES)];
        if (wish->on) {
            wish->on = false;
            if (!wished(wishes, wish->filter, wish->shard)) {
                interest_set(interest, bytes_of(wish->filter), wish->shard,
                             false);
            }
        } else {
            struct bytes filter = test_text(wish->filter, true);
            wish->shard = (uint16_t)test_random(64);
            wish->on = true;
            interest_set(interest, filter, wish->shard, true);
        }
        char name[TEXT_MAX];
        struct bytes topic = test_text(name, false);
        uint64_t want = 0;
        for (int i = 0; i < WISHES; i++) {
            if (!wishes[i].on) continue;
            if (!topic_matches(bytes_of(wishes[i].filter), topic)) continue;
            want |= (uint64_t)1 << wishes[i].shard;
        }
        CHECK(interest_match(interest, topic) == want);
    }
    for (int i = 0; i < WISHES; i++) {
        if (!wishes[i].on) continue;
        interest_set(interest, bytes_of(wishes[i].filter), wishes[i].shard,
                     false);
    }
    CHECK_EQ(interest_match(interest, bytes_of("a/b")), 0);
    interest_free(interest);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* 100,000 filters HEAD number TAIL take at most `bytes_max` each. When they are
 * withdrawn only the table stays, whose slots are not given back. */
static void check_bytes_each(const char *head, const char *tail,
                             size_t bytes_max)
{
    enum { COUNT = 100000 };
    struct pool *pool = unit_pool();
    struct interest *interest = interest_new(pool, test_key);
    size_t before = pool_bytes(pool);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            char name[TEXT_MAX];
            snprintf(name, sizeof name, "%s%06d%s", head, i, tail);
            interest_set(interest, bytes_of(name), 3, round == 0);
        }
        size_t each = (pool_bytes(pool) - before) / COUNT;
        if (round == 0) fprintf(stderr, "%zu bytes a filter\n", each);
        CHECK(each <= (round == 0 ? bytes_max : 16));
    }
    before = pool_bytes(pool);
    for (int i = 0; i < 1000; i++) {
        char name[TEXT_MAX];
        snprintf(name, sizeof name, "site/7/dev/%06d", i);
        CHECK_EQ(interest_match(interest, bytes_of(name)), 0);
    }
    CHECK_EQ(pool_bytes(pool), before);
    interest_free(interest);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void memory_is_bounded(void)
{
    check_bytes_each("site/7/dev/", "", 64);
    check_bytes_each("site/7/dev/", "/#", 96);
    check_bytes_each("site/+/dev/", "", 96);
}

int main(void)
{
    RUN(sets_are_told_once_or_often);
    RUN(churn_is_as_plain);
    RUN(memory_is_bounded);
    return check_result();
}
