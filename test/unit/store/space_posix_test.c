/* space_posix_test.c - large blocks: zeroed, kept when they grow. */
#include "check.h"
#include "store/space.h"

static void blocks_grow_and_go(void)
{
    uint8_t *block = space_take(100000);
    REQUIRE(block != NULL);
    for (size_t i = 0; i < 100000; i += 999)
        CHECK_EQ(block[i], 0);
    memset(block, 7, 100000);
    block = space_resize(block, 100000, 50000, 300000);
    REQUIRE(block != NULL);
    CHECK_EQ(block[0], 7);
    CHECK_EQ(block[49999], 7);
    CHECK_EQ(block[50000], 0);
    CHECK_EQ(block[299999], 0);
    space_give(block, 300000);
    block = space_resize(NULL, 0, 0, 10);
    REQUIRE(block != NULL);
    CHECK_EQ(block[9], 0);
    space_give(block, 10);
    space_give(NULL, 10);
}

static void too_much_is_refused(void)
{
    CHECK(space_take((size_t)1 << 60) == NULL);
    uint8_t *block = space_take(10);
    REQUIRE(block != NULL);
    block[3] = 1;
    CHECK(space_resize(block, 10, 10, (size_t)1 << 60) == NULL);
    CHECK_EQ(block[3], 1);
    space_give(block, 10);
}

int main(void)
{
    RUN(blocks_grow_and_go);
    RUN(too_much_is_refused);
    return check_result();
}
