/* acknowledge_test.c - the four acknowledgements, in and out of place. */
#include "bench.h"
#include "core/acknowledge.h"
#include "core/state.h"

/* Two clients; `*to` gets what `*from` publishes on "t". */
static struct bench *pair(uint32_t *from, uint32_t *to, enum protocol protocol)
{
    struct bench *b = bench_new(1, bench_options());
    *from = bench_enter(b, (struct visit){.id = "from"});
    struct visit v = {.id = "to", .protocol = protocol};
    *to = bench_enter(b, v);
    bench_want(b, *to, "t", 2);
    return b;
}

static void unknown(void)
{
    uint32_t from, to;
    struct bench *b = pair(&from, &to, MQTT_50);
    bench_ack(b, to, PACKET_PUBACK, 5, 0);
    bench_ack(b, to, PACKET_PUBCOMP, 5, 0);
    bench_ack(b, to, PACKET_PUBREC, 5, REASON_UNSPECIFIED);
    EXPECT_QUIET(b, to);
    bench_ack(b, to, PACKET_PUBREC, 5, 0);
    EXPECT_ACK(b, to, PACKET_PUBREL, 5, REASON_PACKET_ID_NOT_FOUND);
    bench_ack(b, to, PACKET_PUBREL, 5, 0);
    EXPECT_ACK(b, to, PACKET_PUBCOMP, 5, REASON_PACKET_ID_NOT_FOUND);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* 3.x has the packets, but no word for it. */
static void unknown_old(void)
{
    uint32_t from, to;
    struct bench *b = pair(&from, &to, MQTT_311);
    bench_ack(b, to, PACKET_PUBREC, 5, 0);
    EXPECT_ACK(b, to, PACKET_PUBREL, 5, 0);
    bench_ack(b, to, PACKET_PUBREL, 5, 0);
    EXPECT_ACK(b, to, PACKET_PUBCOMP, 5, 0);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* Not the one that is due: the connection ends. */
static void wrong_kind(void)
{
    static const struct {
        uint8_t qos;
        enum packet_type answer;
    } CASES[] = {{1, PACKET_PUBREC},
                 {1, PACKET_PUBCOMP},
                 {2, PACKET_PUBACK},
                 {2, PACKET_PUBCOMP}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint32_t from, to;
        struct bench *b = pair(&from, &to, MQTT_50);
        bench_promise(b, from, "t", "x", CASES[i].qos, 1);
        uint16_t id = EXPECT_PUBLISH(b, to).packet_id;
        bench_ack(b, to, CASES[i].answer, id, 0);
        EXPECT_CLOSED(b, to, REASON_PROTOCOL_ERROR);
        bench_free(b);
    }
}

/* QoS 2 to a client, each answer once and then again. [MQTT-4.3.3-6] */
static void qos2(void)
{
    uint32_t from, to;
    struct bench *b = pair(&from, &to, MQTT_50);
    bench_promise(b, from, "t", "x", 2, 1);
    uint16_t id = EXPECT_MESSAGE(b, to, "t", "x").packet_id;
    for (int i = 0; i < 2; i++) {
        bench_ack(b, to, PACKET_PUBREC, id, 0);
        EXPECT_ACK(b, to, PACKET_PUBREL, id, 0);
    }
    CHECK_EQ(b->shards[0]->stats.v[STAT_QUEUED], 1);
    bench_ack(b, to, PACKET_PUBCOMP, id, 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_QUEUED], 0);
    bench_ack(b, to, PACKET_PUBCOMP, id, 0);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* PUBREL frees the id; said again, there is nothing under it. */
static void pubrel(void)
{
    uint32_t from, to;
    struct bench *b = pair(&from, &to, MQTT_50);
    bench_promise(b, from, "u", "x", 2, 7);
    EXPECT_ACK(b, from, PACKET_PUBREC, 7, 0);
    bench_ack(b, from, PACKET_PUBREL, 7, 0);
    EXPECT_ACK(b, from, PACKET_PUBCOMP, 7, 0);
    bench_ack(b, from, PACKET_PUBREL, 7, 0);
    EXPECT_ACK(b, from, PACKET_PUBCOMP, 7, REASON_PACKET_ID_NOT_FOUND);
    bench_free(b);
}

/* Packet id 0, and codes that the packet has not. [MQTT-2.2.1-3] */
static void malformed(void)
{
    static const uint8_t PACKETS[][5] = {
        {0x40, 2, 0, 0}, {0x40, 3, 0, 1, 0x92}, {0x62, 3, 0, 1, 0x80}};
    for (size_t i = 0; i < 3; i++) {
        uint32_t from, to;
        struct bench *b = pair(&from, &to, MQTT_50);
        bench_say(b, to, bytes_at(PACKETS[i], 2u + PACKETS[i][1]));
        EXPECT_CLOSED(b, to, REASON_PROTOCOL_ERROR);
        bench_free(b);
    }
}

int main(void)
{
    RUN(unknown);
    RUN(unknown_old);
    RUN(wrong_kind);
    RUN(qos2);
    RUN(pubrel);
    RUN(malformed);
    return check_result();
}
