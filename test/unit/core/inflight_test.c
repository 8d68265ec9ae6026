/* inflight_test.c - packet ids are unique, found, and go round. */
#include "core/delivery.h"
#include "core/inflight.h"
#include "unit_pool.h"

enum { MANY = 65535 };

static struct pool *pool;

/* Fresh deliveries, and their end. */
static void deliveries_new(struct delivery **d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        d[i] = pool_take(pool, sizeof *d[i]);
        *d[i] = (struct delivery){.qos = 1};
    }
}

static void deliveries_free(struct delivery **d, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pool_give(pool, d[i], sizeof *d[i]);
}

/* Ids count up from 1; one that is given back is not the next. [MQTT-2.2.1-4]
 */
static void counts_up(void)
{
    struct inflight ids = {0};
    struct delivery *d[3];
    deliveries_new(d, 3);
    CHECK(inflight_find(&ids, 1) == NULL);
    for (int i = 0; i < 2; i++)
        inflight_take(&ids, pool, d[i]);
    CHECK_EQ(d[0]->packet_id, 1);
    CHECK_EQ(d[1]->packet_id, 2);
    CHECK(inflight_find(&ids, 2) == d[1]);
    inflight_give(&ids, d[0]);
    CHECK(inflight_find(&ids, 1) == NULL);
    inflight_give(&ids, d[2]); /* has none */
    CHECK_EQ(ids.used, 1);
    inflight_take(&ids, pool, d[2]);
    CHECK_EQ(d[2]->packet_id, 3);
    inflight_give(&ids, d[1]);
    inflight_give(&ids, d[2]);
    inflight_fini(&ids, pool);
    deliveries_free(d, 3);
}

/* All there are, each once; then the one that is free, after 65,535. */
static void all(void)
{
    static struct delivery *d[MANY];
    static bool seen[MANY + 1];
    struct inflight ids = {0};
    deliveries_new(d, MANY);
    for (int i = 0; i < MANY; i++) {
        inflight_take(&ids, pool, d[i]);
        CHECK(d[i]->packet_id != 0 && !seen[d[i]->packet_id]);
        seen[d[i]->packet_id] = true;
    }
    CHECK_EQ(ids.used, MANY);
    inflight_give(&ids, d[700]);
    uint16_t freed = d[700]->packet_id;
    d[700]->packet_id = 0;
    inflight_take(&ids, pool, d[700]);
    CHECK_EQ(d[700]->packet_id, freed);
    for (int i = 0; i < MANY; i++)
        inflight_give(&ids, d[i]);
    inflight_fini(&ids, pool);
    CHECK(ids.slots == NULL);
    deliveries_free(d, MANY);
}

/* Those that come back from the disk have their ids, however far apart. */
static void put(void)
{
    enum { NEXT = 5, TWICE, COUNT };
    struct inflight ids = {0};
    static const uint16_t PUT[] = {65535, 1, 9, 17, 32768};
    struct delivery *d[COUNT];
    deliveries_new(d, COUNT);
    for (int i = 0; i < 5; i++) {
        d[i]->packet_id = PUT[i];
        CHECK(inflight_put(&ids, pool, d[i]));
    }
    d[TWICE]->packet_id = 9;
    CHECK(!inflight_put(&ids, pool, d[TWICE]));
    for (int i = 0; i < 5; i++)
        CHECK(inflight_find(&ids, PUT[i]) == d[i]);
    CHECK(inflight_find(&ids, 2) == NULL);
    inflight_take(&ids, pool, d[NEXT]);
    /* 32,769 would have the slot of 1. */
    CHECK_EQ(d[NEXT]->packet_id, 32770);
    for (int i = 0; i <= NEXT; i++)
        inflight_give(&ids, d[i]);
    inflight_fini(&ids, pool);
    deliveries_free(d, COUNT);
}

int main(void)
{
    pool = unit_pool();
    RUN(counts_up);
    RUN(all);
    RUN(put);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
    return check_result();
}
