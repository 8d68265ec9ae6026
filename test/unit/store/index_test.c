/* index_test.c - the newest change of a key, and no other. */
#include "check.h"
#include "store/index.h"

static const uint8_t luck[16] = "fifteen letters";

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
    index_forget(&index, a, one);
    CHECK_EQ(index_count(&index), 2);
    index_forget(&index, a, two);
    CHECK_EQ(index_count(&index), 1);
    CHECK(!index_is(&index, a, two));
    index_forget(&index, a, two);
    index_fini(&index);
}

static void many_keys_are_kept_apart(void)
{
    enum { COUNT = 20000 };
    struct index index;
    REQUIRE(index_init(&index, luck) == OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct index_key key = index_key(&index, bytes_at(&i, sizeof i));
        index_set(&index, key, (struct index_place){i / 100, i});
    }
    CHECK_EQ(index_count(&index), COUNT);
    unsigned wrong = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct index_key key = index_key(&index, bytes_at(&i, sizeof i));
        wrong += !index_is(&index, key, (struct index_place){i / 100, i});
        if (i % 2 == 0) {
            index_forget(&index, key, (struct index_place){i / 100, i});
        }
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(index_count(&index), COUNT / 2);
    index_fini(&index);
}

int main(void)
{
    RUN(the_newest_place_counts);
    RUN(many_keys_are_kept_apart);
    return check_result();
}
