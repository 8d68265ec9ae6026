/* The map: growth while in use, removal during a walk, walks across growth. */
#include "base/map.h"
#include "base/rng.h"
#include "check.h"
#include "unit_pool.h"

enum { ITEMS = 20000 };

struct item {
    struct map_entry entry; /* first, so that the cast is plain */
    uint64_t key;
    int seen;
    bool in;
};

static struct item items[ITEMS];

static bool same_key(const struct map_entry *entry, const void *key)
{
    const struct item *item = (const void *)entry;
    return item->key == *(const uint64_t *)key;
}

/* Spread like a hash; with `narrow`, many keys share one. */
static uint64_t hash_of(uint64_t key, bool narrow)
{
    if (narrow) key %= 50;
    struct rng rng;
    rng_init(&rng, key);
    return rng_next(&rng);
}

static struct item *find(const struct map *map, uint64_t key, bool narrow)
{
    return (struct item *)(void *)map_find(map, hash_of(key, narrow), same_key,
                                           &key);
}

static void items_reset(void)
{
    memset(items, 0, sizeof items);
    for (size_t i = 0; i < ITEMS; i++) {
        items[i].key = i;
    }
}

/* The first entry with this hash, by a search that pauses. */
static struct map_entry *sought(const struct map *map, uint64_t hash)
{
    struct map_seek seek = map_seek(map, hash);
    while (!map_seek_on(&seek)) {
    }
    CHECK(map_seek_on(&seek));
    CHECK(seek.entry == NULL || seek.entry->hash == hash);
    return seek.entry;
}

static bool any(const struct map_entry *entry, const void *key)
{
    (void)entry;
    (void)key;
    return true;
}

/* A search that pauses finds what one does that waits. */
static void seek_is_as_find(void)
{
    struct pool *pool = unit_pool();
    struct map map;
    map_init(&map, pool);
    items_reset();
    CHECK(sought(&map, 1) == NULL);
    for (uint64_t i = 0; i < 3000; i++) {
        map_insert(&map, &items[i].entry, hash_of(i, i % 2 == 0));
        if (i > 300 && i % 100 != 0) continue;
        for (uint64_t k = 0; k < i + 20; k++) {
            uint64_t hash = hash_of(k, k % 2 == 0);
            if (sought(&map, hash) != map_find(&map, hash, any, NULL))
                CHECK(!"not the same");
        }
    }
    map_fini(&map);
    pool_free(pool);
}

static void empty_map(void)
{
    struct pool *pool = unit_pool();
    struct map map;
    map_init(&map, pool);
    CHECK_EQ(map.count, 0);
    CHECK(find(&map, 3, false) == NULL);
    CHECK_EQ(pool_bytes(pool), 0);
    size_t cursor = 0;
    CHECK(!map_walk(&map, &cursor, 10, NULL, NULL));
    map_fini(&map);
    pool_free(pool);
}

/* After each insertion while small, and now and then when large, every key is
 * found, at any stage of the move between tables. */
static void grows(void)
{
    struct pool *pool = unit_pool();
    struct map map;
    map_init(&map, pool);
    items_reset();
    for (uint64_t i = 0; i < ITEMS; i++) {
        map_insert(&map, &items[i].entry, hash_of(i, false));
        CHECK_EQ(map.count, i + 1);
        uint64_t step = i < 300 ? 1 : 997;
        if (i >= 300 && i % 1000 != 0) continue;
        for (uint64_t k = 0; k <= i; k += step) {
            if (find(&map, k, false) != &items[k]) CHECK(!"lost");
        }
        CHECK(find(&map, i + 1, false) == NULL);
    }
    CHECK(map.slot_count >= ITEMS / 2);
    map_fini(&map);
    CHECK_EQ(pool_bytes(pool), 0);
    map_fini(&map);
    pool_free(pool);
}

