/* cache_test.c - what is remembered is right, bounded, and forgotten in time.
 */
#include "core/bounds.h"
#include "core/cache.h"
#include "index.h"

static char owners[8][16];
static uint32_t identifiers[] = {4, 5, 6};

static const struct session *session_of(int i)
{
    return (const struct session *)(const void *)owners[i];
}

static struct cache_key key_of(const char *topic, uint64_t hash)
{
    return (struct cache_key){hash, bytes_of(topic), false};
}

/* What topic `hash` is resolved to here. */
static struct receivers some(struct receiver *list, struct group **groups)
{
    list[0] = (struct receiver){.session = (struct session *)(void *)owners[0],
                                .qos = 1,
                                .identifier_count = 2,
                                .identifiers = identifiers};
    list[1] = (struct receiver){.session = (struct session *)(void *)owners[1]};
    list[2] = (struct receiver){.session = (struct session *)(void *)owners[2],
                                .identifier_count = 1,
                                .identifiers = identifiers + 2};
    groups[0] = (struct group *)(void *)owners[3];
    return (struct receivers){list, 3, groups, 1, false};
}

/* Offer it twice: then it is remembered. */
static void offer(struct cache *cache, const struct cache_key *key)
{
    struct receiver list[3];
    struct group *groups[1];
    const struct session *locals[] = {session_of(2)};
    struct receivers receivers = some(list, groups);
    cache_offer(cache, key, &receivers, locals, 1);
    cache_offer(cache, key, &receivers, locals, 1);
    memset(list, 0xee, sizeof list);
    memset(groups, 0xee, sizeof groups);
}

static void copies_are_whole(void)
{
    struct pool *pool = unit_pool();
    struct cache cache;
    cache_init(&cache, pool);
    size_t before = pool_bytes(pool);
    struct cache_key key = key_of("a/b", 77);
    CHECK(cache_find(&cache, &key) == NULL);
    struct receivers none = {.count = 0};
    cache_offer(&cache, &key, &none, NULL, 0);
    CHECK(cache_find(&cache, &key) == NULL);
    CHECK_EQ(pool_bytes(pool), before);
    offer(&cache, &key);
    const struct resolved *found = cache_find(&cache, &key);
    REQUIRE(found != NULL);
    const struct receivers *r = &found->receivers;
    REQUIRE(r->count == 3 && r->group_count == 1);
    CHECK(r->list[0].session == session_of(0));
    CHECK_EQ(r->list[0].qos, 1);
    CHECK_EQ(r->list[0].identifiers[1], 5);
    CHECK_EQ(r->list[2].identifiers[0], 6);
    CHECK_EQ(r->list[1].identifier_count, 0);
    CHECK((const void *)r->groups[0] == owners[3]);
    CHECK(cache_is_local(found, session_of(2)));
    CHECK(!cache_is_local(found, session_of(0)));

    /* Another topic, or the same in another way, is not it. */
    struct cache_key other = key_of("a/c", 77);
    CHECK(cache_find(&cache, &other) == NULL);
    other = key_of("a/b", 78);
    CHECK(cache_find(&cache, &other) == NULL);
    key.each = true;
    CHECK(cache_find(&cache, &key) == NULL);
    cache_fini(&cache);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void changes_are_heeded(void)
{
    struct pool *pool = unit_pool();
    struct cache cache;
    cache_init(&cache, pool);
    struct cache_key a = key_of("a", 1), b = key_of("b", 2);
    offer(&cache, &a);
    offer(&cache, &b);
    cache_drop(&cache, 1, bytes_of("x"));
    cache_drop(&cache, 3, bytes_of("a"));
    CHECK(cache_find(&cache, &a) != NULL);
    cache_drop(&cache, 1, bytes_of("a"));
    CHECK(cache_find(&cache, &a) == NULL);
    CHECK(cache_find(&cache, &b) != NULL);
    offer(&cache, &a);
    cache_outdate(&cache);
    CHECK(cache_find(&cache, &a) == NULL);
    CHECK(cache_find(&cache, &b) == NULL);
    offer(&cache, &b);
    CHECK(cache_find(&cache, &b) != NULL);

    /* Two topics of one slot: the later one stays. */
    struct cache_key c = key_of("c", 2 + TOPIC_CACHE_SLOTS);
    offer(&cache, &c);
    CHECK(cache_find(&cache, &b) == NULL);
    CHECK(cache_find(&cache, &c) != NULL);
    cache_fini(&cache);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* Two topics for each slot, in turn: soon each has a slot of its own. */
static void slots_grow_with_topics(void)
{
    enum { TOPICS = 2 * TOPIC_CACHE_SLOTS };
    struct pool *pool = unit_pool();
    struct cache cache;
    cache_init(&cache, pool);
    struct cache_key first = key_of("t", TOPICS + 1);
    offer(&cache, &first);
    CHECK_EQ(cache.slot_count, TOPIC_CACHE_SLOTS);
    struct receivers none = {.count = 0};
    for (int pass = 0; pass < 4; pass++)
        for (uint64_t i = 0; i < TOPICS; i++) {
            struct cache_key key = key_of("t", i + 1);
            cache_offer(&cache, &key, &none, NULL, 0);
        }
    CHECK_EQ(cache.slot_count, TOPICS);
    unsigned known = 0;
    for (uint64_t i = 0; i < TOPICS; i++) {
        struct cache_key key = key_of("t", i + 1);
        known += cache_find(&cache, &key) != NULL;
    }
    CHECK_EQ(known, TOPICS);
    cache_fini(&cache);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void bytes_are_bounded(void)
{
    enum { COUNT = 100000 };
    struct pool *pool = unit_pool();
    struct cache cache;
    cache_init(&cache, pool);
    struct receiver *list = calloc(COUNT, sizeof *list);
    REQUIRE(list != NULL);
    struct receivers receivers = {.list = list, .count = COUNT};
    for (uint64_t i = 0; i < 200; i++) {
        char name[TEXT_MAX];
        snprintf(name, sizeof name, "t/%d", (int)i);
        struct cache_key key = key_of(name, i + 1);
        cache_offer(&cache, &key, &receivers, NULL, 0);
        cache_offer(&cache, &key, &receivers, NULL, 0);
        CHECK(cache_find(&cache, &key) != NULL);
        CHECK(cache.bytes <= TOPIC_CACHE_BYTES_MAX);
    }
    CHECK(cache.bytes > TOPIC_CACHE_BYTES_MAX / 2);
    free(list);

    size_t huge = TOPIC_CACHE_BYTES_MAX / 4 / sizeof *list;
    list = calloc(huge, sizeof *list);
    REQUIRE(list != NULL);
    receivers = (struct receivers){.list = list, .count = (uint32_t)huge};
    struct cache_key key = key_of("huge", 9999);
    cache_offer(&cache, &key, &receivers, NULL, 0);
    cache_offer(&cache, &key, &receivers, NULL, 0);
    CHECK(cache_find(&cache, &key) == NULL);
    free(list);
    cache_fini(&cache);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

int main(void)
{
    RUN(copies_are_whole);
    RUN(changes_are_heeded);
    RUN(slots_grow_with_topics);
    RUN(bytes_are_bounded);
    return check_result();
}
