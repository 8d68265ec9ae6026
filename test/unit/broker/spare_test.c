/* spare_test.c - what is free goes back, what is in use stays. */
#include "broker/spare.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 2000, SIZE = 4000 };

static void what_is_used_stays(void)
{
    char *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(SIZE);
        REQUIRE(blocks[i] != NULL);
        memset(blocks[i], i & 127, SIZE);
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (i % 100 == 0) continue;
        free(blocks[i]);
        blocks[i] = NULL;
    }
    spare_release();
    for (int i = 0; i < BLOCKS; i += 100) {
        CHECK_EQ(blocks[i][0], i & 127);
        CHECK_EQ(blocks[i][SIZE - 1], i & 127);
        free(blocks[i]);
    }
    spare_release();
}

int main(void)
{
    RUN(what_is_used_stays);
    return check_result();
}
