/* hot_test.c - topic names that were published lately. */
#include "core/bounds.h"
#include "core/hot.h"
#include "unit_pool.h"

static const struct hash_key key = {3, 4};

/* What was remembered is found, by its text alone, with its hash. */
static void found_again(void)
{
    struct pool *pool = unit_pool();
    size_t empty = pool_bytes(pool);
    struct hot hot;
    hot_init(&hot, pool, key);
    size_t base = pool_bytes(pool);
    struct bytes topic = bytes_of("house/bedroom/light");
    CHECK(hot_find(&hot, topic) == NULL);
    struct hot_topic *known = hot_remember(&hot, topic);
    CHECK(known != NULL);
    CHECK(known->hash == hash_bytes(&key, topic));
    CHECK(hot_find(&hot, bytes_of("house/bedroom/light")) == known);
    CHECK(hot_find(&hot, bytes_of("house/kitchen/light")) == NULL);
    CHECK(hot_find(&hot, bytes_at("", 0)) == NULL);
    CHECK(pool_bytes(pool) > base);
    hot_fini(&hot);
    CHECK_EQ(pool_bytes(pool), empty);
    pool_free(pool);
}

/* The hash is the same whether a name can be remembered or not. */
static void hash_of_any_length(void)
{
    struct pool *pool = unit_pool();
    size_t empty = pool_bytes(pool);
    struct hot hot;
    hot_init(&hot, pool, key);
    static char text[HOT_TOPIC_BYTES_MAX + 10];
    memset(text, 'a', sizeof text);
    for (size_t size = 1; size <= sizeof text; size++) {
        struct bytes topic = bytes_at(text, size);
        CHECK(hot_hash(&hot, topic) == hash_bytes(&key, topic));
        CHECK(hot_hash(&hot, topic) == hash_bytes(&key, topic));
        bool fits = size <= HOT_TOPIC_BYTES_MAX;
        CHECK((hot_find(&hot, topic) != NULL) == fits);
    }
    hot_fini(&hot);
    CHECK_EQ(pool_bytes(pool), empty);
    pool_free(pool);
}

static struct bytes device(char text[32], int number)
{
    int size = snprintf(text, 32, "device/%d/state", number);
    return bytes_at(text, (size_t)size);
}

/* More names than slots, again and again: soon there are slots for most. */
static void slots_grow_with_names(void)
{
    enum { NAMES = 2 * HOT_TOPIC_SLOTS };
    struct pool *pool = unit_pool();
    size_t empty = pool_bytes(pool);
    struct hot hot;
    hot_init(&hot, pool, key);
    char text[32];
    for (int i = 0; i < HOT_TOPIC_SLOTS / 2; i++)
        (void)hot_hash(&hot, device(text, i));
    CHECK_EQ(hot.slot_count, HOT_TOPIC_SLOTS);
    for (int i = 0; i < 20 * NAMES; i++)
        (void)hot_hash(&hot, device(text, i % NAMES));
    CHECK_EQ(hot.slot_count, HOT_TOPIC_SLOTS_MAX);
    int known = 0;
    for (int i = 0; i < NAMES; i++)
        known += hot_find(&hot, device(text, i)) != NULL;
    CHECK(known > NAMES * 3 / 4);
    hot_fini(&hot);
    CHECK_EQ(pool_bytes(pool), empty);
    pool_free(pool);
}

static struct bytes between(char text[32], const char *const around[2],
                            int number)
{
    int size = snprintf(text, 32, "%s%03d%s", around[0], number, around[1]);
    return bytes_at(text, (size_t)size);
}

/* Names that differ in few characters, wherever these are, do not share
 * slots more than by chance. */
static void alike_names_are_apart(void)
{
    enum { NAMES = 1000 };
    static const char *const around[][2] = {
        {"bench/x/", ""},  {"", ""},     {"dev/1", "/of/a/house"},
        {"dev", "/house"}, {"a/", "/b"}, {"sensors/of/a/house/", ""}};
    for (size_t f = 0; f < sizeof around / sizeof around[0]; f++) {
        struct pool *pool = unit_pool();
        struct hot hot;
        hot_init(&hot, pool, key);
        char text[32];
        int known = 0;
        for (int i = 0; i < NAMES; i++)
            (void)hot_hash(&hot, between(text, around[f], i));
        for (int i = 0; i < NAMES; i++)
            known += hot_find(&hot, between(text, around[f], i)) != NULL;
        CHECK(known > NAMES * 4 / 5);
        hot_fini(&hot);
        pool_free(pool);
    }
}

/* However many names come, memory is bounded, and each hash is right. */
static void more_names_than_slots(void)
{
    struct pool *pool = unit_pool();
    size_t empty = pool_bytes(pool);
    struct hot hot;
    hot_init(&hot, pool, key);
    size_t base = pool_bytes(pool);
    for (int i = 0; i < 10 * HOT_TOPIC_SLOTS_MAX; i++) {
        char text[32];
        struct bytes topic = device(text, i);
        CHECK(hot_hash(&hot, topic) == hash_bytes(&key, topic));
    }
    size_t each = sizeof(struct hot_topic *) + sizeof(struct hot_topic) + 32;
    CHECK(pool_bytes(pool) - base <= HOT_TOPIC_SLOTS_MAX * each);
    hot_fini(&hot);
    CHECK_EQ(pool_bytes(pool), empty);
    pool_free(pool);
}

int main(void)
{
    RUN(found_again);
    RUN(hash_of_any_length);
    RUN(slots_grow_with_names);
    RUN(alike_names_are_apart);
    RUN(more_names_than_slots);
    return check_result();
}
