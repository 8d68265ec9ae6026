#include "wire/subscribe.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("subscribe.hex", 90);
}

static void fields(void)
{
    static const uint8_t BODY[] = {0x01, 0x02, 0x02, PROPERTY_SUBSCRIPTION_ID,
                                   0x05, 0x00, 0x01, 'a',
                                   0x2d, 0x00, 0x01, '#',
                                   0x12};
    struct frame f = {.type = PACKET_SUBSCRIBE,
                      .body = packets_guard(bytes_at(BODY, sizeof BODY))};
    struct subscribe s;
    REQUIRE(subscribe_decode(&f, MQTT_50, &s) == OK);
    CHECK_EQ(s.packet_id, 258);
    CHECK_EQ(s.count, 2);
    CHECK_EQ(s.properties.subscription_id, 5);
    struct reader at = reader_of(s.filters);
    struct subscribe_filter filter;
    REQUIRE(subscribe_filter_next(&at, &filter));
    CHECK(bytes_equal(filter.filter, bytes_of("a")));
    CHECK_EQ(filter.qos, 1);
    CHECK(filter.no_local && filter.retain_as_published);
    CHECK_EQ(filter.retain_handling, RETAIN_SEND_NOT);
    REQUIRE(subscribe_filter_next(&at, &filter));
    CHECK(bytes_equal(filter.filter, bytes_of("#")));
    CHECK_EQ(filter.qos, 2);
    CHECK(!filter.no_local && !filter.retain_as_published);
    CHECK_EQ(filter.retain_handling, RETAIN_SEND_IF_NEW);
    CHECK(!subscribe_filter_next(&at, &filter));
}

static void fields_of_suback(void)
{
    struct frame f = {.type = PACKET_SUBACK,
                      .body = packets_guard(bytes_at("\1\2\0\1\x8f", 5))};
    struct suback s;
    REQUIRE(suback_decode(&f, MQTT_50, &s) == OK);
    CHECK_EQ(s.packet_id, 258);
    CHECK_BYTES(s.codes.data, s.codes.size, "\1\x8f", 2);
}

/* UNSUBACK of 3.x has no codes, whatever the caller has. */
static void unsuback_of_3(void)
{
    struct suback s = {.type = PACKET_UNSUBACK,
                       .packet_id = 258,
                       .codes = bytes_at("\0\x11", 2)};
    uint8_t room[16];
    struct writer w = writer_at(room, suback_size(&s, MQTT_311));
    suback_encode(&s, MQTT_311, &w);
    CHECK_BYTES(room, writer_bytes(&w).size, "\xb0\x02\x01\x02", 4);
    w = writer_at(room, suback_size(&s, MQTT_50));
    suback_encode(&s, MQTT_50, &w);
    CHECK_BYTES(room, writer_bytes(&w).size, "\xb0\x05\x01\x02\x00\x00\x11", 7);
}

int main(void)
{
    RUN(vectors);
    RUN(fields);
    RUN(fields_of_suback);
    RUN(unsuback_of_3);
    return check_result();
}
