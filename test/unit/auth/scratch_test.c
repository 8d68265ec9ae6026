/* scratch_test.c - a block is used again, and has one user at a time. */
#include "auth/scratch.h"
#include "check.h"

#include <pthread.h>

enum { SIZE = 100000, ROUNDS = 2000 };

static void a_block_is_used_again(void)
{
    void *first = scratch_take(SIZE);
    REQUIRE(first != NULL);
    scratch_give(first, SIZE);
    CHECK(scratch_take(SIZE) == first);
    void *second = scratch_take(SIZE);
    CHECK(second != NULL && second != first);
    scratch_give(first, SIZE);
    scratch_give(second, SIZE);
    /* One of another size is another one. */
    void *other = scratch_take(SIZE + 1);
    CHECK(other != first && other != second);
    scratch_give(other, SIZE + 1);
    CHECK_EQ(scratch_trim(), 3);
    CHECK_EQ(scratch_trim(), 0);
    scratch_give(NULL, SIZE);
    CHECK_EQ(scratch_trim(), 0);
}

static void few_are_kept(void)
{
    void *blocks[SCRATCH_BLOCKS_MAX + 3];
    for (size_t i = 0; i < SCRATCH_BLOCKS_MAX + 3; i++)
        blocks[i] = scratch_take(SIZE);
    for (size_t i = 0; i < SCRATCH_BLOCKS_MAX + 3; i++)
        scratch_give(blocks[i], SIZE);
    CHECK_EQ(scratch_trim(), SCRATCH_BLOCKS_MAX);
    scratch_give(malloc(1), (size_t)SCRATCH_BYTES_MAX + 1);
    CHECK_EQ(scratch_trim(), 0);
}

static void *use(void *argument)
{
    unsigned *wrong = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *block = scratch_take(64);
        memset(block, (int)i, 64);
        *wrong += block[0] != block[63];
        scratch_give(block, 64);
        if (i % 100 == 0) (void)scratch_trim();
    }
    return NULL;
}

static void each_has_one_user(void)
{
    pthread_t threads[4];
    unsigned wrong[4] = {0};
    for (size_t i = 0; i < 4; i++)
        REQUIRE(pthread_create(&threads[i], NULL, use, &wrong[i]) == 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ(wrong[i], 0);
    }
    (void)scratch_trim();
}

int main(void)
{
    RUN(a_block_is_used_again);
    RUN(few_are_kept);
    RUN(each_has_one_user);
    return check_result();
}
