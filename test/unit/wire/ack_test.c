#include "wire/ack.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("ack.hex", 80);
}

static void fields(void)
{
    static const uint8_t BODY[] = {
        0x01, 0x02, 0x97, 0x06, PROPERTY_REASON_STRING,
        0x00, 0x03, 'w',  'h',  'y'};
    struct frame f = {.type = PACKET_PUBACK,
                      .body = packets_guard(bytes_at(BODY, sizeof BODY))};
    struct ack a;
    REQUIRE(ack_decode(&f, MQTT_50, &a) == OK);
    CHECK_EQ(a.type, PACKET_PUBACK);
    CHECK_EQ(a.packet_id, 258);
    CHECK_EQ(a.reason, 0x97);
    struct reader at = reader_of(a.properties);
    struct property property;
    CHECK(property_next_of(&at, PROPERTY_REASON_STRING, &property));
    CHECK(bytes_equal(property.text, bytes_of("why")));
}

/* A 3.x peer has no reason: it reads the packet id alone. */
static void reasons_are_not_told_to_3(void)
{
    struct ack a = {.type = PACKET_PUBREL, .packet_id = 258, .reason = 0x92};
    uint8_t room[ACK_SIZE];
    struct writer w = writer_at(room, sizeof room);
    ack_encode(&a, MQTT_311, &w);
    CHECK_EQ(ack_size(&a, MQTT_311), 4);
    CHECK_BYTES(room, writer_bytes(&w).size, "\x62\x02\x01\x02", 4);
    w = writer_at(room, sizeof room);
    ack_encode(&a, MQTT_50, &w);
    CHECK_EQ(ack_size(&a, MQTT_50), 5);
    CHECK_BYTES(room, writer_bytes(&w).size, "\x62\x03\x01\x02\x92", 5);
}

int main(void)
{
    RUN(vectors);
    RUN(fields);
    RUN(reasons_are_not_told_to_3);
    return check_result();
}
