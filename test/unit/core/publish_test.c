/* publish_test.c - the whole rule of PUBLISH from a client. */
#include "bench.h"
#include "core/publish.h"
#include "core/state.h"

static const struct visit A = {.id = "a"}, B = {.id = "b"};

static void reserved(void)
{
    CHECK(publish_reserved(bytes_of("$SYS/broker/uptime")));
    CHECK(publish_reserved(bytes_of("$SYS/")));
    CHECK(!publish_reserved(bytes_of("$SYS")));
    CHECK(!publish_reserved(bytes_of("a/$SYS/b")));
    CHECK(!publish_reserved(bytes_of("$other/x")));
}

/* When a message expires: by its own interval, or, retained, by the option. */
static void expires(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = b->shards[0];
    shard->now_ms = 5000;
    CHECK_EQ(publish_expires_ms(shard, false, 0, false), 0);
    CHECK_EQ(publish_expires_ms(shard, true, 0, false), 5001);
    CHECK_EQ(publish_expires_ms(shard, true, 3, false), 8000);
    CHECK_EQ(publish_expires_ms(shard, true, UINT32_MAX, false),
             5000 + UINT32_MAX * UINT64_C(1000));
    b->options.retain_expiry_interval_s = 7;
    CHECK_EQ(publish_expires_ms(shard, false, 0, true), 12000);
    CHECK_EQ(publish_expires_ms(shard, false, 0, false), 0);
    CHECK_EQ(publish_expires_ms(shard, true, 100, true), 105000);
    bench_free(b);
}

/* What passes on passes in its order; what is between client and broker does
 * not. [MQTT-3.3.2-18] */
static void forward(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, A);
    uint32_t c = bench_enter(b, B);
    bench_want(b, c, "t", 0);
    uint8_t space[200];
    struct writer w = writer_at(space, sizeof space);
    property_write_user(&w, bytes_of("k"), bytes_of("1"));
    property_write_text(&w, PROPERTY_RESPONSE_TOPIC, bytes_of("answer"));
    property_write_text(&w, PROPERTY_CORRELATION_DATA, bytes_at("\0\1", 2));
    property_write_user(&w, bytes_of("k"), bytes_of("2"));
    property_write_number(&w, PROPERTY_PAYLOAD_FORMAT, 1);
    property_write_text(&w, PROPERTY_CONTENT_TYPE, bytes_of("text/plain"));
    struct publish_out p = {.topic = bytes_of("t"),
                            .forward = writer_bytes(&w),
                            .has_message_expiry = true,
                            .message_expiry_s = 60,
                            .topic_alias = 3};
    for (int i = 0; i < 2; i++) {
        bench_say(b, a, bench_publish(b, a, &p));
        struct publish got = EXPECT_MESSAGE(b, c, "t", "");
        CHECK_EQ(got.properties.user_count, 2);
        CHECK_EQ(got.properties.payload_format, 1);
        CHECK_EQ(got.properties.message_expiry_s, 60);
        CHECK(!properties_has(&got.properties, PROPERTY_TOPIC_ALIAS));
        CHECK(bytes_equal(got.properties.response_topic, bytes_of("answer")));
        struct reader at = reader_of(got.properties.user);
        struct property user;
        for (int n = 1; n <= 2; n++) {
            REQUIRE(property_next_of(&at, PROPERTY_USER, &user));
            CHECK_EQ(user.text.data[0], '0' + n);
        }
        p.topic.size = 0; /* the second time by its alias */
    }
    bench_free(b);
}

struct refusal {
    struct publish_out p;
    uint8_t reason;
};

/* What ends the connection, and with which reason. */
static void fatal(void)
{
    struct options options = bench_options();
    options.listener.max_qos = 1;
    options.retain_available = false;
    uint32_t identifier = 5;
    const struct refusal cases[] = {
        {{.topic = bytes_of("t"), .qos = 2, .packet_id = 1},
         REASON_QOS_NOT_SUPPORTED},
        {{.topic = bytes_of("t"), .retain = true}, REASON_RETAIN_NOT_SUPPORTED},
        {{.topic = bytes_of("t"), .topic_alias = 11},
         REASON_TOPIC_ALIAS_INVALID},
        {{.topic_alias = 1}, REASON_PROTOCOL_ERROR},
        {{.topic = bytes_of("t"),
          .subscription_ids = &identifier,
          .subscription_id_count = 1},
         REASON_PROTOCOL_ERROR},
        {{.topic = bytes_of("a/+/b")}, REASON_TOPIC_NAME_INVALID},
    };
    struct bench *b = bench_new(1, options);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t a = bench_enter(b, A);
        bench_say(b, a, bench_publish(b, a, &cases[i].p));
        EXPECT_CLOSED(b, a, cases[i].reason);
    }
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_OUT], 0);
    bench_free(b);
}

