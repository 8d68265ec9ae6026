/* output_test.c - packets to one client, to the byte. */
#include "bench.h"
#include "core/bounds.h"
#include "core/output.h"
#include "core/state.h"

/* What the next packet to `number` is, as it stands. */
static struct bytes raw(struct bench *b, uint32_t number)
{
    struct bench_conn *conn = &b->conns[number];
    struct bytes all = buffer_bytes(&conn->heard);
    size_t from = conn->used;
    struct frame frame;
    REQUIRE(bench_next(b, number, &frame));
    return bytes_at(all.data + from, frame.size);
}

/* The whole packet counts, properties and all. [MQTT-3.1.2-24] */
static void packet_max(void)
{
    static const char topic[] = "topic";
    uint8_t space[64];
    struct writer w = writer_at(space, sizeof space);
    property_write_user(&w, bytes_of("key"), bytes_of("value"));
    struct publish_out p = {.topic = bytes_of(topic),
                            .payload = bytes_of("0123456789"),
                            .forward = writer_bytes(&w),
                            .qos = 1,
                            .packet_id = 1,
                            .has_message_expiry = true,
                            .message_expiry_s = 100};
    uint32_t size = (uint32_t)publish_size(&p, MQTT_50);
    for (uint32_t max = size - 1; max <= size; max++) {
        for (uint16_t alias_max = 0; alias_max < 2; alias_max++) {
            struct bench *b = bench_new(1, bench_options());
            uint32_t from = bench_enter(b, (struct visit){.id = "from"});
            struct visit v = {
                .id = "to", .packet_max = max, .alias_max = alias_max};
            uint32_t to = bench_enter(b, v);
            bench_want(b, to, "#", 1);
            bench_say(b, from, bench_publish(b, from, &p));
            if (max == size) CHECK_EQ(raw(b, to).size, size);
            EXPECT_QUIET(b, to);
            CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], max < size);
            bench_free(b);
        }
    }
}

/* An alias comes with its topic once, then alone; never from a packet that was
 * not sent. [MQTT-3.3.2-8] */
static void alias(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    struct visit v = {.id = "to", .packet_max = 40, .alias_max = 1};
    uint32_t to = bench_enter(b, v);
    bench_want(b, to, "#", 1);
    bench_tell(b, from, "long", "much too long for a packet of forty bytes");
    EXPECT_QUIET(b, to);
    bench_tell(b, from, "first", "1");
    struct publish p = EXPECT_MESSAGE(b, to, "first", "1");
    CHECK_EQ(p.properties.topic_alias, 1);
    bench_tell(b, from, "first", "2");
    p = EXPECT_MESSAGE(b, to, "", "2");
    CHECK_EQ(p.properties.topic_alias, 1);
    bench_tell(b, from, "second", "3");
    p = EXPECT_MESSAGE(b, to, "second", "3");
    CHECK(!properties_has(&p.properties, PROPERTY_TOPIC_ALIAS));
    bench_cut(b, to);
    to = bench_enter(b, v);
    bench_want(b, to, "#", 1);
    bench_tell(b, from, "second", "4");
    p = EXPECT_MESSAGE(b, to, "second", "4");
    CHECK_EQ(p.properties.topic_alias, 1);
    bench_free(b);
}

/* A known alias for a short topic makes the packet longer; it is then left out
 * where that would make it too large. */
static void alias_of_short_topic(void)
{
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_of("0123456789")};
    uint32_t size = (uint32_t)publish_size(&p, MQTT_50);
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    struct visit v = {.id = "to", .packet_max = 21, .alias_max = 1};
    v.packet_max = size < 21 ? 21 : size;
    uint32_t to = bench_enter(b, v);
    bench_want(b, to, "t", 0);
    bench_tell(b, from, "t", "x");
    CHECK_EQ(EXPECT_PUBLISH(b, to).properties.topic_alias, 1);
    static const char PAYLOAD[] = "01234567890123456789";
    for (size_t n = 1; n < 20; n++) {
        p.payload = bytes_at(PAYLOAD, n);
        bench_say(b, from, bench_publish(b, from, &p));
        struct frame frame;
        bool fits = publish_size(&p, MQTT_50) <= v.packet_max;
        CHECK_EQ(bench_next(b, to, &frame), fits);
    }
    bench_free(b);
}

/* What several get is in memory once: small packets in the arena, large ones in
 * a body. */
static void shared(void)
{
    static uint8_t payload[100000];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i % 251);
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    static const struct visit VISITS[] = {
        {.id = "v5"},
        {.id = "aliases", .alias_max = 10},
        {.id = "v3", .protocol = MQTT_311},
    };
    uint32_t to[3];
    for (int i = 0; i < 3; i++) {
        to[i] = bench_enter(b, VISITS[i]);
        bench_want(b, to[i], "t", 2);
    }
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct publish_out p = {.topic = bytes_of("t"),
                                .payload = bytes_at(payload, sizeof payload),
                                .qos = qos,
                                .packet_id = qos > 0};
        bench_say(b, from, bench_publish(b, from, &p));
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(b->conns[to[i]].referred, qos + 1u);
            struct publish got = EXPECT_PUBLISH(b, to[i]);
            CHECK_BYTES(got.payload.data, got.payload.size, payload,
                        sizeof payload);
            if (qos == 1) bench_ack(b, to[i], PACKET_PUBACK, got.packet_id, 0);
        }
    }
    bench_free(b);
}

/* Four that subscribe to "t": the second has RETAIN as it is published, the
 * third an identifier, the fourth speaks 3.1.1. */
