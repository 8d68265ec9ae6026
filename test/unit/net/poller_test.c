/* poller_test.c - a real loop; sockets that are ready, not waited for, gone. */
#include "check.h"
#include "net/poller.h"

#include <sys/socket.h>

enum { PAIRS = 3000 };

static struct pair {
    struct watch watch;
    int near, far;
    unsigned events; /* of the last news */
    unsigned count;  /* of news */
} pairs[PAIRS];

static uv_loop_t loop;
static struct poller *poller;
static struct pair *victim; /* is stopped by the next news */

static void on_ready(struct watch *watch, unsigned events, bool failed)
{
    struct pair *pair = (struct pair *)watch;
    CHECK(!failed);
    pair->events = events;
    pair->count++;
    if (victim == NULL) return;
    watch_stop(poller, &victim->watch);
    victim = NULL;
}

static void pairs_open(int count)
{
    REQUIRE(uv_loop_init(&loop) == 0);
    poller = poller_new(&loop, on_ready);
    REQUIRE(poller != NULL);
    for (int i = 0; i < count; i++) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        pairs[i] = (struct pair){.near = ends[0], .far = ends[1]};
        REQUIRE(watch_start(poller, &pairs[i].watch, ends[0]) == OK);
    }
}

static void pairs_close(int count)
{
    for (int i = 0; i < count; i++) {
        watch_stop(poller, &pairs[i].watch);
        (void)close(pairs[i].near);
        if (pairs[i].far >= 0) (void)close(pairs[i].far);
    }
    poller_free(poller);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&loop), 0);
    poller_free(NULL);
}

static void turn(void)
{
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void only_what_is_waited_for(void)
{
    pairs_open(1);
    struct pair *pair = &pairs[0];
    CHECK_EQ(write(pair->far, "x", 1), 1);
    turn();
    CHECK_EQ(pair->count, 0);
    watch_set(poller, &pair->watch, WATCH_READ);
    turn();
    CHECK_EQ(pair->count, 1);
    CHECK_EQ(pair->events, WATCH_READ);
    watch_set(poller, &pair->watch, WATCH_READ | WATCH_WRITE);
    turn();
    CHECK_EQ(pair->events, WATCH_READ | WATCH_WRITE);
    watch_set(poller, &pair->watch, WATCH_WRITE);
    turn();
    CHECK_EQ(pair->events, WATCH_WRITE);
    CHECK_EQ(pair->count, 3);
    watch_set(poller, &pair->watch, 0);
    turn();
    CHECK_EQ(pair->count, 3);
    pairs_close(1);
}

/* What came is told of once, and again only when that is asked for, or when
 * more comes. */
static void told_once(void)
{
    pairs_open(1);
    struct pair *pair = &pairs[0];
    watch_set(poller, &pair->watch, WATCH_READ);
    CHECK_EQ(write(pair->far, "x", 1), 1);
    for (int i = 0; i < 3; i++)
        turn();
    CHECK_EQ(pair->count, 1);
    watch_again(poller, &pair->watch);
    turn();
    turn();
    CHECK_EQ(pair->count, 2);
    CHECK_EQ(write(pair->far, "y", 1), 1);
    turn();
    CHECK_EQ(pair->count, 3);
    CHECK_EQ(pair->events, WATCH_READ);
    REQUIRE(shutdown(pair->far, SHUT_WR) == 0);
    turn();
    CHECK_EQ(pair->count, 4);
    CHECK_EQ(pair->events, WATCH_READ | WATCH_END);
    /* Nobody waited, and it is told when somebody does. */
    watch_set(poller, &pair->watch, 0);
    turn();
    watch_set(poller, &pair->watch, WATCH_READ);
    turn();
    CHECK_EQ(pair->count, 5);
    CHECK_EQ(pair->events, WATCH_READ | WATCH_END);
    pairs_close(1);
}

/* Who waits to write as well is told of both as long as they are so. */
static void told_while_it_is_so(void)
{
    pairs_open(1);
    struct pair *pair = &pairs[0];
    watch_set(poller, &pair->watch, WATCH_READ | WATCH_WRITE);
    CHECK_EQ(write(pair->far, "x", 1), 1);
    for (unsigned i = 1; i < 4; i++) {
        turn();
        CHECK_EQ(pair->count, i);
        CHECK_EQ(pair->events, WATCH_READ | WATCH_WRITE);
    }
    pairs_close(1);
}

/* The end of a connection is read, and nobody hears of it who does not wait. */
static void end_is_something_to_read(void)
{
    pairs_open(2);
    for (int i = 0; i < 2; i++) {
        (void)close(pairs[i].far);
        pairs[i].far = -1;
    }
    watch_set(poller, &pairs[0].watch, WATCH_READ);
    turn();
    CHECK_EQ(pairs[0].events, WATCH_READ | WATCH_END);
    CHECK_EQ(pairs[1].count, 0);
    CHECK(!pairs[1].watch.known);
    watch_set(poller, &pairs[1].watch, WATCH_READ);
    turn();
    CHECK_EQ(pairs[1].count, 1);
    pairs_close(2);
}

static void many_are_all_told(void)
{
    pairs_open(PAIRS);
    for (int i = 0; i < PAIRS; i++) {
        watch_set(poller, &pairs[i].watch, WATCH_READ);
        CHECK_EQ(write(pairs[i].far, "x", 1), 1);
    }
    for (int i = 0; i < 6; i++)
        turn();
    unsigned told = 0;
    for (int i = 0; i < PAIRS; i++)
        told += pairs[i].count > 0;
    CHECK_EQ(told, PAIRS);
    pairs_close(PAIRS);
}

/* Stopped by the other's news: it is told at most of what was under way. */
static void stopped_ones_are_silent(void)
{
    pairs_open(2);
    for (int i = 0; i < 2; i++) {
        watch_set(poller, &pairs[i].watch, WATCH_READ);
        CHECK_EQ(write(pairs[i].far, "x", 1), 1);
    }
    victim = &pairs[1];
    turn();
    CHECK_EQ(pairs[0].count, 1);
    CHECK_EQ(pairs[1].count, 0);
    CHECK_EQ(write(pairs[0].far, "x", 1), 1);
    turn();
    CHECK_EQ(pairs[0].count, 2);
    CHECK_EQ(pairs[1].count, 0);
    pairs_close(2);
}

int main(void)
{
    RUN(only_what_is_waited_for);
    RUN(told_once);
    RUN(told_while_it_is_so);
    RUN(end_is_something_to_read);
    RUN(many_are_all_told);
    RUN(stopped_ones_are_silent);
    return check_result();
}