/* What is refused, while the client stays. [MQTT3-3.3.5-2] */
static void refused(void)
{
    struct options options = bench_options();
    options.message_size_limit = 4;
    options.check_payload_format = true;
    struct bench *b = bench_new(1, options);
    uint32_t a = bench_enter(b, A);
    uint32_t c = bench_enter(b, B);
    bench_want(b, c, "#", 0);
    bench_want(b, c, "$SYS/#", 0);
    bench_promise(b, a, "$SYS/x", "1", 1, 1);
    EXPECT_ACK(b, a, PACKET_PUBACK, 1, REASON_NOT_AUTHORIZED);
    bench_promise(b, a, "t", "12345", 2, 2);
    EXPECT_ACK(b, a, PACKET_PUBREC, 2, REASON_QUOTA_EXCEEDED);
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_of("\xff"),
                            .forward = bytes_at("\1\1", 2),
                            .qos = 1,
                            .packet_id = 3};
    bench_say(b, a, bench_publish(b, a, &p));
    EXPECT_ACK(b, a, PACKET_PUBACK, 3, REASON_PAYLOAD_FORMAT_INVALID);
    bench_tell(b, a, "$SYS/x", "1");
    bench_tell(b, a, "t", "12345");
    EXPECT_QUIET(b, a);
    EXPECT_QUIET(b, c);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 5);
    bench_tell(b, a, "t", "1234");
    EXPECT_MESSAGE(b, c, "t", "1234");
    bench_free(b);
}

/* An older client learns nothing of it, but its QoS 2 goes its whole way. */
static void refused_old(void)
{
    struct options options = bench_options();
    options.message_size_limit = 4;
    struct bench *b = bench_new(1, options);
    struct visit v = {.id = "a", .protocol = MQTT_311};
    uint32_t a = bench_enter(b, v);
    bench_promise(b, a, "t", "12345", 1, 1);
    EXPECT_ACK(b, a, PACKET_PUBACK, 1, 0);
    bench_promise(b, a, "t", "12345", 2, 2);
    EXPECT_ACK(b, a, PACKET_PUBREC, 2, 0);
    bench_ack(b, a, PACKET_PUBREL, 2, 0);
    EXPECT_ACK(b, a, PACKET_PUBCOMP, 2, 0);
    bench_free(b);
}

/* [MQTT-4.3.3-10] [MQTT3-4.3.3-2] */
static void qos2_once(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = 60};
    uint32_t a = bench_enter(b, v);
    uint32_t c = bench_enter(b, B);
    bench_want(b, c, "t", 0);
    for (int i = 0; i < 3; i++) {
        bench_promise(b, a, "t", "x", 2, 5);
        EXPECT_ACK(b, a, PACKET_PUBREC, 5, 0);
        bench_cut(b, a);
        a = bench_enter(b, v);
    }
    EXPECT_MESSAGE(b, c, "t", "x");
    EXPECT_QUIET(b, c);
    bench_ack(b, a, PACKET_PUBREL, 5, 0);
    EXPECT_ACK(b, a, PACKET_PUBCOMP, 5, 0);
    bench_promise(b, a, "t", "y", 2, 5);
    EXPECT_MESSAGE(b, c, "t", "y");
    bench_free(b);
}

/* Nobody there is said in PUBACK; who is there counts on any shard. */
static void nobody_there(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, A);
    bench_promise(b, a, "t", "x", 1, 1);
    EXPECT_ACK(b, a, PACKET_PUBACK, 1, REASON_NO_MATCHING_SUBSCRIBERS);
    uint32_t c = bench_enter(b, B);
    bench_want(b, c, "t", 0);
    bench_promise(b, a, "t", "x", 1, 2);
    EXPECT_ACK(b, a, PACKET_PUBACK, 2, 0);
    bench_free(b);
}

int main(void)
{
    RUN(reserved);
    RUN(expires);
    RUN(forward);
    RUN(fatal);
    RUN(refused);
    RUN(refused_old);
    RUN(qos2_once);
    RUN(nobody_there);
    return check_result();
}
