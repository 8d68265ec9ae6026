/* recall_test.c - retained messages for a new subscription, on three shards. */
#include "bench.h"
#include "core/recall.h"
#include "core/session.h"
#include "core/state.h"

enum { TOPICS = 12 };

/* Retained messages "r/0".."r/11", spread over the shards. */
static struct bench *kept(uint16_t count, uint32_t *from)
{
    struct bench *b = bench_new(count, bench_options());
    *from = bench_enter(b, (struct visit){.id = "from"});
    for (int i = 0; i < TOPICS; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "r/%d", i);
        bench_retain(b, *from, topic, topic);
    }
    return b;
}

/* SUBSCRIBE with options; its answer is left to be read. */
static void ask(struct bench *b, uint32_t conn, const char *filter,
                enum retain_handling handling)
{
    struct subscribe_filter f = {
        .filter = bytes_of(filter), .retain_handling = handling, .qos = 1};
    bench_say(b, conn, bench_filter(b, conn, f, 5));
}

/* All of them come, once each, behind SUBACK, marked. [MQTT-3.3.1-8] */
static void all(void)
{
    for (uint16_t count = 1; count <= 3; count += 2) {
        uint32_t from;
        struct bench *b = kept(count, &from);
        uint32_t c = bench_enter(b, (struct visit){.id = "c"});
        ask(b, c, "r/+", RETAIN_SEND);
        EXPECT_SUBACK(b, c, 1);
        unsigned seen = 0;
        for (int i = 0; i < TOPICS; i++) {
            struct publish p = EXPECT_PUBLISH(b, c);
            CHECK(p.retain && bytes_equal(p.topic, p.payload));
            CHECK_EQ(p.properties.subscription_id, 5);
            seen |= 1u << atoi((const char *)p.topic.data + 2);
        }
        CHECK_EQ(seen, (1u << TOPICS) - 1);
        EXPECT_QUIET(b, c);
        struct shard *home = b->shards[b->conns[c].shard];
        CHECK(list_empty(&session_find(home, bytes_of("c"))->ties->recalls));
        bench_free(b);
    }
}

/* [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] */
static void handling(void)
{
    uint32_t from;
    struct bench *b = kept(3, &from);
    uint32_t c = bench_enter(b, (struct visit){.id = "c"});
    ask(b, c, "r/1", RETAIN_SEND_NOT);
    EXPECT_SUBACK(b, c, 1);
    EXPECT_QUIET(b, c);
    ask(b, c, "r/1", RETAIN_SEND_IF_NEW);
    EXPECT_SUBACK(b, c, 1);
    EXPECT_QUIET(b, c);
    ask(b, c, "r/1", RETAIN_SEND);
    EXPECT_SUBACK(b, c, 1);
    EXPECT_MESSAGE(b, c, "r/1", "r/1");
    ask(b, c, "r/2", RETAIN_SEND_IF_NEW);
    EXPECT_SUBACK(b, c, 1);
    EXPECT_MESSAGE(b, c, "r/2", "r/2");
    EXPECT_QUIET(b, c);
    bench_free(b);
}

/* A live message wins over the older one that was on its way, and no other
 * topic suffers. */
static void overtaken(void)
{
    uint32_t from;
    struct bench *b = kept(3, &from);
    uint16_t keeper = shard_of(b->shards[0], bytes_of("r/1"));
    char id[16];
    uint16_t home = (uint16_t)((keeper + 1) % 3);
    struct visit v = {.id = bench_id(b, home, 0, id), .at = home};
    uint32_t c = bench_enter(b, v);
    struct subscribe_filter f = {.filter = bytes_of("r/1")};
    /* SUBACK, but not yet the answer of the keeper. */
    bench_put(b, c, bench_filter(b, c, f, 0));
    while (b->conns[c].used == b->conns[c].heard.size && bench_post(b)) {
    }
    EXPECT_SUBACK(b, c, 0);
    b->deaf[home] = true;
    while (bench_post(b)) {
    }
    b->deaf[home] = false;
    /* A newer one comes from a client of this shard. */
    struct visit near = {.id = bench_id(b, home, 100, id), .at = home};
    uint32_t publisher = bench_open(b, home);
    b->conns[publisher].protocol = MQTT_50;
    bench_put(b, publisher, bench_connect(&near));
    struct publish_out p = {
        .topic = bytes_of("r/1"), .payload = bytes_of("new"), .retain = true};
    bench_put(b, publisher, bench_publish(b, publisher, &p));
    EXPECT_MESSAGE(b, c, "r/1", "new");
    bench_settle(b);
    EXPECT_QUIET(b, c);
    bench_free(b);
}

/* They are sent as the client takes them, and fill no queue. */
static void paced(void)
{
    uint32_t from;
    struct bench *b = kept(3, &from);
    struct publish_out p = {.topic = bytes_of("r/q"),
                            .payload = bytes_of("q"),
                            .retain = true,
                            .qos = 1,
                            .packet_id = 1};
    for (int i = 0; i < 3; i++) {
        static const char *const NAMES[] = {"q/1", "q/2", "q/3"};
        p.topic = bytes_of(NAMES[i]);
        bench_say(b, from, bench_publish(b, from, &p));
        EXPECT(b, from, PACKET_PUBACK);
    }
    struct visit v = {.id = "c", .receive_max = 1};
    uint32_t c = bench_enter(b, v);
    ask(b, c, "q/#", RETAIN_SEND);
    EXPECT_SUBACK(b, c, 1);
    for (int i = 0; i < 3; i++) {
        struct publish got = EXPECT_PUBLISH(b, c);
        CHECK(got.retain);
        EXPECT_QUIET(b, c);
        bench_ack(b, c, PACKET_PUBACK, got.packet_id, 0);
    }
    EXPECT_QUIET(b, c);
    bench_free(b);
}

/* UNSUBSCRIBE ends it, and so does the end of the connection. */
static void cancelled(void)
{
    uint32_t from;
    struct bench *b = kept(3, &from);
    struct visit v = {
        .id = "c", .receive_max = 1, .keep = true, .expiry_s = 60};
    uint32_t c = bench_enter(b, v);
    b->conns[c].stuck = true;
    static uint8_t large[250000];
    struct publish_out p = {.topic = bytes_of("big"),
                            .payload = bytes_at(large, sizeof large),
                            .retain = true};
    bench_say(b, from, bench_publish(b, from, &p));
    ask(b, c, "big", RETAIN_SEND);
    EXPECT_SUBACK(b, c, 1);
    ask(b, c, "big", RETAIN_SEND);
    EXPECT_PUBLISH(b, c);
    struct session *session =
        session_find(b->shards[b->conns[c].shard], bytes_of("c"));
    ask(b, c, "r/+", RETAIN_SEND);
    bench_cut(b, c);
    CHECK(list_empty(&session->ties->recalls));
    c = bench_enter(b, v);
    bench_settle(b);
    struct frame frame;
    while (bench_next(b, c, &frame))
        CHECK(frame.type == PACKET_PUBLISH);
    bench_free(b);
}

/* Retained messages are not for shared subscriptions. */
static void not_shared(void)
{
    uint32_t from;
    struct bench *b = kept(3, &from);
    uint32_t c = bench_enter(b, (struct visit){.id = "c"});
    ask(b, c, "$share/g/r/+", RETAIN_SEND);
    EXPECT_SUBACK(b, c, 1);
    EXPECT_QUIET(b, c);
    bench_free(b);
}

int main(void)
{
    RUN(all);
    RUN(handling);
    RUN(overtaken);
    RUN(paced);
    RUN(cancelled);
    RUN(not_shared);
    return check_result();
}
