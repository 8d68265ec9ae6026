#include "bench/packet.h"
#include "check.h"
#include "wire/publish.h"

static void patterns(void)
{
    char text[32];
    CHECK_EQ(bench_pattern("a/%i/b", 12, 0, text, sizeof text), 0);
    CHECK_STR(text, "a/12/b");
    CHECK_EQ(bench_pattern("a/%i/%n", 3, 45, text, sizeof text), 4);
    CHECK_STR(text, "a/3/00000045");
    CHECK_EQ(bench_pattern("50%", 3, 45, text, sizeof text), 0);
    CHECK_STR(text, "50%");
    (void)bench_pattern("abcdefgh", 0, 0, text, 5);
    CHECK_STR(text, "abcd");
    (void)bench_pattern("abc%n", 0, 0, text, 5);
    CHECK_STR(text, "abc0");
}

/* What a template writes is what wire/ reads. */
static void template_is_read(enum protocol protocol, unsigned qos, size_t size)
{
    struct bench_template t = {0};
    char topic[32];
    size_t at = bench_pattern("bench/%i/%n", 7, 0, topic, sizeof topic);
    bench_template_init(&t, protocol, topic, at, qos, true, size);
    uint8_t *out = malloc(t.size);
    REQUIRE(out != NULL);
    struct bench_proof proof = {0xdeadbeef, 7, 123, UINT64_C(1) << 60};
    bench_template_write(&t, out, 0x1234, &proof);

    struct frame frame;
    struct publish publish;
    REQUIRE(frame_next(bytes_at(out, t.size), protocol, PACKET_SIZE_MAX,
                       &frame) == OK);
    REQUIRE(publish_decode(&frame, protocol, &publish) == OK);
    CHECK_EQ(frame.size, t.size);
    CHECK_BYTES(publish.topic.data, publish.topic.size, "bench/7/00000123", 16);
    CHECK_EQ(publish.qos, qos);
    CHECK_EQ(publish.packet_id, qos > 0 ? 0x1234 : 0);
    CHECK(publish.retain);
    CHECK_EQ(publish.payload.size, size);

    struct bench_frame f;
    struct bench_proof read = {0};
    REQUIRE(bench_frame_next(bytes_at(out, t.size), protocol, &f) == OK);
    CHECK_EQ(f.qos, qos);
    CHECK_EQ(f.id, publish.packet_id);
    CHECK_EQ(f.packet.size, t.size);
    CHECK_EQ(bench_proof_read(f.payload, &read), size >= BENCH_PROOF_SIZE);
    if (size >= BENCH_PROOF_SIZE) {
        CHECK_EQ(read.tag, proof.tag);
        CHECK_EQ(read.sender, 7);
        CHECK_EQ(read.number, 123);
        CHECK_EQ(read.time_ns, proof.time_ns);
    }
    free(out);
    bench_template_fini(&t);
}

static void templates(void)
{
    for (unsigned qos = 0; qos < 3; qos++) {
        template_is_read(MQTT_31, qos, 20);
        template_is_read(MQTT_311, qos, 64);
        template_is_read(MQTT_50, qos, 64);
        template_is_read(MQTT_50, qos, 70000);
        template_is_read(MQTT_311, qos, 0);
    }
}

/* However a packet is cut, more is asked for and nothing read beyond. */
static void cut_packets(void)
{
    struct bench_template t = {0};
    bench_template_init(&t, MQTT_50, "bench/1", 0, 1, false, 300);
    for (size_t size = 0; size < t.size; size++) {
        uint8_t *cut = check_guard(t.data, size);
        struct bench_frame f;
        CHECK_EQ(bench_frame_next(bytes_at(cut, size), MQTT_50, &f), ERR_MORE);
        check_guard_free(cut, size);
    }
    bench_template_fini(&t);
}

static void answers(void)
{
    static const uint8_t short_one[] = {0x40, 2, 0x12, 0x34, 0xff};
    static const uint8_t long_one[] = {0x50, 3, 0, 9, 0x97};
    static const uint8_t broken[] = {0x40, 1, 7};
    static const uint8_t lengths[] = {0x30, 0xff, 0xff, 0xff, 0xff, 1};
    struct bench_frame f;
    REQUIRE(bench_frame_next(bytes_at(short_one, 5), MQTT_50, &f) == OK);
    CHECK_EQ(f.type, PACKET_PUBACK);
    CHECK_EQ(f.id, 0x1234);
    CHECK_EQ(f.reason, 0);
    CHECK_EQ(f.packet.size, 4);
    REQUIRE(bench_frame_next(bytes_at(long_one, 5), MQTT_50, &f) == OK);
    CHECK_EQ(f.type, PACKET_PUBREC);
    CHECK_EQ(f.reason, 0x97);
    CHECK_EQ(bench_frame_next(bytes_at(broken, 3), MQTT_50, &f), ERR_MALFORMED);
    CHECK_EQ(bench_frame_next(bytes_at(lengths, 6), MQTT_50, &f),
             ERR_MALFORMED);
}

int main(void)
{
    RUN(patterns);
    RUN(templates);
    RUN(cut_packets);
    RUN(answers);
    return check_result();
}
