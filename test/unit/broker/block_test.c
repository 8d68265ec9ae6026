/* block_test.c - a block keeps its contents when it grows. */
#include "broker/block.h"
#include "check.h"

static void grows_with_its_contents(void)
{
    char *block = block_grow(NULL, 4);
    memcpy(block, "mogi", 4);
    block = block_grow(block, 1 << 20);
    CHECK_BYTES(block, 4, "mogi", 4);
    block[(1 << 20) - 1] = 'x';
    free(block);
}

int main(void)
{
    RUN(grows_with_its_contents);
    return check_result();
}
