#include "check.h"
#include "cli/interrupt.h"
#include "client/clock.h"

#include <signal.h>

static struct mogi_client *client;

static void waits_no_longer_than_told(void)
{
    uint64_t start_ms = clock_now_ms();
    CHECK(!interrupt_wait(client, false, 30));
    CHECK(clock_now_ms() >= start_ms + 29);
}

static void input_ends_the_wait(void)
{
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    REQUIRE(dup2(fds[0], STDIN_FILENO) == STDIN_FILENO);
    CHECK(!interrupt_wait(client, true, 0));
    REQUIRE(write(fds[1], "x", 1) == 1);
    CHECK(interrupt_wait(client, true, 5000));
    CHECK(!interrupt_wait(client, false, 0));
}

/* Also one that came before the wait. */
static void signal_ends_the_wait(void)
{
    CHECK(!interrupt_came());
    REQUIRE(raise(SIGTERM) == 0);
    CHECK(interrupt_came());
    uint64_t start_ms = clock_now_ms();
    CHECK(!interrupt_wait(client, false, 5000));
    CHECK(clock_now_ms() < start_ms + 4000);
    REQUIRE(raise(SIGPIPE) == 0);
}

int main(void)
{
    struct mogi_client_options o = mogi_client_defaults();
    o.no_reconnect = true;
    client = mogi_client_new(&o);
    struct mogi_event event;
    o.host = "127.0.0.1";
    o.port = 1; /* nobody there: the client waits for nothing any more */
    mogi_client_free(client);
    client = mogi_client_new(&o);
    CHECK_EQ(mogi_client_next(client, 0, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_LOST);
    interrupt_catch();
    RUN(waits_no_longer_than_told);
    RUN(input_ends_the_wait);
    RUN(signal_ends_the_wait);
    mogi_client_free(client);
    return check_result();
}
