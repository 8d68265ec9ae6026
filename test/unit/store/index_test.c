/* index_test.c - the newest change of a key, and no other. */
#include "check.h"
#include "store/index.h"

static const uint8_t luck[16] = "fifteen letters";

/* All up to `segment` is in LMDB. */
static void sweep(struct index *index, uint64_t segment)
{
    for (size_t part = 0; part < INDEX_PARTS; part++)
        index_sweep(index, part, segment);
}

static void the_newest_place_counts(void)
{
    struct index index;
    REQUIRE(index_init(&index, luck) == OK);
    struct index_key a = index_key(&index, bytes_of("a"));
    struct index_key b = index_key(&index, bytes_of("b"));
    struct index_place one = {1, 100}, two = {2, 100}, three = {2, 104};
    CHECK(!index_is(&index, a, one));
    index_set(&index, a, one);
    index_set(&index, b, one);
    index_set(&index, a, two);
    CHECK_EQ(index_count(&index), 2);
    CHECK(!index_is(&index, a, one));
    CHECK(index_is(&index, a, two));
    CHECK(!index_is(&index, a, three));
    CHECK(index_is(&index, b, one));
    sweep(&index, 1);
    CHECK_EQ(index_count(&index), 1);
    CHECK(index_is(&index, a, two));
    CHECK(!index_is(&index, b, one));
    sweep(&index, 2);
    CHECK_EQ(index_count(&index), 0);
    CHECK(!index_is(&index, a, two));
    sweep(&index, 2);
    index_set(&index, a, three);
    CHECK(index_is(&index, a, three));
    index_fini(&index);
}

static void many_keys_are_kept_apart(void)
{
    enum { COUNT = 20000 };
    struct index index;
    REQUIRE(index_init(&index, luck) == OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct index_key key = index_key(&index, bytes_at(&i, sizeof i));
        index_set(&index, key, (struct index_place){i / 100 + 1, i});
    }
    CHECK_EQ(index_count(&index), COUNT);
    unsigned wrong = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct index_key key = index_key(&index, bytes_at(&i, sizeof i));
        wrong += !index_is(&index, key, (struct index_place){i / 100 + 1, i});
    }
    CHECK_EQ(wrong, 0);
    sweep(&index, COUNT / 200);
    CHECK_EQ(index_count(&index), COUNT / 2);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct index_key key = index_key(&index, bytes_at(&i, sizeof i));
        struct index_place place = {i / 100 + 1, i};
        wrong += index_is(&index, key, place) != (i >= COUNT / 2);
    }
    CHECK_EQ(wrong, 0);
    index_fini(&index);
}

/* What an index of few keys should know, slowly. */
struct known {
    uint32_t segment, offset, holders, changes;
};

enum { KEYS = 300 };

static struct index_key numbered(const struct index *index, uint32_t i)
{
    return index_key(index, bytes_at(&i, sizeof i));
}

static void known_counted(struct index *index, struct known *known, uint32_t i,
                          uint32_t luck_now)
{
    struct index_key key = numbered(index, i);
    struct index_place place = {luck_now % 5 + 1, luck_now};
    switch (luck_now / 5 % 3) {
    case 0:
        index_hold(index, key, place, true);
        *known = (struct known){(uint32_t)place.segment, place.offset,
                                known->holders + 1, known->changes + 1};
        return;
    case 1:
        index_drop(index, key);
        known->changes += 1;
        known->holders -= known->holders > 0;
        return;
    default:
        if (known->changes == 0) return;
        index_settle(index, key, known->segment);
        known->segment = 0;
        known->changes -= 1;
        if (known->changes == 0) *known = (struct known){0};
    }
}

static void known_plain(struct index *index, struct known *known, uint32_t i,
                        uint32_t luck_now)
{
    struct index_key key = numbered(index, i);
    struct index_place place = {luck_now % 5 + 1, luck_now};
    index_set(index, key, place);
    *known = (struct known){(uint32_t)place.segment, place.offset, 0, 0};
}

static void known_sweep(struct index *index, struct known *all,
                        uint32_t segment)
{
    sweep(index, segment);
    for (uint32_t i = 0; i < KEYS; i++) {
        if (all[i].changes == 0 && all[i].segment <= segment) {
            all[i] = (struct known){0};
        }
    }
}

static unsigned known_wrong(const struct index *index, const struct known *all)
{
    unsigned wrong = 0;
    size_t count = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        struct index_key key = numbered(index, i);
        struct index_place place = {0, 0};
        bool there = all[i].segment != 0 || all[i].changes != 0;
        bool found = index_find(index, key, &place);
        count += there;
        wrong += found != (all[i].segment != 0);
        wrong += found && place.offset != all[i].offset;
        wrong += found && place.segment != all[i].segment;
        wrong += index_dead(index, key) != (there && all[i].holders == 0);
    }
    return wrong + (index_count(index) != count);
}

static void it_agrees_with_a_simple_one(void)
{
    static struct known all[KEYS];
    struct index index;
    REQUIRE(index_init(&index, luck) == OK);
    uint64_t state = 1;
    unsigned wrong = 0;
    for (int step = 0; step < 60000; step++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t now = (uint32_t)(state >> 33);
        uint32_t i = now % KEYS;
        if (i % 2 == 0) {
            known_counted(&index, &all[i], i, now / KEYS);
        } else {
            known_plain(&index, &all[i], i, now / KEYS);
        }
        if (step % 100 == 0) wrong += known_wrong(&index, all);
        if (step % 500 != 0) continue;
        known_sweep(&index, all, now / KEYS % 5);
        wrong += known_wrong(&index, all);
    }
    CHECK_EQ(wrong, 0);
    index_fini(&index);
}

static size_t capacity_of(const struct index *index)
{
    size_t capacity = 0;
    for (size_t i = 0; i < INDEX_PARTS; i++)
        capacity += index->parts[i].capacity;
    return capacity;
}

static void what_is_forgotten_takes_no_memory(void)
{
    enum { COUNT = 200000 };
    struct index index;
    REQUIRE(index_init(&index, luck) == OK);
    for (uint32_t i = 0; i < COUNT; i++)
        index_set(&index, numbered(&index, i), (struct index_place){1, i});
    size_t most = capacity_of(&index) * 32;
    CHECK(most < COUNT * 100);
    CHECK(most > COUNT * 32);
    sweep(&index, 1);
    CHECK_EQ(index_count(&index), 0);
    CHECK(capacity_of(&index) * 32 < most / 50);
    index_fini(&index);
}

int main(void)
{
    RUN(the_newest_place_counts);
    RUN(many_keys_are_kept_apart);
    RUN(it_agrees_with_a_simple_one);
    RUN(what_is_forgotten_takes_no_memory);
    return check_result();
}
