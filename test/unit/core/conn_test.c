/* conn_test.c - bytes become packets; deadlines are kept; output is bounded. */
#include "bench.h"
#include "core/bounds.h"
#include "core/conn.h"
#include "core/outbound.h"
#include "core/state.h"

static const struct visit A = {.id = "a"}, B = {.id = "b"};

static struct bytes ping(void)
{
    struct writer w = bench_paper();
    ping_encode(PACKET_PINGREQ, &w);
    return bench_written(&w);
}

/* One byte at a time, from CONNECT on. */
static void byte_by_byte(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_open(b, 0);
    b->conns[a].protocol = MQTT_50;
    uint8_t text[512];
    struct bytes packet = bench_connect(&A);
    size_t size = packet.size;
    memcpy(text, packet.data, size);
    struct subscribe_filter filter = {.filter = bytes_of("t")};
    packet = bench_filter(b, a, filter, 0);
    memcpy(text + size, packet.data, packet.size);
    size += packet.size;
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_of("hello, world")};
    packet = bench_publish(b, a, &p);
    memcpy(text + size, packet.data, packet.size);
    size += packet.size;
    for (size_t i = 0; i < size; i++)
        bench_say(b, a, bytes_at(text + i, 1));
    EXPECT_CONNACK(b, a, 0);
    EXPECT_SUBACK(b, a, 0);
    EXPECT_MESSAGE(b, a, "t", "hello, world");
    CHECK_EQ(b->shards[0]->stats.v[STAT_PACKETS_IN], 3);
    CHECK_EQ(b->shards[0]->stats.v[STAT_BYTES_IN], size);
    bench_free(b);
}

/* A thousand packets in one read, and half a packet more. */
static void many_at_once(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, A);
    uint8_t text[2001];
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 2 * i, ping().data, 2);
    text[2000] = text[0];
    bench_say(b, a, bytes_at(text, sizeof text));
    for (int i = 0; i < 1000; i++)
        EXPECT(b, a, PACKET_PINGRESP);
    EXPECT_QUIET(b, a);
    bench_say(b, a, bytes_at(text + 1, 1));
    EXPECT(b, a, PACKET_PINGRESP);
    bench_free(b);
}

/* [MQTT-3.1.0-1] [MQTT-3.1.0-2] */
static void out_of_place(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t first = bench_open(b, 0);
    bench_say(b, first, ping());
    EXPECT_CLOSED(b, first, 0);
    uint32_t a = bench_enter(b, A);
    bench_say(b, a, bench_connect(&A));
    EXPECT_CLOSED(b, a, REASON_PROTOCOL_ERROR);
    uint32_t c = bench_enter(b, B);
    bench_say(b, c, bytes_at("\xd0\x00", 2)); /* PINGRESP */
    EXPECT_CLOSED(b, c, REASON_PROTOCOL_ERROR);
    CHECK(b->conns[c].linger);
    bench_free(b);
}

/* The whole packet counts, to the byte, and is refused by its length alone. */
static void size_limit(void)
{
    struct options options = bench_options();
    options.max_packet_size = 100;
    struct bench *b = bench_new(1, options);
    uint8_t text[101] = {0x30, 98, 0, 1, 't', 0};
    uint32_t a = bench_enter(b, A);
    bench_say(b, a, bytes_at(text, 100));
    EXPECT_QUIET(b, a);
    text[1] = 99;
    bench_say(b, a, bytes_at(text, 2));
    EXPECT_CLOSED(b, a, REASON_PACKET_TOO_LARGE);
    bench_free(b);
}

static void connect_timeout(void)
{
    struct options options = bench_options();
    options.connect_timeout_s = 7;
    struct bench *b = bench_new(1, options);
    uint32_t slow = bench_open(b, 0);
    bench_wait(b, 3000);
    bench_say(b, slow, bytes_at("\x10", 1));
    bench_wait(b, 3999);
    CHECK(b->conns[slow].open);
    uint32_t a = bench_enter(b, A);
    bench_wait(b, 1);
    EXPECT_CLOSED(b, slow, 0);
    bench_wait(b, 60000);
    EXPECT_QUIET(b, a);
    bench_free(b);
}

/* One and a half of the keep alive, to the millisecond. [MQTT-3.1.2-22] */
static void keep_alive(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keepalive_s = 3};
    uint32_t a = bench_enter(b, v);
    bench_wait(b, 4499);
    bench_say(b, a, ping());
    EXPECT(b, a, PACKET_PINGRESP);
    bench_wait(b, 4499);
    EXPECT_QUIET(b, a);
    bench_wait(b, 1);
    EXPECT_CLOSED(b, a, REASON_KEEP_ALIVE_TIMEOUT);
    bench_free(b);
}

