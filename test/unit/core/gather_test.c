/* gather_test.c - subscriptions of one session are taken together. */
#include "core/filter.h"
#include "core/gather.h"
#include "index.h"

static char owners[70000][16];
static struct subscription subscriptions[140000];

static struct session *session_of(int i)
{
    return (struct session *)(void *)owners[i];
}

static struct group *group_of(int i)
{
    return (struct group *)(void *)owners[i];
}

static struct subscription *give(struct pool *pool, struct filter *filter,
                                 struct subscription *s)
{
    s->filter = NULL;
    filter_link(pool, filter, s);
    return s;
}

static void options_are_taken_together(void)
{
    struct pool *pool = unit_pool();
    struct filter *f = filter_new(pool, bytes_of("a"));
    struct filter *g = filter_new(pool, bytes_of("+"));
    struct subscription s[] = {
        {.session = session_of(1), .options = {.qos = 1, .identifier = 7}},
        {.session = session_of(2), .options = {.qos = 2, .no_local = true}},
        {.group = group_of(3), .of_group = true},
        {.session = session_of(2),
         .options = {.retain_as_published = true, .no_local = true}},
        {.session = session_of(1), .options = {.qos = 2, .identifier = 5}},
        {.session = session_of(4), .options = {.identifier = 9}},
    };
    for (int i = 0; i < 6; i++)
        give(pool, i < 3 ? f : g, &s[i]);
    struct gather gather;
    gather_init(&gather, pool);
    gather_begin(&gather, NULL, true, 6);
    gather_filter(&gather, f);
    gather_filter(&gather, g);
    struct receivers all = gather_end(&gather);
    REQUIRE(all.count == 3 && all.group_count == 1);
    CHECK(all.groups[0] == group_of(3));
    CHECK(all.list[0].session == session_of(1));
    CHECK_EQ(all.list[0].qos, 2);
    CHECK(!all.list[0].retain_as_published && !all.list[0].no_local);
    REQUIRE(all.list[0].identifier_count == 2);
    CHECK_EQ(all.list[0].identifiers[0], 7);
    CHECK_EQ(all.list[0].identifiers[1], 5);
    CHECK(all.list[1].session == session_of(2));
    CHECK_EQ(all.list[1].qos, 2);
    CHECK(all.list[1].retain_as_published && all.list[1].no_local);
    CHECK_EQ(all.list[1].identifier_count, 0);
    CHECK(all.list[2].session == session_of(4));
    CHECK_EQ(all.list[2].identifiers[0], 9);
    size_t locals;
    CHECK(gather_locals(&gather, &locals)[0] == session_of(2));
    CHECK_EQ(locals, 2);
    CHECK(!gather.skipped);

    /* The publisher gets nothing by no-local; everybody else as before. */
    gather_begin(&gather, session_of(2), true, 6);
    gather_filter(&gather, f);
    gather_filter(&gather, g);
    all = gather_end(&gather);
    CHECK_EQ(all.count, 2);
    CHECK(gather.skipped);

    /* Not merged: a receiver for each subscription. */
    gather_begin(&gather, NULL, false, 6);
    gather_filter(&gather, f);
    gather_filter(&gather, g);
    all = gather_end(&gather);
    REQUIRE(all.count == 5);
    CHECK_EQ(all.list[0].identifiers[0], 7);
    CHECK_EQ(all.list[3].identifiers[0], 5);
    CHECK_EQ(all.list[3].identifier_count, 1);
    gather_fini(&gather);
    filter_free(pool, f);
    filter_free(pool, g);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* Two filters of 70,000 sessions each, in different orders. */
static void many_are_merged(void)
{
    enum { COUNT = 70000 };
    struct pool *pool = unit_pool();
    struct filter *f = filter_new(pool, bytes_of("a"));
    struct filter *g = filter_new(pool, bytes_of("+"));
    for (int i = 0; i < COUNT; i++) {
        subscriptions[i] = (struct subscription){.session = session_of(i)};
        give(pool, f, &subscriptions[i]);
        struct subscription *s = &subscriptions[COUNT + i];
        *s = (struct subscription){.session = session_of(COUNT - 1 - i)};
        s->options =
            (struct subscription_options){.qos = i % 3, .identifier = 1 + i};
        give(pool, g, s);
    }
    struct gather gather;
    gather_init(&gather, pool);
    for (int round = 0; round < 3; round++) {
        gather_begin(&gather, NULL, true, 2 * COUNT);
        gather_filter(&gather, f);
        gather_filter(&gather, g);
        struct receivers all = gather_end(&gather);
        REQUIRE(all.count == COUNT);
        int wrong = 0;
        for (int i = 0; i < COUNT; i++) {
            const struct receiver *r = &all.list[i];
            int other = COUNT - 1 - i;
            wrong += r->session != session_of(i) || r->qos != other % 3 ||
                     r->identifier_count != 1 ||
                     r->identifiers[0] != (uint32_t)other + 1;
        }
        CHECK_EQ(wrong, 0);
    }
    /* When turns wrap around, old marks must not come alive. */
    gather.turn = UINT32_MAX;
    gather_begin(&gather, NULL, true, 2 * COUNT);
    gather_filter(&gather, g);
    CHECK_EQ(gather_end(&gather).count, COUNT);
    gather_fini(&gather);
    filter_free(pool, f);
    filter_free(pool, g);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

int main(void)
{
    RUN(options_are_taken_together);
    RUN(many_are_merged);
    return check_result();
}
