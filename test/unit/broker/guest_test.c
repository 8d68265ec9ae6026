/* guest_test.c - slots are given, found, and given again. */
#include "broker/guest.h"
#include "check.h"
#include "unit_pool.h"

enum { MANY = 1000 };

static void slots_are_used_again(void)
{
    struct pool *pool = unit_pool();
    struct guests guests;
    guests_init(&guests, pool);
    CHECK(guest_find(&guests, (struct conn_id){0}) == NULL);
    struct guest *list[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        list[i] = guest_new(&guests);
        CHECK_EQ(list[i]->id.v, i);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        CHECK(guest_find(&guests, (struct conn_id){i}) == list[i]);
    }
    CHECK(guest_find(&guests, (struct conn_id){UINT32_MAX}) == NULL);
    guest_free(&guests, list[7]);
    CHECK(guest_find(&guests, (struct conn_id){7}) == NULL);
    list[7] = guest_new(&guests);
    CHECK_EQ(list[7]->id.v, 7);
    CHECK_EQ(guests.slots.count, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        guest_free(&guests, list[i]);
    guests_fini(&guests);
    pool_free(pool);
}

int main(void)
{
    RUN(slots_are_used_again);
    return check_result();
}
