/* plan.c - see plan.h. */
#include "bench/plan.h"

/* What the modes that take one step are made of. */
struct shape {
    bool sends;
    bool listens;
    bool many_listen; /* -c are the receivers, --others the senders */
    bool paired;
    bool once;
    bool blind;
    bool hold;
    const char *topic;
    const char *filter;
};

static const struct shape shapes[BENCH_MODE_COUNT] = {
    [BENCH_PUB] = {.sends = true, .topic = "bench/%i"},
    [BENCH_SUB] = {.listens = true,
                   .many_listen = true,
                   .blind = true,
                   .filter = "bench/#"},
    [BENCH_FANIN] = {.sends = true,
                     .listens = true,
                     .topic = "bench/%i",
                     .filter = "bench/+"},
    [BENCH_FANOUT] = {.sends = true,
                      .listens = true,
                      .many_listen = true,
                      .topic = "bench/%i",
                      .filter = "bench/+"},
    [BENCH_PAIRS] = {.sends = true,
                     .listens = true,
                     .paired = true,
                     .topic = "bench/%i",
                     .filter = "bench/%i"},
    [BENCH_LATENCY] = {.sends = true,
                       .listens = true,
                       .paired = true,
                       .topic = "bench/%i",
                       .filter = "bench/%i"},
    [BENCH_CONN] = {.listens = true, .many_listen = true, .hold = true},
    [BENCH_FILTERS] = {.listens = true,
                       .many_listen = true,
                       .hold = true,
                       .filter = "bench/%i/%n"},
    [BENCH_SHARE] = {.sends = true,
                     .listens = true,
                     .once = true,
                     .topic = "bench/%i",
                     .filter = "$share/bench/bench/+"},
};

/* `total` shared out among `count`, rounded up; 0 stays 0. */
static uint32_t each_of(uint64_t total, uint32_t count)
{
    return (uint32_t)((total + count - 1) / count);
}

static struct bench_plan plan_of(const struct bench_options *o)
{
    const struct shape *shape = &shapes[o->mode];
    uint32_t many = o->clients;
    uint32_t few = shape->paired ? o->clients : o->others;
    uint32_t senders = shape->many_listen ? few : many;
    uint32_t receivers = shape->many_listen ? many : few;
    struct bench_plan plan = {
        .options = o,
        .name = bench_mode_name(o->mode),
        .sources = shape->sends ? senders : 0,
        .receivers = shape->listens ? receivers : 0,
        .paired = shape->paired,
        .once = shape->once,
        .clean = !o->persistent,
        .blind = shape->blind,
        .retain = o->retain,
        .hold = shape->hold,
        .topic = o->topic != NULL && shape->sends ? o->topic : shape->topic,
        .filter = shape->filter,
        .filters_each = 1,
        .qos = o->qos,
        .duration_s = o->limit == 0 ? o->duration_s : 0,
    };
    if (shape->sends) plan.messages_each = each_of(o->limit, senders);
    if (o->mode == BENCH_PAIRS || o->mode == BENCH_LATENCY) {
        plan.filter = plan.topic;
    }
    if (o->topic != NULL && !shape->sends) plan.filter = o->topic;
    return plan;
}

static size_t retain_plan(const struct bench_options *o,
                          struct bench_plan *steps)
{
    struct bench_plan plan = {
        .options = o,
        .name = "keep",
        .sources = o->clients,
        .clean = true,
        .retain = true,
        .topic = o->topic != NULL ? o->topic : "bench/%i/%n",
        .messages_each = each_of(o->limit, o->clients),
        .qos = o->qos,
    };
    steps[0] = steps[1] = steps[2] = plan;
    steps[1].name = "fetch";
    steps[1].past = true;
    steps[1].once = true;
    steps[1].unordered = true;
    steps[1].receivers = 1;
    steps[1].filter = "bench/#";
    steps[1].filters_each = 1;
    steps[2].name = "clear";
    steps[2].empty = true;
    return 3;
}

static size_t queue_plan(const struct bench_options *o,
                         struct bench_plan *steps)
{
    uint32_t receivers = o->others > 0 ? o->others : o->clients;
    struct bench_plan plan = {
        .options = o,
        .sources = o->clients,
        .paired = o->others == 0,
        .topic = o->topic != NULL ? o->topic : "bench/%i",
        .messages_each = each_of(o->limit, o->clients),
        .qos = o->qos,
    };
    steps[0] = steps[1] = steps[2] = plan;
    steps[0].name = "leave";
    steps[0].sources = 0;
    steps[0].receivers = receivers;
    steps[0].filter = plan.paired ? plan.topic : "bench/+";
    steps[0].filters_each = 1;
    steps[1].name = "queue";
    steps[1].clean = true;
    steps[2].name = "fetch";
    steps[2].past = true;
    steps[2].receivers = receivers;
    return 3;
}

size_t bench_plan_make(const struct bench_options *o, struct bench_plan *steps)
{
    if (o->mode == BENCH_RETAIN) return retain_plan(o, steps);
    if (o->mode == BENCH_QUEUE) return queue_plan(o, steps);
    steps[0] = plan_of(o);
    if (o->mode == BENCH_FILTERS) {
        steps[0].filters_each = each_of(o->limit, o->clients);
    }
    return 1;
}

uint32_t bench_plan_fan(const struct bench_plan *plan)
{
    if (plan->receivers == 0 || plan->sources == 0) return 0;
    return plan->paired || plan->once ? 1 : plan->receivers;
}
