#include "wire/connack.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("connack.hex", 71);
}

static void fields(void)
{
    static const uint8_t PACKET[] = {0x20, 0x06, 0x01, 0x00,
                                     0x03, 0x21, 0x00, 0x14};
    struct bytes in = packets_guard(bytes_at(PACKET, sizeof PACKET));
    struct frame f;
    struct connack c;
    REQUIRE(frame_next(in, MQTT_50, UINT32_MAX, &f) == OK);
    REQUIRE(connack_decode(&f, MQTT_50, &c) == OK);
    CHECK(c.session_present);
    CHECK_EQ(c.code, 0);
    CHECK_EQ(c.properties.receive_max, 20);
    CHECK_EQ(c.properties.maximum_qos, 2);
    CHECK_EQ(c.properties.retain_available, 1);
}

/* 3.1 has no session present flag to say it with. */
static void session_present_is_not_told_to_3_1(void)
{
    struct connack c = {.session_present = true, .properties = PROPERTIES_NONE};
    uint8_t room[4];
    struct writer w = writer_at(room, sizeof room);
    connack_encode(&c, MQTT_31, &w);
    CHECK_BYTES(room, sizeof room, "\x20\x02\x00\x00", 4);
    w = writer_at(room, sizeof room);
    connack_encode(&c, MQTT_311, &w);
    CHECK_BYTES(room, sizeof room, "\x20\x02\x01\x00", 4);
    w = writer_at(room, 3);
    connack_encode(&c, MQTT_311, &w);
    CHECK(w.failed);
}

int main(void)
{
    RUN(vectors);
    RUN(fields);
    RUN(session_present_is_not_told_to_3_1);
    return check_result();
}
