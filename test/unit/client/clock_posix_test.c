#include "check.h"
#include "client/clock.h"

#include <time.h>

static void goes_forward(void)
{
    uint64_t before_ms = clock_now_ms();
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    nanosleep(&pause, NULL);
    uint64_t after_ms = clock_now_ms();
    CHECK(after_ms >= before_ms + 20);
    CHECK(after_ms < before_ms + 10000);
}

int main(void)
{
    RUN(goes_forward);
    return check_result();
}
