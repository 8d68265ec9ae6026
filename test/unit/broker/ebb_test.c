/* ebb_test.c - memory goes back when half of it is free, and that is much. */
#include "broker/ebb.h"
#include "check.h"

enum { MB = 1024 * 1024 };

static void half_is_gone(void)
{
    struct ebb ebb = {0};
    CHECK(!ebb_low(&ebb, 1 * MB));
    CHECK(!ebb_low(&ebb, 100 * MB));
    CHECK(!ebb_low(&ebb, 51 * MB));
    CHECK(ebb_low(&ebb, 50 * MB));
    CHECK(ebb_low(&ebb, 40 * MB));
    /* From there on, half of what there is now. */
    ebb_settle(&ebb, 40 * MB);
    CHECK(!ebb_low(&ebb, 40 * MB));
    CHECK(!ebb_low(&ebb, 21 * MB));
    CHECK(ebb_low(&ebb, 20 * MB));
    CHECK(!ebb_low(&ebb, 200 * MB));
}

/* A little is not worth it. */
static void little_stays(void)
{
    struct ebb ebb = {0};
    CHECK(!ebb_low(&ebb, EBB_BYTES_MIN));
    CHECK(!ebb_low(&ebb, 1));
    CHECK(!ebb_low(&ebb, EBB_BYTES_MIN + 1));
    CHECK(ebb_low(&ebb, 1));
}

int main(void)
{
    RUN(half_is_gone);
    RUN(little_stays);
    return check_result();
}
