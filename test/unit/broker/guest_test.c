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

/* A guest has papers while there is something in them, and takes what it was
 * let in by along when it goes. */
static void papers_come_and_go(void)
{
    struct pool *pool = unit_pool();
    struct guests guests;
    guests_init(&guests, pool);
    struct guest *guest = guest_new(&guests);
    CHECK(guest->papers == NULL);
    CHECK_EQ(guest_proof(guest), 0);
    CHECK(guest_identity(guest) == NULL && guest_user(guest) == NULL);
    size_t before = pool_bytes(pool);
    guest_papers(&guests, guest)->proof = 7;
    CHECK_EQ(guest_proof(guest), 7);
    guest_tidy(&guests, guest);
    REQUIRE(guest->papers != NULL);
    guest->papers->proof = 0;
    guest_tidy(&guests, guest);
    CHECK(guest->papers == NULL);
    CHECK_EQ(pool_bytes(pool), before);
    guest_papers(&guests, guest)->proof = 8;
    guest_free(&guests, guest);
    guests_fini(&guests);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

int main(void)
{
    RUN(slots_are_used_again);
    RUN(papers_come_and_go);
    return check_result();
}
