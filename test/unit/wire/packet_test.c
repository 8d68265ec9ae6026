#include "wire/packet.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("packet.hex", 30);
}

/* A PUBLISH of 200 bytes, one byte after the other. */
static void one_byte_at_a_time(void)
{
    uint8_t packet[203] = {0x30, 0xc8, 0x01};
    struct frame f;
    for (size_t size = 0; size < sizeof packet; size++) {
        struct bytes in = packets_guard(bytes_at(packet, size));
        CHECK_EQ(frame_next(in, MQTT_50, UINT32_MAX, &f), ERR_MORE);
        CHECK_EQ(f.size, size < 3 ? 0 : sizeof packet);
        CHECK_EQ(f.type, size < 1 ? PACKET_NONE : PACKET_PUBLISH);
    }
    struct bytes in = packets_guard(bytes_at(packet, sizeof packet));
    CHECK_EQ(frame_next(in, MQTT_50, UINT32_MAX, &f), OK);
    CHECK_EQ(f.size, sizeof packet);
    CHECK_EQ(f.body.size, 200);
    CHECK(f.body.data == in.data + 3);
}

static void many_in_one_read(void)
{
    uint8_t packets[2000] = {0};
    for (size_t i = 0; i < sizeof packets; i += 2)
        packets[i] = i % 4 == 0 ? 0xc0 : 0xd0;
    struct bytes in = packets_guard(bytes_at(packets, sizeof packets));
    struct frame f;
    size_t count = 0;
    for (; in.size > 0; count++) {
        REQUIRE(frame_next(in, MQTT_311, 2, &f) == OK);
        CHECK_EQ(f.type, count % 2 ? PACKET_PINGRESP : PACKET_PINGREQ);
        in = bytes_skip(in, f.size);
    }
    CHECK_EQ(count, 1000);
}

static void too_large_says_how_large(void)
{
    struct frame f;
    struct bytes in = packets_guard(bytes_at("\x30\xff\xff\xff\x7f", 5));
    CHECK_EQ(frame_next(in, MQTT_50, PACKET_SIZE_MAX - 1, &f), ERR_TOO_LARGE);
    CHECK_EQ(f.size, PACKET_SIZE_MAX);
    CHECK_EQ(frame_next(in, MQTT_50, PACKET_SIZE_MAX, &f), ERR_MORE);
}

/* Every first byte in every protocol: [MQTT-2.1.3-1] [MQTT3-2.2.2-1] */
static void every_first_byte(void)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t packet[2] = {(uint8_t)first, 0};
        struct bytes in = packets_guard(bytes_at(packet, 2));
        unsigned type = first >> 4;
        bool two = type == PACKET_PUBREL || type == PACKET_SUBSCRIBE ||
                   type == PACKET_UNSUBSCRIBE;
        bool good = type == PACKET_PUBLISH ||
                    (type != 0 && (first & 15) == (two ? 2u : 0u));
        struct frame f;
        enum err want = good ? OK : ERR_MALFORMED;
        CHECK_EQ(frame_next(in, MQTT_NONE, 9, &f), want);
        CHECK_EQ(frame_next(in, MQTT_311, 9, &f), want);
        CHECK_EQ(frame_next(in, MQTT_50, 9, &f), want);
        want = type != 0 ? OK : ERR_MALFORMED;
        CHECK_EQ(frame_next(in, MQTT_31, 9, &f), want);
    }
}

static void heads_are_written(void)
{
    static const size_t SIZES[] = {0, 127, 128, 16384, 2097152, VARINT_MAX};
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        uint8_t room[FRAME_HEAD_SIZE_MAX];
        struct writer w = writer_at(room, sizeof room);
        frame_write(&w, PACKET_PUBLISH, 0x0d, SIZES[i]);
        CHECK(!w.failed);
        size_t head = writer_bytes(&w).size;
        CHECK_EQ(head + SIZES[i], frame_size(SIZES[i]));
        CHECK_EQ(room[0], 0x3d);
    }
    struct writer w = writer_at((uint8_t[8]){0}, 8);
    frame_write(&w, PACKET_PUBLISH, 0, (size_t)VARINT_MAX + 1);
    CHECK(w.failed);
    CHECK(frame_size((size_t)VARINT_MAX + 1) > PACKET_SIZE_MAX);
    /* One that is small again in 32 bits, where a size has more of them. */
    size_t wide = (size_t)((UINT64_C(1) << 32) + 1);
    if (wide == 1) return;
    w = writer_at((uint8_t[8]){0}, 8);
    frame_write(&w, PACKET_PUBLISH, 0, wide);
    CHECK(w.failed);
    CHECK(frame_size(wide) > PACKET_SIZE_MAX);
}

static void packets_have_names(void)
{
    CHECK_STR(packet_name(PACKET_NONE), "NONE");
    CHECK_STR(packet_name(PACKET_CONNECT), "CONNECT");
    CHECK_STR(packet_name(PACKET_PUBLISH), "PUBLISH");
    CHECK_STR(packet_name(PACKET_UNSUBACK), "UNSUBACK");
    CHECK_STR(packet_name(PACKET_AUTH), "AUTH");
}

int main(void)
{
    RUN(vectors);
    RUN(one_byte_at_a_time);
    RUN(many_in_one_read);
    RUN(too_large_says_how_large);
    RUN(every_first_byte);
    RUN(heads_are_written);
    RUN(packets_have_names);
    return check_result();
}
