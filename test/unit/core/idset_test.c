/* idset_test.c - a set of packet ids, small and large. */
#include "core/idset.h"
#include "unit_pool.h"

static struct pool *pool;

static void count_up(uint16_t id, void *context)
{
    uint64_t *sum = context;
    *sum += id;
}

static uint64_t sum_of(const struct idset *set)
{
    uint64_t sum = 0;
    idset_each(set, count_up, &sum);
    return sum;
}

static void few(void)
{
    struct idset set;
    idset_init(&set);
    CHECK(!idset_has(&set, 1));
    CHECK(!idset_remove(&set, pool, 1));
    idset_add(&set, pool, 1);
    idset_add(&set, pool, 65535);
    idset_add(&set, pool, 7);
    CHECK(idset_has(&set, 1) && idset_has(&set, 65535) && idset_has(&set, 7));
    CHECK(!idset_has(&set, 2));
    CHECK_EQ(sum_of(&set), 1 + 65535 + 7);
    CHECK(idset_remove(&set, pool, 1));
    CHECK(!idset_remove(&set, pool, 1));
    CHECK_EQ(set.count, 2);
    CHECK(idset_has(&set, 65535) && idset_has(&set, 7));
    CHECK(idset_remove(&set, pool, 7) && idset_remove(&set, pool, 65535));
    CHECK_EQ(set.count, 0);
}

/* Across the border between list and bits, there and back. */
static void border(void)
{
    struct idset set;
    idset_init(&set);
    for (uint16_t id = 1; id <= IDSET_LIST_MAX; id++)
        idset_add(&set, pool, id);
    CHECK(set.bits == NULL);
    idset_add(&set, pool, 40000);
    CHECK(set.bits != NULL);
    for (uint16_t id = 1; id <= IDSET_LIST_MAX; id++)
        CHECK(idset_has(&set, id));
    CHECK(idset_has(&set, 40000) && !idset_has(&set, 39999));
    CHECK_EQ(sum_of(&set), IDSET_LIST_MAX * (IDSET_LIST_MAX + 1) / 2 + 40000);
    CHECK(idset_remove(&set, pool, 40000));
    for (uint16_t id = 1; id <= IDSET_LIST_MAX; id++)
        CHECK(idset_remove(&set, pool, id));
    CHECK(set.bits == NULL && set.list == NULL);
}

static void all(void)
{
    struct idset set;
    idset_init(&set);
    for (uint32_t id = 1; id <= 65535; id++)
        idset_add(&set, pool, (uint16_t)id);
    CHECK_EQ(set.count, 65535);
    CHECK(!idset_has(&set, 0));
    CHECK_EQ(sum_of(&set), UINT64_C(65535) * 65536 / 2);
    idset_fini(&set, pool);
    CHECK(!idset_has(&set, 1));
}

int main(void)
{
    pool = unit_pool();
    size_t base = pool_bytes(pool);
    RUN(few);
    CHECK_EQ(pool_bytes(pool), base);
    RUN(border);
    CHECK_EQ(pool_bytes(pool), base);
    RUN(all);
    CHECK_EQ(pool_bytes(pool), base);
    pool_free(pool);
    return check_result();
}
