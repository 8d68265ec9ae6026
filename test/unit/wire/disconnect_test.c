#include "wire/disconnect.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("disconnect.hex", 50);
}

static void fields(void)
{
    static const uint8_t PACKET[] = {0xe0, 0x07, 0x04, 0x05, 0x11,
                                     0x00, 0x00, 0x00, 0x3c};
    struct bytes in = packets_guard(bytes_at(PACKET, sizeof PACKET));
    struct frame f;
    struct disconnect d;
    REQUIRE(frame_next(in, MQTT_50, UINT32_MAX, &f) == OK);
    REQUIRE(disconnect_decode(&f, MQTT_50, &d) == OK);
    CHECK_EQ(d.reason, 0x04);
    CHECK(properties_has(&d.properties, PROPERTY_SESSION_EXPIRY));
    CHECK_EQ(d.properties.session_expiry_s, 60);
}

static void no_body_in_3(void)
{
    struct disconnect d = {.reason = 0x8e, .properties = PROPERTIES_NONE};
    uint8_t room[DISCONNECT_SIZE];
    struct writer w = writer_at(room, sizeof room);
    disconnect_encode(&d, MQTT_311, &w);
    CHECK_BYTES(room, writer_bytes(&w).size, "\xe0\x00", 2);
    CHECK_EQ(disconnect_size(&d, MQTT_31), 2);
    w = writer_at(room, sizeof room);
    disconnect_encode(&d, MQTT_50, &w);
    CHECK_BYTES(room, writer_bytes(&w).size, "\xe0\x01\x8e", 3);
}

int main(void)
{
    RUN(vectors);
    RUN(fields);
    RUN(no_body_in_3);
    return check_result();
}