/* What is not read by us is not held against the client. */
static void keep_alive_paused(void)
{
    struct bench *b = bench_new(2, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 0, 0, id), .keepalive_s = 2};
    uint32_t a = bench_enter(b, v);
    b->deaf[1] = true;
    struct subscribe_filter filter = {.filter = bytes_of("t")};
    bench_say(b, a, bench_filter(b, a, filter, 0));
    bench_say(b, a, ping());
    CHECK(b->conns[a].paused);
    bench_wait(b, 10000);
    EXPECT_QUIET(b, a);
    b->deaf[1] = false;
    bench_settle(b);
    EXPECT_SUBACK(b, a, 0);
    EXPECT(b, a, PACKET_PINGRESP);
    bench_wait(b, 2999);
    EXPECT_QUIET(b, a);
    bench_wait(b, 1);
    EXPECT_CLOSED(b, a, REASON_KEEP_ALIVE_TIMEOUT);
    bench_free(b);
}

/* While SUBACK is owed, what came behind SUBSCRIBE waits, and none is lost. */
static void held(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 0, 0, id)};
    uint32_t a = bench_enter(b, v);
    b->deaf[1] = true;
    struct subscribe_filter filter = {.filter = bytes_of("t")};
    bench_say(b, a, bench_filter(b, a, filter, 0));
    CHECK(!b->conns[a].paused);
    for (int i = 0; i < 3; i++) {
        struct publish_out p = {.topic = bytes_of("t"),
                                .payload = bytes_at(&"012"[i], 1)};
        struct bytes packet = bench_publish(b, a, &p);
        bench_say(b, a, bytes_at(packet.data, 3));
        CHECK(b->conns[a].paused);
        packet = bench_publish(b, a, &p);
        bench_say(b, a, bytes_skip(packet, 3));
    }
    bench_say(b, a, bytes_at("\xc0", 1));
    EXPECT_QUIET(b, a);
    b->deaf[1] = false;
    bench_settle(b);
    EXPECT_SUBACK(b, a, 0);
    EXPECT_MESSAGE(b, a, "t", "0");
    EXPECT_MESSAGE(b, a, "t", "1");
    EXPECT_MESSAGE(b, a, "t", "2");
    CHECK(!b->conns[a].paused);
    bench_say(b, a, bytes_at("\x00", 1));
    EXPECT(b, a, PACKET_PINGRESP);
    bench_free(b);
}

/* CONNECT goes home with all that came behind it, half packets too. */
static void moved(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    for (uint16_t at = 0; at < 3; at++) {
        struct visit v = {.id = bench_id(b, 2, 10 * at, id)};
        uint32_t a = bench_open(b, at);
        b->conns[a].protocol = MQTT_50;
        uint8_t text[100];
        struct bytes packet = bench_connect(&v);
        size_t size = packet.size;
        memcpy(text, packet.data, size);
        memcpy(text + size, "\xc0\x00\xc0", 3);
        bench_say(b, a, bytes_at(text, 5));
        bench_say(b, a, bytes_at(text + 5, size + 3 - 5));
        CHECK_EQ(b->conns[a].shard, 2);
        EXPECT_CONNACK(b, a, 0);
        EXPECT(b, a, PACKET_PINGRESP);
        bench_say(b, a, bytes_at("\x00", 1));
        EXPECT(b, a, PACKET_PINGRESP);
    }
    bench_free(b);
}

/* A connection that moved was accepted once, and its CONNECT came once. */
static void moved_counted_once(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 2, 0, id), .at = 1};
    size_t size = bench_connect(&v).size;
    bench_enter(b, v);
    uint64_t sockets = 0, packets = 0, bytes = 0;
    for (int i = 0; i < 3; i++) {
        sockets += b->shards[i]->stats.v[STAT_SOCKETS];
        packets += b->shards[i]->stats.v[STAT_PACKETS_IN];
        bytes += b->shards[i]->stats.v[STAT_BYTES_IN];
    }
    CHECK_EQ(sockets, 1);
    CHECK_EQ(packets, 1);
    CHECK_EQ(bytes, size);
    bench_free(b);
}

/* Publish `size` bytes of payload to "t". */
static void tell(struct bench *b, uint32_t from, size_t size, uint8_t qos,
                 uint16_t id)
{
    static uint8_t payload[200000];
    REQUIRE(size <= sizeof payload);
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_at(payload, size),
                            .qos = qos,
                            .packet_id = id};
    bench_say(b, from, bench_publish(b, from, &p));
}

/* A client that does not read costs a bounded number of bytes; then it reads
 * on, and gets all that was promised, however sizes fall. */
static void slow(void)
{
    static const size_t SIZES[] = {70000, 200000, 1000};
    for (size_t s = 0; s < 3; s++) {
        struct bench *b = bench_new(1, bench_options());
        uint32_t a = bench_enter(b, A);
        uint32_t c = bench_enter(b, B);
        bench_want(b, c, "t", 1);
        b->conns[c].stuck = true;
        size_t before = b->conns[c].heard_total;
        tell(b, a, SIZES[s], 1, 1);
        for (uint16_t i = 2; i <= 10; i++)
            tell(b, a, 199000, 1, i);
        CHECK(b->conns[c].heard_total - before < OUTPUT_BYTES_MAX + 200000);
        b->conns[c].stuck = false;
        bench_settle(b);
        for (int i = 0; i < 10; i++)
            EXPECT_PUBLISH(b, c);
        EXPECT_QUIET(b, c);
        bench_say(b, c, ping());
        EXPECT(b, c, PACKET_PINGRESP);
        bench_free(b);
    }
}