/* Random insertions and removals against a flag per key. */
static void random_use(bool narrow, uint64_t keys, int steps)
{
    struct pool *pool = unit_pool();
    struct map map;
    map_init(&map, pool);
    items_reset();
    struct rng rng;
    rng_init(&rng, 11);
    size_t count = 0;
    for (int step = 0; step < steps; step++) {
        uint64_t key = rng_below(&rng, keys);
        struct item *found = find(&map, key, narrow);
        if (found != (items[key].in ? &items[key] : NULL)) CHECK(!"not found");
        if (items[key].in) {
            map_remove(&map, &items[key].entry);
            count--;
        } else {
            map_insert(&map, &items[key].entry, hash_of(key, narrow));
            count++;
        }
        items[key].in = !items[key].in;
        if (map.count != count) CHECK(!"miscounted");
    }
    CHECK(count > 0);
    map_fini(&map);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void random_spread(void)
{
    random_use(false, 5000, 200000);
}

static void random_collisions(void)
{
    random_use(true, 1000, 50000);
}

static struct map *walked_map;

static void see(struct map_entry *entry, void *context)
{
    (void)context;
    ((struct item *)(void *)entry)->seen++;
}

/* Removes the odd ones, and frees what it removes from its links. */
static void see_and_remove_odd(struct map_entry *entry, void *context)
{
    struct item *item = (void *)entry;
    see(entry, context);
    if (item->key % 2 == 0) return;
    map_remove(walked_map, entry);
    memset(entry, 0xff, sizeof *entry);
}

static void walk_removes(void)
{
    struct pool *pool = unit_pool();
    struct map map;
    /* Sizes that leave the map at rest, and in the middle of a move. */
    for (uint64_t size = 1; size < 600; size += 7) {
        map_init(&map, pool);
        walked_map = &map;
        items_reset();
        for (uint64_t i = 0; i < size; i++) {
            map_insert(&map, &items[i].entry, hash_of(i, false));
        }
        size_t cursor = 0;
        while (map_walk(&map, &cursor, 3, see_and_remove_odd, NULL)) {
        }
        CHECK_EQ(cursor, 0);
        CHECK_EQ(map.count, (size + 1) / 2);
        for (uint64_t i = 0; i < size; i++) {
            if (items[i].seen != 1) CHECK(!"seen once when nothing grows");
            struct item *want = i % 2 == 0 ? &items[i] : NULL;
            if (find(&map, i, false) != want) CHECK(!"removed wrongly");
        }
        map_fini(&map);
    }
    pool_free(pool);
}

/* What is in the map from the first call of a walk to the last is seen, while
 * others are inserted between the calls and the table doubles several times. */
static void walk_across_growth(void)
{
    struct pool *pool = unit_pool();
    struct map map;
    for (uint64_t start = 1; start < 200; start++) {
        map_init(&map, pool);
        items_reset();
        for (uint64_t i = 0; i < start; i++) {
            map_insert(&map, &items[i].entry, hash_of(i, false));
        }
        size_t cursor = 0;
        uint64_t next = start;
        while (map_walk(&map, &cursor, 1 + start % 4, see, NULL)) {
            for (uint64_t i = 0; i < start % 5 && next < 3000; i++, next++) {
                map_insert(&map, &items[next].entry, hash_of(next, false));
            }
        }
        for (uint64_t i = 0; i < start; i++) {
            if (items[i].seen < 1) CHECK(!"missed by the walk");
        }
        map_fini(&map);
    }
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* A call stays within the slots that it was allowed. */
static void walk_is_bounded(void)
{
    struct pool *pool = unit_pool();
    struct map map;
    map_init(&map, pool);
    items_reset();
    for (uint64_t i = 0; i < 1000; i++) {
        map_insert(&map, &items[i].entry, hash_of(i, false));
    }
    size_t cursor = 0;
    CHECK(map_walk(&map, &cursor, 10, see, NULL));
    CHECK_EQ(cursor, 10);
    CHECK(map_walk(&map, &cursor, 0, see, NULL));
    CHECK_EQ(cursor, 11);
    CHECK(!map_walk(&map, &cursor, SIZE_MAX, see, NULL));
    map_fini(&map);
    pool_free(pool);
}

int main(void)
{
    RUN(empty_map);
    RUN(grows);
    RUN(seek_is_as_find);
    RUN(random_spread);
    RUN(random_collisions);
    RUN(walk_removes);
    RUN(walk_across_growth);
    RUN(walk_is_bounded);
    return check_result();
}
