/* connect_test.c - who comes in, and what is said to it. */
#include "bench.h"
#include "core/connect.h"
#include "core/state.h"

static void expiry(void)
{
    struct options options = bench_options();
    CHECK_EQ(connect_expiry_s(&options, 0), 0);
    CHECK_EQ(connect_expiry_s(&options, UINT32_MAX), UINT32_MAX);
    options.persistent_client_expiration_s = 100;
    CHECK_EQ(connect_expiry_s(&options, 99), 99);
    CHECK_EQ(connect_expiry_s(&options, UINT32_MAX), 100);
}

/* The defaults are Mosquitto's, and so is their order. */
static void properties(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a"};
    uint32_t a = bench_knock(b, v);
    static const uint8_t WANT[] = {0x20, 14,   0,    0,    11,   0x22, 0, 10,
                                   0x27, 0x00, 0x1e, 0x84, 0x80, 0x21, 0, 20};
    struct bytes heard = buffer_bytes(&b->conns[a].heard);
    CHECK_BYTES(heard.data, heard.size, WANT, sizeof WANT);
    bench_free(b);
}

static void properties_of_options(void)
{
    struct options options = bench_options();
    options.max_keepalive = 60;
    options.listener.max_qos = 1;
    options.retain_available = false;
    options.wildcard_subscriptions = false;
    options.shared_subscriptions = false;
    options.persistent_client_expiration_s = 50;
    options.max_packet_size = 0;
    options.listener.max_topic_alias = 0;
    struct bench *b = bench_new(1, options);
    struct visit v = {.id = "a", .expiry_s = 80};
    uint32_t a = bench_knock(b, v);
    struct connack c = EXPECT_CONNACK(b, a, 0);
    CHECK_EQ(c.properties.server_keep_alive_s, 60);
    CHECK_EQ(c.properties.maximum_qos, 1);
    CHECK_EQ(c.properties.retain_available, 0);
    CHECK_EQ(c.properties.wildcard_available, 0);
    CHECK_EQ(c.properties.shared_available, 0);
    CHECK_EQ(c.properties.session_expiry_s, 50);
    CHECK(!properties_has(&c.properties, PROPERTY_PACKET_SIZE_MAX));
    CHECK(!properties_has(&c.properties, PROPERTY_TOPIC_ALIAS_MAX));
    struct visit old = {.id = "b", .protocol = MQTT_311, .keepalive_s = 61};
    uint32_t c3 = bench_knock(b, old);
    EXPECT_CONNACK(b, c3, 2);
    EXPECT_CLOSED(b, c3, 0);
    bench_free(b);
}

/* An id of the server's making is at home where the client came.
 * [MQTT-3.1.3-6] [MQTT-3.1.3-7] */
static void id_assigned(void)
{
    struct bench *b = bench_new(3, bench_options());
    for (uint16_t at = 0; at < 3; at++) {
        struct visit v = {.id = "", .at = at};
        uint32_t a = bench_knock(b, v);
        struct connack c = EXPECT_CONNACK(b, a, 0);
        struct bytes id = c.properties.assigned_client_id;
        CHECK(id.size > 20 && memcmp(id.data, "auto-", 5) == 0);
        CHECK_EQ(b->conns[a].shard, at);
        CHECK_EQ(place_home(&b->shards[at]->place, id), at);
    }
    bench_free(b);
}

/* [MQTT3-3.1.3-7] [MQTT3-3.1.3-8] */
static void id_empty(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "", .protocol = MQTT_31};
    EXPECT_CONNACK(b, bench_knock(b, v), 2);
    v = (struct visit){.id = "", .protocol = MQTT_311};
    EXPECT_CONNACK(b, bench_knock(b, v), 0);
    v.keep = true;
    uint32_t refused = bench_knock(b, v);
    EXPECT_CONNACK(b, refused, 2);
    EXPECT_CLOSED(b, refused, 0);
    b->options.listener.allow_zero_length_clientid = false;
    v = (struct visit){.id = ""};
    refused = bench_knock(b, v);
    EXPECT_CONNACK(b, refused, REASON_CLIENT_ID_NOT_VALID);
    EXPECT_CLOSED(b, refused, 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_REFUSED], 3);
    bench_free(b);
}

/* Over the limit of connections: the client reads why. */
static void refused(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = b->conn_count++;
    b->conns[a] = (struct bench_conn){.open = true, .protocol = MQTT_50};
    buffer_init(&b->conns[a].heard, b->paper);
    struct event event = {.kind = EVENT_OPENED, .conn = {a}, .refused = true};
    bench_step(b, 0, event);
    struct visit v = {.id = "a"};
    bench_say(b, a, bench_connect(&v));
    EXPECT_CONNACK(b, a, REASON_QUOTA_EXCEEDED);
    EXPECT_CLOSED(b, a, 0);
    CHECK(b->conns[a].linger);
    b->options.listener.allow_anonymous = false;
    uint32_t c = bench_knock(b, v);
    EXPECT_CONNACK(b, c, REASON_NOT_AUTHORIZED);
    v.protocol = MQTT_311;
    c = bench_knock(b, v);
    EXPECT_CONNACK(b, c, 5);
    bench_free(b);
}

/* [MQTT-3.1.2-2] [MQTT3-3.1.2-2] */
static void version(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_open(b, 0);
    b->conns[a].protocol = MQTT_50;
    bench_say(b, a, bytes_at("\x10\x0c\0\4MQTT\6\2\0\0\0\0", 14));
    EXPECT_CONNACK(b, a, REASON_UNSUPPORTED_VERSION);
    EXPECT_CLOSED(b, a, 0);
    uint32_t c = bench_open(b, 0);
    b->conns[c].protocol = MQTT_311;
    bench_say(b, c, bytes_at("\x10\x0c\0\4MQTT\2\2\0\0\0\0", 14));
    EXPECT_CONNACK(b, c, 1);
    uint32_t d = bench_open(b, 0);
    bench_say(b, d, bytes_at("\x10\x0c\0\4HTTP\4\2\0\0\0\0", 14));
    EXPECT_CLOSED(b, d, 0);
    bench_free(b);
}

/* [MQTT-3.1.4-3]; a session that ends with its connection is not present. */
static void take_over(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = 60};
    uint32_t first = bench_enter(b, v);
    uint32_t second = bench_knock(b, v);
    EXPECT_CLOSED(b, first, REASON_SESSION_TAKEN_OVER);
    CHECK(EXPECT_CONNACK(b, second, 0).session_present);
    v.keep = false;
    uint32_t third = bench_knock(b, v);
    EXPECT_CLOSED(b, second, REASON_SESSION_TAKEN_OVER);
    CHECK(!EXPECT_CONNACK(b, third, 0).session_present);
    struct visit old = {.id = "a", .protocol = MQTT_311};
    uint32_t fourth = bench_knock(b, old);
    EXPECT_CLOSED(b, third, REASON_SESSION_TAKEN_OVER);
    EXPECT_CONNACK(b, fourth, 0);
    old.keep = true;
    uint32_t fifth = bench_knock(b, old);
    EXPECT_CLOSED(b, fourth, 0);
    CHECK(!EXPECT_CONNACK(b, fifth, 0).session_present);
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS], 1);
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS_CONNECTED], 1);
    bench_free(b);
}

int main(void)
{
    RUN(expiry);
    RUN(properties);
    RUN(properties_of_options);
    RUN(id_assigned);
    RUN(id_empty);
    RUN(refused);
    RUN(version);
    RUN(take_over);
    return check_result();
}