static void four_enter(struct bench *b, uint32_t to[4])
{
    static const char *const IDS[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        struct visit v = {.id = IDS[i]};
        if (i == 3) v.protocol = MQTT_311;
        to[i] = bench_enter(b, v);
        struct subscribe_filter f = {.filter = bytes_of("t")};
        f.retain_as_published = i == 1;
        bench_say(b, to[i], bench_filter(b, to[i], f, i == 2 ? 7 : 0));
        EXPECT_SUBACK(b, to[i], 0);
    }
}

/* The same packet for all that may have it as it is; RETAIN and version are in
 * it, identifiers are each client's own. */
static void encoded_once(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    uint32_t to[4];
    four_enter(b, to);
    bench_retain(b, from, "t", "x");
    CHECK(!EXPECT_MESSAGE(b, to[0], "t", "x").retain);
    CHECK(EXPECT_MESSAGE(b, to[1], "t", "x").retain);
    CHECK_EQ(EXPECT_MESSAGE(b, to[2], "t", "x").properties.subscription_id, 7);
    CHECK(!EXPECT_MESSAGE(b, to[3], "t", "x").retain);
    bench_free(b);
}

/* What `from` says is for each of four exactly what is encoded for it: a packet
 * that goes on as it came makes no difference. */
static void passed_on(struct bench *b, uint32_t from, const uint32_t *to,
                      struct publish_out said)
{
    bench_say(b, from, bench_publish(b, from, &said));
    bool retain = said.retain;
    if (b->conns[from].protocol != MQTT_50) said.forward.size = 0;
    said.topic_alias = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t identifier = 7;
        said.retain = retain && i == 1;
        said.subscription_ids = &identifier;
        said.subscription_id_count = i == 2;
        struct bytes due = bench_publish(b, to[i], &said);
        struct bytes got = raw(b, to[i]);
        CHECK_BYTES(got.data, got.size, due.data, due.size);
        EXPECT_QUIET(b, to[i]);
    }
}

static void goes_on_as_it_came(void)
{
    struct options options = bench_options();
    options.listener.max_topic_alias = 5;
    struct bench *b = bench_new(1, options);
    uint32_t from[2] = {
        bench_enter(b, (struct visit){.id = "new"}),
        bench_enter(b, (struct visit){.id = "old", .protocol = MQTT_311})};
    uint32_t to[4];
    four_enter(b, to);
    uint8_t space[64];
    struct writer w = writer_at(space, sizeof space);
    property_write_user(&w, bytes_of("key"), bytes_of("value"));
    static uint8_t long_payload[3000];
    for (int i = 0; i < 2; i++) {
        struct publish_out p = {.topic = bytes_of("t"),
                                .payload = bytes_of("x")};
        passed_on(b, from[i], to, p);
        passed_on(b, from[i], to, p);
        p.retain = true;
        passed_on(b, from[i], to, p);
        p.forward = writer_bytes(&w);
        passed_on(b, from[i], to, p);
        p.payload = bytes_at(long_payload, sizeof long_payload);
        passed_on(b, from[i], to, p);
        if (i == 1) continue;
        p.topic_alias = 3;
        passed_on(b, from[i], to, p);
        p.has_message_expiry = true;
        p.message_expiry_s = 10;
        passed_on(b, from[i], to, p);
    }
    bench_free(b);
}

/* What comes from memory in the same step is no packet that just came. */
static void what_is_kept_is_encoded(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    struct publish_out p = {
        .topic = bytes_of("t"), .payload = bytes_of("x"), .retain = true};
    uint8_t space[128];
    struct bytes publish = bench_publish(b, a, &p);
    memcpy(space, publish.data, publish.size);
    struct subscribe_filter f = {.filter = bytes_of("t")};
    struct bytes subscribe = bench_filter(b, a, f, 0);
    memcpy(space + publish.size, subscribe.data, subscribe.size);
    bench_say(b, a, bytes_at(space, publish.size + subscribe.size));
    EXPECT_SUBACK(b, a, 0);
    CHECK(EXPECT_MESSAGE(b, a, "t", "x").retain);
    EXPECT_QUIET(b, a);
    bench_free(b);
}

/* The interval is counted down, and never sent as 0. [MQTT-3.3.2-6] */
static void expiry(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_of("x"),
                            .retain = true,
                            .has_message_expiry = true,
                            .message_expiry_s = 100};
    bench_say(b, from, bench_publish(b, from, &p));
    uint32_t to = bench_enter(b, (struct visit){.id = "to"});
    static const struct {
        uint32_t wait_ms, left_s;
    } STEPS[] = {{0, 100}, {1, 100}, {999, 99}, {98999, 1}};
    for (int i = 0; i < 4; i++) {
        bench_wait(b, STEPS[i].wait_ms);
        bench_want(b, to, "t", 0);
        struct publish got = EXPECT_PUBLISH(b, to);
        CHECK_EQ(got.properties.message_expiry_s, STEPS[i].left_s);
    }
    bench_wait(b, 1);
    bench_want(b, to, "t", 0);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* A refusal that is over what the client takes is not sent. */
static void answers_too_large(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .packet_max = 10};
    uint32_t a = bench_knock(b, v);
    struct frame frame;
    CHECK(!bench_next(b, a, &frame));
    bench_free(b);
}

int main(void)
{
    RUN(packet_max);
    RUN(alias);
    RUN(alias_of_short_topic);
    RUN(shared);
    RUN(encoded_once);
    RUN(goes_on_as_it_came);
    RUN(what_is_kept_is_encoded);
    RUN(expiry);
    RUN(answers_too_large);
    return check_result();
}