/* QoS 0 waits for output within its bounds, then it is dropped, in order. */
static void slow_qos0(void)
{
    struct options options = bench_options();
    options.max_queued_bytes =
        3 * (sizeof(struct delivery) + sizeof(struct body)) + 1 + 2 + 3;
    struct bench *b = bench_new(1, options);
    uint32_t a = bench_enter(b, A);
    uint32_t c = bench_enter(b, B);
    bench_want(b, c, "t", 0);
    b->conns[c].stuck = true;
    tell(b, a, 200000, 0, 0);
    tell(b, a, 200000, 0, 0);
    for (size_t i = 1; i <= 5; i++)
        tell(b, a, i, 0, 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 2);
    CHECK_EQ(b->notes[NOTE_DROPPED], 1);
    b->conns[c].stuck = false;
    bench_settle(b);
    CHECK_EQ(EXPECT_PUBLISH(b, c).payload.size, 200000);
    CHECK_EQ(EXPECT_PUBLISH(b, c).payload.size, 200000);
    for (size_t i = 1; i <= 3; i++)
        CHECK_EQ(EXPECT_PUBLISH(b, c).payload.size, i);
    EXPECT_QUIET(b, c);
    bench_free(b);
}

/* Who does not read its answers is not read. */
static void slow_input(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, A);
    b->conns[a].stuck = true;
    static uint8_t pings[300000];
    for (size_t i = 0; i < sizeof pings; i += 2)
        memcpy(pings + i, "\xc0\x00", 2);
    bench_say(b, a, bytes_at(pings, sizeof pings));
    CHECK(b->conns[a].paused);
    CHECK(b->conns[a].heard_total < OUTPUT_BYTES_MAX + 64);
    b->conns[a].stuck = false;
    bench_settle(b);
    CHECK(!b->conns[a].paused);
    for (size_t i = 0; i < sizeof pings; i += 2)
        EXPECT(b, a, PACKET_PINGRESP);
    EXPECT_QUIET(b, a);
    bench_free(b);
}

/* A reload takes back nothing that a client was told it may send. */
static void limits_kept(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, A);
    struct options options = b->options;
    options.max_packet_size = 60;
    options.receive_maximum = 1;
    options.listener.max_topic_alias = 0;
    options.listener.max_qos = 1;
    options.retain_available = false;
    bench_step(b, 0,
               (struct event){.kind = EVENT_RELOADED, .options = &options});
    struct publish_out p = {.topic = bytes_of("a topic of quite some length"),
                            .payload = bytes_of("and a payload of some more"),
                            .retain = true,
                            .topic_alias = 10,
                            .qos = 2};
    for (p.packet_id = 1; p.packet_id <= 20; p.packet_id++) {
        bench_say(b, a, bench_publish(b, a, &p));
        EXPECT_ACK(b, a, PACKET_PUBREC, p.packet_id, 0);
    }
    EXPECT_QUIET(b, a);
    uint32_t c = bench_knock(b, B);
    struct connack connack = EXPECT_CONNACK(b, c, 0);
    CHECK_EQ(connack.properties.packet_size_max, 60);
    CHECK_EQ(connack.properties.receive_max, 1);
    p.packet_id = 1;
    bench_say(b, c, bench_publish(b, c, &p));
    EXPECT_CLOSED(b, c, REASON_PACKET_TOO_LARGE);
    bench_free(b);
}

/* Everybody hears that the broker ends, and nobody comes in any more. */
static void stopped(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, A);
    struct visit old = {.id = "b", .protocol = MQTT_311};
    uint32_t c = bench_enter(b, old);
    uint32_t nobody = bench_open(b, 0);
    bench_step(b, 0, (struct event){.kind = EVENT_STOPPED});
    EXPECT_CLOSED(b, a, REASON_SERVER_SHUTTING_DOWN);
    EXPECT_CLOSED(b, c, 0);
    EXPECT_CLOSED(b, nobody, 0);
    uint32_t late = bench_knock(b, A);
    EXPECT_CONNACK(b, late, REASON_SERVER_UNAVAILABLE);
    EXPECT_CLOSED(b, late, 0);
    bench_free(b);
}

int main(void)
{
    RUN(byte_by_byte);
    RUN(many_at_once);
    RUN(out_of_place);
    RUN(size_limit);
    RUN(connect_timeout);
    RUN(keep_alive);
    RUN(keep_alive_paused);
    RUN(held);
    RUN(moved);
    RUN(moved_counted_once);
    RUN(slow);
    RUN(slow_qos0);
    RUN(slow_input);
    RUN(limits_kept);
    RUN(stopped);
    return check_result();
}
