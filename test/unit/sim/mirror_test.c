/* mirror_test.c - the second broker, by hand. */
#include "check.h"
#include "sim/mirror.h"

enum { T_A = 1, DOLLAR_A = 6, F_T_REST = 2, F_REST = 3 };

static struct options options;

static struct mirror *mirror_of_two(void)
{
    options_init(&options);
    struct mirror *mirror = mirror_new(&options, 1000);
    struct mirror_connect connect = {
        .version = 5, .expiry_ms = MIRROR_NEVER, .window_max = 1};
    CHECK(!mirror_connect(mirror, 0, &connect));
    CHECK(!mirror_connect(mirror, 1, &connect));
    mirror_clear(mirror);
    return mirror;
}

static void publish(struct mirror *mirror, unsigned topic, uint32_t number,
                    bool retain)
{
    struct mirror_message m = {
        .number = number, .topic = topic, .qos = 1, .retain = retain};
    mirror_publish(mirror, 0, &m, 1);
}

static void window_holds_back(void)
{
    struct mirror *mirror = mirror_of_two();
    struct mirror_guest *g = &mirror->guests[1];
    struct mirror_subscription s = {.on = true, .qos = 2};
    mirror_subscribe(mirror, 1, F_T_REST, s, 0);
    publish(mirror, T_A, 1, false);
    publish(mirror, T_A, 2, false);
    CHECK_EQ(g->flow_count, 1);
    CHECK_EQ(g->flows[0].due.qos, 1);
    CHECK(!g->flows[0].dup);
    mirror_acknowledge(mirror, 1, g->flows[0].due.serial, false);
    CHECK_EQ(g->flow_count, 2);
    CHECK_EQ(g->flows[1].due.message.number, 2);
    mirror_free(mirror);
}

static void dollar_is_hidden(void)
{
    struct mirror *mirror = mirror_of_two();
    struct mirror_subscription s = {.on = true};
    publish(mirror, DOLLAR_A, 1, true);
    CHECK_EQ(mirror->guests[0].answers[0].codes[0], 0x10);
    publish(mirror, T_A, 2, true);
    mirror_subscribe(mirror, 1, F_REST, s, 0);
    CHECK_EQ(mirror->guests[1].flow_count, 1);
    CHECK(mirror->guests[1].flows[0].due.retain);
    CHECK_EQ(mirror->guests[1].flows[0].due.message.number, 2);
    mirror_free(mirror);
}

static void resumed_again(void)
{
    struct mirror *mirror = mirror_of_two();
    struct mirror_guest *g = &mirror->guests[1];
    struct mirror_connect connect = {
        .version = 5, .expiry_ms = MIRROR_NEVER, .window_max = 9};
    struct mirror_subscription s = {.on = true, .qos = 1};
    mirror_subscribe(mirror, 1, F_T_REST, s, 0);
    publish(mirror, T_A, 1, false);
    publish(mirror, T_A, 2, false);
    mirror_leave(mirror, 1, true);
    mirror_clear(mirror);
    CHECK(!mirror_connect(mirror, 1, &connect));
    CHECK(g->answers[0].present);
    CHECK_EQ(g->flow_count, 2);
    CHECK(g->flows[0].dup);
    CHECK(!g->flows[1].dup);
    mirror_free(mirror);
}

static void will_waits(void)
{
    struct mirror *mirror = mirror_of_two();
    struct mirror_guest *g = &mirror->guests[1];
    struct mirror_connect connect = {.version = 5, .expiry_ms = 60000};
    struct mirror_subscription s = {.on = true};
    connect.window_max = 1;
    connect.will.there = true;
    connect.will.message = (struct mirror_message){.number = 7, .topic = T_A};
    connect.will.delay_s = 2;
    mirror_subscribe(mirror, 1, F_T_REST, s, 0);
    CHECK(mirror_connect(mirror, 0, &connect));
    mirror_leave(mirror, 0, true);
    mirror_wait(mirror, 1999);
    CHECK_EQ(g->flow_count, 0);
    mirror_wait(mirror, 1);
    CHECK_EQ(g->flow_count, 1);
    CHECK_EQ(g->flows[0].due.message.number, 7);
    mirror_free(mirror);
}

int main(void)
{
    RUN(window_holds_back);
    RUN(dollar_is_hidden);
    RUN(resumed_again);
    RUN(will_waits);
    return check_result();
}
