/* flap_test.c - who comes too often is held off, and nobody else. */
#include "check.h"
#include "core/flap.h"
#include "unit_pool.h"

#include <stdlib.h>

static struct pool *pool;
static struct flaps flaps;
static struct options options;

static bool allow(uint64_t hash, uint64_t now_ms, bool *first)
{
    return flaps_allow(&flaps, &options, hash, now_ms, first);
}

static void one_too_many_is_held_off(void)
{
    bool first;
    for (int i = 0; i < 3; i++) {
        CHECK(allow(77, 1000, &first));
        CHECK(!first);
    }
    CHECK(!allow(77, 1000, &first));
    CHECK(first);
    CHECK(!allow(77, 1000, &first));
    CHECK(!first);
    CHECK(allow(78, 1000, &first));
    CHECK(!allow(77, 20999, &first));
    CHECK(allow(77, 21000, &first));
}

/* Three in ten seconds are fine, for ever. */
static void windows_end(void)
{
    bool first;
    for (uint64_t now_ms = 100000; now_ms < 400000; now_ms += 3400)
        CHECK(allow(5, now_ms, &first));
}

/* Two ids with one place: who comes often is counted, the other is let in. */
static void others_are_let_in(void)
{
    bool first;
    uint64_t other = 1 + (UINT64_C(1) << 40);
    for (int i = 0; i < 4; i++)
        (void)allow(1, 500000, &first);
    CHECK(!allow(1, 500000, &first));
    for (int i = 0; i < 100; i++)
        CHECK(allow(other, 500000, &first));
    CHECK(!allow(1, 500000, &first));
    /* When its time is over, the other takes the place. */
    for (int i = 0; i < 3; i++)
        CHECK(allow(other, 520000, &first));
    CHECK(!allow(other, 520000, &first));
}

static void off_is_off(void)
{
    bool first;
    options.flapping_count = 0;
    for (int i = 0; i < 1000; i++)
        CHECK(allow(9, 600000, &first));
}

int main(void)
{
    pool = unit_pool();
    flaps_init(&flaps, pool);
    options_init(&options);
    options.flapping_count = 3;
    options.flapping_window_s = 10;
    options.flapping_hold_s = 20;
    RUN(one_too_many_is_held_off);
    RUN(windows_end);
    RUN(others_are_let_in);
    RUN(off_is_off);
    flaps_fini(&flaps, pool);
    pool_free(pool);
    return check_result();
}
