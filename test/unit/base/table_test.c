/* table_test.c - against an array that is as large as can be. */
#include "base/rng.h"
#include "base/table.h"
#include "check.h"
#include "unit_pool.h"

enum { MOST = 20000, STEPS = 200000 };

static uint16_t things[MOST];
static void *wanted[MOST];

static void numbers_are_used_again_last_first(void)
{
    struct pool *pool = unit_pool();
    struct table table;
    table_init(&table, pool);
    CHECK(table_get(&table, 0) == NULL);
    for (uint32_t i = 0; i < 2000; i++)
        CHECK_EQ(table_add(&table, &things[i]), i);
    table_remove(&table, 7);
    table_remove(&table, 1999);
    CHECK(table_get(&table, 7) == NULL);
    CHECK(table_get(&table, 1999) == NULL);
    CHECK_EQ(table_add(&table, &things[0]), 1999);
    CHECK_EQ(table_add(&table, &things[0]), 7);
    CHECK_EQ(table_add(&table, &things[0]), 2000);
    CHECK_EQ(table.count, 2001);
    table_fini(&table);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void what_was_added_is_found(void)
{
    struct pool *pool = unit_pool();
    struct table table;
    struct rng rng;
    rng_init(&rng, 5);
    table_init(&table, pool);
    uint32_t count = 0;
    for (int step = 0; step < STEPS; step++) {
        uint32_t number = (uint32_t)rng_below(&rng, MOST);
        if (wanted[number] != NULL) {
            CHECK(table_get(&table, number) == wanted[number]);
            table_remove(&table, number);
            wanted[number] = NULL;
            count--;
        } else {
            void *thing = &things[rng_below(&rng, MOST)];
            uint32_t got = table_add(&table, thing);
            REQUIRE(got < MOST && wanted[got] == NULL);
            wanted[got] = thing;
            count++;
        }
        CHECK_EQ(table.count, count);
    }
    CHECK(count > 0);
    for (uint32_t i = 0; i < MOST; i++)
        CHECK(table_get(&table, i) == wanted[i]);
    table_fini(&table);
    pool_free(pool);
}

static void others_may_choose_the_number(void)
{
    struct pool *pool = unit_pool();
    struct table table;
    table_init(&table, pool);
    table_put(&table, 12345, &things[1]);
    CHECK(table_get(&table, 12345) == &things[1]);
    CHECK(table_get(&table, 12344) == NULL);
    CHECK(table_get(&table, UINT32_MAX) == NULL);
    table_put(&table, 3, &things[2]);
    table_clear(&table, 12345);
    CHECK(table_get(&table, 12345) == NULL);
    CHECK(table_get(&table, 3) == &things[2]);
    CHECK_EQ(table.count, 1);
    table_fini(&table);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* Whatever the number: it is but a hint. */
static void any_number_may_be_fetched(void)
{
    struct pool *pool = unit_pool();
    struct table table;
    table_init(&table, pool);
    table_fetch(&table, 0, 1);
    uint32_t first = table_add(&table, &things[0]);
    uint32_t second = table_add(&table, &things[1]);
    table_remove(&table, first);
    table_fetch(&table, first, 3);
    table_fetch(&table, second, 3);
    table_fetch(&table, second + 1, 3);
    table_fetch(&table, UINT32_MAX, 3);
    CHECK(table_get(&table, second) == &things[1]);
    table_fini(&table);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

int main(void)
{
    RUN(numbers_are_used_again_last_first);
    RUN(what_was_added_is_found);
    RUN(others_may_choose_the_number);
    RUN(any_number_may_be_fetched);
    return check_result();
}
