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

/* A guest that goes is in no list of its host's any more. */
static void freed_guests_leave_all_lists(void)
{
    struct pool *pool = unit_pool();
    struct guests guests;
    guests_init(&guests, pool);
    struct link lists[4];
    for (int i = 0; i < 4; i++)
        list_init(&lists[i]);
    struct guest *guest = guest_new(&guests);
    list_push(&lists[0], &guest->of_output);
    list_push(&lists[1], &guest->of_posted);
    list_push(&lists[2], &guest->of_paused);
    list_push(&lists[3], &guest->of_written);
    guest_free(&guests, guest);
    for (int i = 0; i < 4; i++)
        CHECK(list_empty(&lists[i]));
    guests_fini(&guests);
    pool_free(pool);
}

int main(void)
{
    RUN(slots_are_used_again);
    RUN(freed_guests_leave_all_lists);
    return check_result();
}
