#include "bench/poll.h"
#include "check.h"

#include <sys/socket.h>

static struct bench_poll_event events[BENCH_POLL_EVENTS];

static void input_room_and_wakes(void)
{
    int pair[2];
    int owner;
    bool woken = true;
    struct bench_poll *poll = bench_poll_new();
    REQUIRE(poll != NULL);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(bench_poll_add(poll, pair[0], &owner, false));
    CHECK_EQ(bench_poll_wait(poll, 0, events, &woken), 0);
    CHECK(!woken);

    REQUIRE(write(pair[1], "x", 1) == 1);
    CHECK_EQ(bench_poll_wait(poll, 1000000000, events, &woken), 1);
    CHECK(events[0].owner == &owner);
    CHECK(events[0].readable && !events[0].writable && !woken);

    bench_poll_change(poll, pair[0], &owner, true);
    CHECK_EQ(bench_poll_wait(poll, 1000000000, events, &woken), 1);
    CHECK(events[0].readable && events[0].writable);

    bench_poll_remove(poll, pair[0]);
    bench_poll_wake(poll);
    bench_poll_wake(poll);
    CHECK_EQ(bench_poll_wait(poll, 1000000000, events, &woken), 0);
    CHECK(woken);
    CHECK_EQ(bench_poll_wait(poll, 1000, events, &woken), 0);
    CHECK(!woken);
    bench_poll_free(poll);
    bench_poll_free(NULL);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int main(void)
{
    RUN(input_room_and_wakes);
    return check_result();
}
