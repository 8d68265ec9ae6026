/* crowd_test.c - all who are added are there, in order. */
#include "broker/crowd.h"
#include "check.h"
#include "unit_pool.h"

static void keeps_order(void)
{
    struct pool *pool = unit_pool();
    struct crowd crowd = {0};
    for (uint32_t i = 0; i < 1000; i++)
        crowd_add(&crowd, pool, (struct conn_id){i * 3});
    CHECK_EQ(crowd.count, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        CHECK_EQ(crowd.list[i].v, i * 3);
    crowd_fini(&crowd, pool);
    CHECK_EQ(crowd.count, 0);
    CHECK_EQ(pool_bytes(pool), 0);
    crowd_fini(&crowd, pool);
    pool_free(pool);
}

int main(void)
{
    RUN(keeps_order);
    return check_result();
}
