/* sys_test.c - the broker's figures, summed over the shards. */
#include "bench.h"
#include "core/retain.h"
#include "core/state.h"
#include "core/sys.h"

static struct bench *busy(uint16_t count, uint32_t interval_s)
{
    struct options options = bench_options();
    options.sys_interval_s = interval_s;
    struct bench *b = bench_new(count, options);
    bench_wait(b, 1);
    bench_wait(b, 0);
    return b;
}

/* What "$SYS/broker/`name`" says, in `text`; "" when there is no such. */
static const char *figure(struct bench *b, const char *name, char text[64])
{
    char topic[64];
    snprintf(topic, sizeof topic, "$SYS/broker/%s", name);
    text[0] = 0;
    for (int i = 0; i < b->count; i++) {
        struct body *body = retain_get(b->shards[i]->retain, bytes_of(topic));
        if (body == NULL) continue;
        CHECK_STR(text, "");
        snprintf(text, 64, "%.*s", (int)body->message.payload.size,
                 (const char *)body->message.payload.data);
    }
    return text;
}

static void appears(void)
{
    struct bench *b = busy(1, 10);
    char text[64];
    CHECK(strncmp(figure(b, "version", text), "mogi version ", 13) == 0);
    CHECK_STR(figure(b, "uptime", text), "0 seconds");
    static const char *const NAMES[] = {"clients/total",
                                        "clients/connected",
                                        "clients/maximum",
                                        "clients/disconnected",
                                        "clients/expired",
                                        "messages/received",
                                        "messages/sent",
                                        "messages/stored",
                                        "bytes/received",
                                        "bytes/sent",
                                        "publish/messages/sent",
                                        "publish/messages/received",
                                        "publish/messages/dropped",
                                        "subscriptions/count",
                                        "retained messages/count",
                                        "store/messages/count",
                                        "store/messages/bytes",
                                        "heap/current",
                                        "load/messages/sent/1min",
                                        "load/bytes/received/15min"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        CHECK(figure(b, NAMES[i], text)[0] != 0);
    bench_wait(b, 10000);
    CHECK_STR(figure(b, "uptime", text), "10 seconds");
    bench_free(b);
}

/* Only what changed is sent again. */
static void changes_only(void)
{
    struct bench *b = busy(1, 10);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_want(b, a, "$SYS/broker/clients/+", 0);
    struct frame frame;
    while (bench_next(b, a, &frame))
        CHECK_EQ(frame.type, PACKET_PUBLISH);
    bench_wait(b, 10000);
    unsigned seen = 0;
    while (bench_next(b, a, &frame)) {
        struct publish p;
        REQUIRE(publish_decode(&frame, MQTT_50, &p) == OK);
        CHECK_BYTES(p.payload.data, p.payload.size, "1", 1);
        seen++;
    }
    CHECK_EQ(seen, 4); /* total, maximum, connected, active */
    bench_wait(b, 30000);
    EXPECT_QUIET(b, a);
    bench_free(b);
}

/* Clients of all shards, in one figure. */
static void summed(void)
{
    struct bench *b = busy(3, 10);
    char id[16], text[64];
    for (uint16_t i = 0; i < 3; i++) {
        struct visit v = {.id = bench_id(b, i, 0, id),
                          .at = (uint16_t)((i + 1) % 3),
                          .keep = true,
                          .expiry_s = 60};
        uint32_t a = bench_enter(b, v);
        bench_want(b, a, "t", 1);
        if (i == 2) bench_cut(b, a);
    }
    bench_wait(b, 20000);
    CHECK_STR(figure(b, "clients/total", text), "3");
    CHECK_STR(figure(b, "clients/connected", text), "2");
    CHECK_STR(figure(b, "clients/disconnected", text), "1");
    CHECK_STR(figure(b, "subscriptions/count", text), "3");
    CHECK_STR(figure(b, "connections/socket/count", text), "3");
    bench_free(b);
}

/* The average of the last minute falls towards nothing. */
static void load(void)
{
    struct bench *b = busy(1, 10);
    char text[64];
    bench_enter(b, (struct visit){.id = "a"});
    bench_wait(b, 10000);
    double first = strtod(figure(b, "load/connections/1min", text), NULL);
    CHECK(first > 0.9 && first < 1.0); /* 6 (1 - e^-1/6) */
    double slow = strtod(figure(b, "load/connections/15min", text), NULL);
    CHECK(slow > 0.05 && slow < 0.08);
    bench_wait(b, 60000);
    double later = strtod(figure(b, "load/connections/1min", text), NULL);
    CHECK(later > first * 0.36 && later < first * 0.38);
    bench_free(b);
}

/* No interval, no $SYS; a new one counts from when it was told. */
static void interval(void)
{
    struct bench *b = busy(1, 0);
    char text[64];
    bench_wait(b, 100000);
    CHECK_STR(figure(b, "uptime", text), "");
    struct options options = b->options;
    options.sys_interval_s = 5;
    bench_step(b, 0,
               (struct event){.kind = EVENT_RELOADED, .options = &options});
    bench_wait(b, 4999);
    CHECK_STR(figure(b, "uptime", text), "");
    bench_wait(b, 1);
    CHECK_STR(figure(b, "uptime", text), "105 seconds");
    options.sys_interval_s = 0;
    bench_step(b, 0,
               (struct event){.kind = EVENT_RELOADED, .options = &options});
    bench_wait(b, 100000);
    CHECK_STR(figure(b, "uptime", text), "105 seconds");
    bench_free(b);
}

int main(void)
{
    RUN(appears);
    RUN(changes_only);
    RUN(summed);
    RUN(load);
    RUN(interval);
    return check_result();
}
