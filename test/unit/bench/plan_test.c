#include "bench/plan.h"
#include "check.h"

static struct bench_plan steps[BENCH_STEPS_MAX];
static struct bench_options o;

/* The plan of `mode` with 5 clients, 2 on the other side and 99 messages. */
static size_t plan(const char *mode)
{
    char text[5][16] = {"bench", "", "-c5", "-o2", "-L99"};
    char *argv[] = {text[0], text[1], text[2], text[3], text[4]};
    (void)snprintf(text[1], sizeof text[1], "%s", mode);
    REQUIRE(bench_options_parse(5, argv, &o, stderr) == OK);
    memset(steps, 0, sizeof steps);
    return bench_plan_make(&o, steps);
}

static void who_connects(void)
{
    static const struct {
        const char *mode;
        uint32_t sources, receivers, fan;
    } rows[] = {
        {"pub", 5, 0, 0},    {"sub", 0, 5, 0},     {"fanin", 5, 2, 2},
        {"fanout", 2, 5, 5}, {"pairs", 5, 5, 1},   {"latency", 5, 5, 1},
        {"conn", 0, 5, 0},   {"filters", 0, 5, 0}, {"share", 5, 2, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_EQ(plan(rows[i].mode), 1);
        CHECK_EQ(steps[0].sources, rows[i].sources);
        CHECK_EQ(steps[0].receivers, rows[i].receivers);
        CHECK_EQ(bench_plan_fan(&steps[0]), rows[i].fan);
        CHECK(steps[0].clean);
    }
}

/* 99 messages of 5 senders are 20 each: rounded up. */
static void messages_are_shared_out(void)
{
    (void)plan("pairs");
    CHECK_EQ(steps[0].messages_each, 20);
    CHECK_EQ(steps[0].duration_s, 0);
    (void)plan("filters");
    CHECK_EQ(steps[0].filters_each, 20);
    CHECK_EQ(steps[0].messages_each, 0);
}

static void retained_are_kept_fetched_cleared(void)
{
    CHECK_EQ(plan("retain"), 3);
    CHECK(steps[0].retain && !steps[0].empty && steps[0].receivers == 0);
    CHECK(steps[1].past && steps[1].once && steps[1].unordered);
    CHECK_EQ(bench_plan_fan(&steps[1]), 1);
    CHECK(steps[2].retain && steps[2].empty && steps[2].receivers == 0);
}

static void queues_outlive_connections(void)
{
    CHECK_EQ(plan("queue"), 3);
    CHECK(!steps[0].clean && steps[0].receivers == 2 && !steps[0].paired);
    CHECK(steps[0].filter != NULL && steps[0].sources == 0);
    CHECK(steps[1].sources == 5 && steps[1].receivers == 0);
    CHECK(steps[2].past && !steps[2].clean && steps[2].filter == NULL);
    CHECK_EQ(steps[2].receivers, 2);
    CHECK_EQ(bench_plan_fan(&steps[2]), 2);
    o.others = 0;
    CHECK_EQ(bench_plan_make(&o, steps), 3);
    CHECK(steps[0].receivers == 5 && steps[2].receivers == 5);
    CHECK(steps[0].paired && bench_plan_fan(&steps[2]) == 1);
}

static void sessions_may_last(void)
{
    (void)plan("pairs");
    o.persistent = true;
    CHECK_EQ(bench_plan_make(&o, steps), 1);
    CHECK(!steps[0].clean);
}

int main(void)
{
    RUN(who_connects);
    RUN(messages_are_shared_out);
    RUN(retained_are_kept_fetched_cleared);
    RUN(queues_outlive_connections);
    RUN(sessions_may_last);
    return check_result();
}
