#include "check.h"
#include "wire/reason.h"

/* How many packets each code may stand in, by MQTT 5.0, table 2-6. */
static void counts_are_the_standards(void)
{
    static const struct {
        uint8_t code;
        unsigned packets;
    } WANT[] = {
        {0x00, 9}, {0x01, 1}, {0x02, 1}, {0x04, 1}, {0x10, 2}, {0x11, 1},
        {0x18, 1}, {0x19, 1}, {0x80, 6}, {0x81, 2}, {0x82, 2}, {0x83, 6},
        {0x84, 1}, {0x85, 1}, {0x86, 1}, {0x87, 6}, {0x88, 1}, {0x89, 2},
        {0x8a, 1}, {0x8b, 1}, {0x8c, 2}, {0x8d, 1}, {0x8e, 1}, {0x8f, 3},
        {0x90, 4}, {0x91, 4}, {0x92, 2}, {0x93, 1}, {0x94, 1}, {0x95, 2},
        {0x96, 1}, {0x97, 5}, {0x98, 1}, {0x99, 4}, {0x9a, 2}, {0x9b, 2},
        {0x9c, 2}, {0x9d, 2}, {0x9e, 2}, {0x9f, 2}, {0xa0, 1}, {0xa1, 2},
        {0xa2, 2},
    };
    size_t row = 0;
    for (unsigned code = 0; code < 256; code++) {
        unsigned count = 0;
        for (int type = PACKET_CONNECT; type <= PACKET_AUTH; type++)
            count += reason_allowed((enum packet_type)type, (uint8_t)code);
        bool listed =
            row < sizeof WANT / sizeof WANT[0] && WANT[row].code == code;
        CHECK_EQ(count, listed ? WANT[row].packets : 0);
        const char *text = reason_text(PACKET_CONNACK, (uint8_t)code);
        CHECK_EQ(strcmp(text, "unknown reason") == 0, !listed);
        row += listed;
    }
    CHECK_EQ(row, sizeof WANT / sizeof WANT[0]);
}

static void some_packets(void)
{
    CHECK(reason_allowed(PACKET_PUBACK, 0x10));
    CHECK(reason_allowed(PACKET_PUBREC, 0x97));
    CHECK(reason_allowed(PACKET_PUBREL, 0x92));
    CHECK(!reason_allowed(PACKET_PUBREL, 0x10));
    CHECK(!reason_allowed(PACKET_CONNECT, 0x00));
    CHECK(!reason_allowed(PACKET_PUBLISH, 0x00));
    CHECK(!reason_allowed(PACKET_PINGREQ, 0x00));
    CHECK(reason_allowed(PACKET_UNSUBACK, 0x11));
    CHECK(!reason_allowed(PACKET_SUBACK, 0x11));
}

static void disconnects_of_clients(void)
{
    CHECK(reason_disconnect_from_client(0x00));
    CHECK(reason_disconnect_from_client(0x04));
    CHECK(reason_disconnect_from_client(0x93));
    CHECK(!reason_disconnect_from_client(0x8b));
    CHECK(!reason_disconnect_from_client(0x8e));
    CHECK(!reason_disconnect_from_client(0x9d));
    CHECK(!reason_disconnect_from_client(0x01));
    CHECK(!reason_disconnect_from_client(0xff));
}

/* [MQTT3-3.2.2-6] */
static void connack_codes_of_3(void)
{
    for (unsigned code3 = 0; code3 <= 5; code3++)
        CHECK_EQ(reason_connack3(reason_of_connack3((uint8_t)code3)), code3);
    CHECK_EQ(reason_of_connack3(6), 0x80);
    CHECK_EQ(reason_of_connack3(255), 0x80);
    CHECK_EQ(reason_connack3(REASON_UNSUPPORTED_VERSION), 1);
    CHECK_EQ(reason_connack3(REASON_CLIENT_ID_NOT_VALID), 2);
    CHECK_EQ(reason_connack3(REASON_SERVER_BUSY), 3);
    CHECK_EQ(reason_connack3(REASON_BAD_CREDENTIALS), 4);
    CHECK_EQ(reason_connack3(REASON_BANNED), 5);
    CHECK_EQ(reason_connack3(REASON_MALFORMED_PACKET), 0xff);
    CHECK_EQ(reason_connack3(REASON_PROTOCOL_ERROR), 0xff);
}

static void texts_depend_on_the_packet(void)
{
    CHECK_STR(reason_text(PACKET_PUBACK, 0), "success");
    CHECK_STR(reason_text(PACKET_SUBACK, 0), "granted QoS 0");
    CHECK_STR(reason_text(PACKET_DISCONNECT, 0), "normal disconnection");
    CHECK_STR(reason_text(PACKET_DISCONNECT, 0x8e), "session taken over");
}

int main(void)
{
    RUN(counts_are_the_standards);
    RUN(some_packets);
    RUN(disconnects_of_clients);
    RUN(connack_codes_of_3);
    RUN(texts_depend_on_the_packet);
    return check_result();
}
