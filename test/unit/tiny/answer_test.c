#include "rig.h"

static struct rig r;

/* Feed one packet in a connection of its own; what comes of it. */
static enum mogi_error alone(enum mogi_version version, const char *hex)
{
    rig_init(&r);
    rig_open(&r, version, version == MOGI_MQTT_50 ? RIG_50 : RIG_311);
    return rig_in(&r, hex);
}

static void connack(void)
{
    struct mogi_connect c = rig_connect(MOGI_MQTT_311);
    rig_init(&r);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK_EQ(rig_in(&r, "20 02 00 05"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_REFUSED);
    CHECK_EQ(r.event.reason, 5);
    CHECK(!mogi_tiny_is_connected(&r.t));

    rig_init(&r);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK_EQ(rig_in(&r, "20 02 01 00"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_CONNECTED);
    CHECK(r.event.session_present);
    CHECK(mogi_tiny_is_connected(&r.t));

    /* A session where a clean one was asked for. */
    c.clean_start = true;
    rig_init(&r);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK_EQ(rig_in(&r, "20 02 01 00"), MOGI_ERROR_PROTOCOL);

    c = rig_connect(MOGI_MQTT_50);
    rig_init(&r);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK_EQ(rig_in(&r, "20 08 00 00 05 12 0002 7a7a"), MOGI_OK);
    struct mogi_property p;
    CHECK(mogi_property_find(r.event.properties, MOGI_ASSIGNED_CLIENT_ID, &p));
    CHECK_BYTES(p.text.data, p.text.size, "zz", 2);
}

/* Anything but CONNACK, and a CONNACK that is not one. */
static void first_packet_is_connack(void)
{
    static const char *const bad[] = {"d0 00",          "30 03 0001 61",
                                      "20 02 02 00",    "20 02 00 06",
                                      "20 03 00 00 00", "20 01 00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mogi_connect c = rig_connect(MOGI_MQTT_311);
        rig_init(&r);
        CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
        rig_flush(&r, 100);
        CHECK_EQ(rig_in(&r, bad[i]), MOGI_ERROR_PROTOCOL);
        CHECK_EQ(mogi_tiny_output(&r.t).size, 0);
        CHECK_EQ(rig_in(&r, RIG_311), MOGI_OK);
        CHECK_EQ(r.event.kind, MOGI_NOTHING);
    }
}

static void message_each_qos(void)
{
    CHECK_EQ(alone(MOGI_MQTT_311, "31 07 0002 612f 70 61 79"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK_BYTES(r.event.message.topic.data, r.event.message.topic.size, "a/",
                2);
    CHECK_BYTES(r.event.message.payload.data, r.event.message.payload.size,
                "pay", 3);
    CHECK(r.event.message.retain);
    CHECK_EQ(r.event.message.qos, 0);
    CHECK(rig_sent_is(&r, ""));

    CHECK_EQ(alone(MOGI_MQTT_50, "3a 06 0001 61 0102 00"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK(r.event.message.dup);
    CHECK_EQ(r.event.message.packet_id, 0x0102);
    CHECK(rig_sent_is(&r, "40 02 0102"));

    CHECK_EQ(alone(MOGI_MQTT_311, "34 05 0001 61 0007"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK(rig_sent_is(&r, "50 02 0007"));
    CHECK_EQ(rig_in(&r, "3c 05 0001 61 0007"), MOGI_OK); /* again */
    CHECK_EQ(r.event.kind, MOGI_NOTHING);
    CHECK(rig_sent_is(&r, "50 02 0007"));
    CHECK_EQ(rig_in(&r, "62 02 0007"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_NOTHING);
    CHECK(rig_sent_is(&r, "70 02 0007"));
    CHECK_EQ(rig_in(&r, "34 05 0001 61 0007"), MOGI_OK); /* a new one */
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
}

static void unknown_release(void)
{
    CHECK_EQ(alone(MOGI_MQTT_50, "62 02 0007"), MOGI_OK);
    CHECK(rig_sent_is(&r, "70 03 0007 92"));
    CHECK_EQ(alone(MOGI_MQTT_311, "62 02 0007"), MOGI_OK);
    CHECK(rig_sent_is(&r, "70 02 0007"));
    CHECK_EQ(alone(MOGI_MQTT_50, "50 02 0007"), MOGI_OK);
    CHECK(rig_sent_is(&r, "62 03 0007 92"));
    CHECK_EQ(alone(MOGI_MQTT_50, "50 03 0007 97"), MOGI_OK);
    CHECK(rig_sent_is(&r, ""));
}

/* Our Receive Maximum is 2. */
static void receive_maximum_exceeded(void)
{
    CHECK_EQ(alone(MOGI_MQTT_50, "34 06 0001 61 0001 00"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "34 06 0001 61 0002 00"), MOGI_OK);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_in(&r, "34 06 0001 61 0003 00"), MOGI_ERROR_PROTOCOL);
    CHECK_EQ(r.event.reason, 0x93);
    CHECK(rig_sent_is(&r, "e0 01 93"));
}

static void publish_settled(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_50, RIG_50);
    CHECK_EQ(rig_publish(&r, 1, "x"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 2, "y"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 2, "z"), MOGI_OK);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_in(&r, "40 03 0001 10"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_PUBLISHED);
    CHECK_EQ(r.event.packet_id, 1);
    CHECK_EQ(r.event.reason, 0x10);
    CHECK_EQ(rig_in(&r, "50 02 0002"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_NOTHING);
    CHECK(rig_sent_is(&r, "62 02 0002"));
    CHECK_EQ(rig_in(&r, "50 02 0002"), MOGI_OK); /* PUBREC again */
    CHECK(rig_sent_is(&r, "62 02 0002"));
    CHECK_EQ(rig_in(&r, "70 02 0002"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_PUBLISHED);
    CHECK_EQ(r.event.packet_id, 2);
    CHECK_EQ(rig_in(&r, "50 03 0003 87"), MOGI_OK); /* refused at PUBREC */
    CHECK_EQ(r.event.kind, MOGI_PUBLISHED);
    CHECK_EQ(r.event.reason, 0x87);
    CHECK(rig_sent_is(&r, ""));
    CHECK_EQ(mogi_tiny_unsettled(&r.t), 0);
}

/* Acknowledgements of the wrong kind, or before the message left. */
static void wrong_acknowledgement(void)
{
    static const char *const bad[][2] = {{"1", "50 02 0001"},
                                         {"1", "70 02 0001"},
                                         {"2", "40 02 0001"},
                                         {"2", "70 02 0001"},
                                         {"1", "90 03 0001 00"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_init(&r);
        rig_open(&r, MOGI_MQTT_311, RIG_311);
        CHECK_EQ(rig_publish(&r, (unsigned)atoi(bad[i][0]), "x"), MOGI_OK);
        rig_flush(&r, 100);
        CHECK_EQ(rig_in(&r, bad[i][1]), MOGI_ERROR_PROTOCOL);
    }
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 1, "x"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "40 02 0001"), MOGI_ERROR_PROTOCOL);
}

static void suback(void)
{
    struct mogi_filter f[2];
    struct mogi_bytes none = {NULL, 0};
    memset(f, 0, sizeof f);
    f[0].filter = mogi_text("a");
    f[1].filter = mogi_text("b");
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 2, none, NULL), MOGI_OK);
    CHECK_EQ(mogi_tiny_unsubscribe(&r.t, &f[0].filter, 1, none, NULL), MOGI_OK);
    rig_flush(&r, 100);
    CHECK_EQ(rig_in(&r, "90 04 0001 00 80"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_SUBSCRIBED);
    CHECK_EQ(r.event.packet_id, 1);
    CHECK_BYTES(r.event.reasons.data, r.event.reasons.size, "\x00\x80", 2);
    CHECK_EQ(rig_in(&r, "b0 02 0002"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_UNSUBSCRIBED);
    CHECK_EQ(rig_in(&r, "b0 02 0002"), MOGI_ERROR_PROTOCOL);

    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 2, none, NULL), MOGI_OK);
    CHECK_EQ(rig_in(&r, "90 03 0001 00"), MOGI_ERROR_PROTOCOL);
}

/* What a server may not send, and the reason a 5.0 one is given. */
static void bad_packets(void)
{
    static const struct {
        const char *hex;
        int reason;
    } bad[] = {
        {"10 00", 0x82},               /* CONNECT */
        {"20 03 00 00 00", 0x82},      /* CONNACK again */
        {"82 06 0001 00 0001 61", -1}, /* SUBSCRIBE */
        {"c0 00", 0x82},               /* PINGREQ */
        {"d0 01 00", 0x81},            /* PINGRESP with a body */
        {"00 00", 0x81},
        {"30 80 80 80 80 01", 0x81},
        {"36 04 0001 61 00", 0x81},         /* QoS 3 */
        {"30 03 0000 00", 0x82},            /* no topic, no alias */
        {"30 04 0001 23 00", 0x90},         /* wildcard */
        {"30 04 0001 ff 00", 0x81},         /* no UTF-8 */
        {"32 06 0001 61 0000 00", 0x82},    /* packet id 0 */
        {"30 07 0001 61 03 23 0000", 0x94}, /* alias 0 */
        {"30 07 0001 61 03 23 0001", 0x94}, /* we allow none */
        {"40 02 0000", 0x82},
        {"40 03 0001 11", 0x82},
        {"41 02 0001", 0x81},
        {"90 04 0009 00 00", 0x82}, /* never asked for */
        {"f0 00", 0x82},            /* AUTH */
        {"e0 01 11", 0x82},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char want[16];
        CHECK_EQ(alone(MOGI_MQTT_50, bad[i].hex), MOGI_ERROR_PROTOCOL);
        CHECK_EQ(r.event.kind, MOGI_NOTHING);
        if (bad[i].reason < 0) continue;
        if (!CHECK_EQ(r.event.reason, bad[i].reason)) {
            fprintf(stderr, "    packet %s\n", bad[i].hex);
        }
        snprintf(want, sizeof want, "e0 01 %02x", (unsigned)bad[i].reason);
        CHECK(rig_sent_is(&r, want));
    }
    CHECK_EQ(alone(MOGI_MQTT_311, "e0 00"), MOGI_ERROR_PROTOCOL);
    CHECK(rig_sent_is(&r, ""));
}

static void server_disconnects(void)
{
    CHECK_EQ(alone(MOGI_MQTT_50, "e0 01 8b"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_DISCONNECTED);
    CHECK_EQ(r.event.reason, 0x8b);
    CHECK(!mogi_tiny_is_connected(&r.t));
    CHECK(rig_sent_is(&r, ""));
}

static void topic_alias(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_50);
    c.properties.data = (const uint8_t *)"\x22\x00\x02";
    c.properties.size = 3;
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK_EQ(rig_in(&r, RIG_50), MOGI_OK);
    CHECK_EQ(rig_in(&r, "30 07 0001 61 03 23 0002"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "30 06 0000 03 23 0002"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK_BYTES(r.event.message.topic.data, r.event.message.topic.size, "a", 1);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_in(&r, "30 06 0000 03 23 0001"), MOGI_ERROR_PROTOCOL);
    CHECK(rig_sent_is(&r, "e0 01 82"));
}

int main(void)
{
    RUN(connack);
    RUN(first_packet_is_connack);
    RUN(message_each_qos);
    RUN(unknown_release);
    RUN(receive_maximum_exceeded);
    RUN(publish_settled);
    RUN(wrong_acknowledgement);
    RUN(suback);
    RUN(bad_packets);
    RUN(server_disconnects);
    RUN(topic_alias);
    return check_result();
}
