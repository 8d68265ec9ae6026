#include "rig.h"

static struct rig r;

static void connect_31(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_31);
    c.clean_start = true;
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, "10 0f 0006 4d5149736470 03 02 000a 0001 61"));
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_ERROR_STATE);
}

static void connect_311_whole(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_311);
    struct mogi_message will;
    memset(&will, 0, sizeof will);
    will.topic = mogi_text("w");
    will.payload = mogi_text("x");
    will.qos = 1;
    will.retain = true;
    c.will = &will;
    c.has_user_name = c.has_password = true;
    c.user_name = mogi_text("u");
    c.password = mogi_text("p");
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, "10 19 0004 4d515454 04 ec 000a 0001 61"
                          "0001 77 0001 78 0001 75 0001 70"));
}

/* Our limits are told, unless the caller told others. */
static void connect_50_limits(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_50);
    c.packet_size_max = 0;
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, "10 16 0004 4d515454 05 00 000a"
                          "08 21 0002 27 00000040 0001 61"));
    mogi_tiny_closed(&r.t);

    uint8_t space[16];
    struct mogi_properties p = mogi_properties_in(space, sizeof space);
    CHECK_EQ(mogi_put_number(&p, MOGI_RECEIVE_MAX, 1), MOGI_OK);
    CHECK_EQ(mogi_put_number(&p, MOGI_PACKET_SIZE_MAX, 30), MOGI_OK);
    c.properties = mogi_properties_bytes(&p);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, "10 16 0004 4d515454 05 00 000a"
                          "08 21 0001 27 0000001e 0001 61"));
}

static void connect_bad_arguments(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_311);
    c.has_password = true;
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_ARGUMENT);
    c = rig_connect(MOGI_MQTT_311);
    c.client_id = mogi_text("\xff");
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_ARGUMENT);
    c = rig_connect((enum mogi_version)6);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_ARGUMENT);
    c = rig_connect(MOGI_MQTT_311);
    struct mogi_message will;
    memset(&will, 0, sizeof will);
    will.topic = mogi_text("w/#");
    c.will = &will;
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_ARGUMENT);
    c = rig_connect(MOGI_MQTT_50);
    c.properties = mogi_text("\x01\x01"); /* payload format: not in CONNECT */
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_ARGUMENT);
    const uint8_t data_alone[] = {0x16, 0, 1, 'x'};
    c.properties = (struct mogi_bytes){data_alone, sizeof data_alone};
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_ARGUMENT);
    static char long_id[200];
    memset(long_id, 'x', sizeof long_id - 1);
    c = rig_connect(MOGI_MQTT_311);
    c.client_id = mogi_text(long_id);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_ERROR_TOO_LARGE);
    CHECK_EQ(mogi_tiny_output(&r.t).size, 0);
}

static void publish_each_qos(void)
{
    rig_init(&r);
    CHECK_EQ(rig_publish(&r, 0, "x"), MOGI_ERROR_STATE);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 0, "x"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "y"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 2, "z"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 0, ""), MOGI_OK);
    CHECK(rig_sent_is(&r, "30 04 0001 74 78  32 06 0001 74 0001 79"
                          "34 06 0001 74 0002 7a  30 03 0001 74"));
    CHECK_EQ(mogi_tiny_unsettled(&r.t), 2);
}

static void publish_bad_arguments(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_50, RIG_50);
    CHECK_EQ(rig_publish(&r, 3, "x"), MOGI_ERROR_ARGUMENT);
    struct mogi_message m;
    memset(&m, 0, sizeof m);
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    m.topic = mogi_text("a/+");
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    m.topic = mogi_text("\xc0\x80");
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    m.topic = mogi_text("a");
    m.properties = mogi_text("\x0b\x01"); /* a subscription identifier */
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    m.properties = mogi_text("\x01\x01\x01\x01");
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    m.properties = mogi_text("\x26");
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    m.properties = mogi_text("\x01\x05"); /* payload format 5 */
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    const uint8_t response[] = {0x08, 0, 1, '+'};
    m.properties = (struct mogi_bytes){response, sizeof response};
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
    CHECK_EQ(mogi_tiny_output(&r.t).size, 0);
}

/* QoS 1, no retain, alias 1, packets of 12 bytes. */
static void publish_obeys_the_server(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_50,
             "20 0f 00 00 0c 24 01 25 00 22 0001 27 0000000c");
    CHECK_EQ(rig_publish(&r, 2, "x"), MOGI_ERROR_UNSUPPORTED);
    CHECK_EQ(rig_publish(&r, 0, "123456"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 0, "1234567"), MOGI_ERROR_TOO_LARGE);
    CHECK_EQ(rig_publish(&r, 1, "1234"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "12345"), MOGI_ERROR_TOO_LARGE);
    struct mogi_message m;
    memset(&m, 0, sizeof m);
    m.topic = mogi_text("t");
    m.retain = true;
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_UNSUPPORTED);
    m.retain = false;
    m.properties.data = (const uint8_t *)"\x23\x00\x02";
    m.properties.size = 3;
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_UNSUPPORTED);
    CHECK(rig_sent_is(&r, "30 0a 0001 74 00 313233343536"
                          "32 0a 0001 74 0001 00 31323334"));
    m.properties.data = (const uint8_t *)"\x23\x00\x01";
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_OK);
    m.topic = mogi_text("");
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_OK);
    CHECK(rig_sent_is(&r, "30 07 0001 74 03 23 0001  30 06 0000 03 23 0001"));
    m.qos = 1;
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_ERROR_ARGUMENT);
}

static void full_buffers(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    static char text[200];
    memset(text, 'x', sizeof text - 1);
    CHECK_EQ(rig_publish(&r, 0, text), MOGI_ERROR_TOO_LARGE);
    CHECK_EQ(rig_publish(&r, 1, text), MOGI_ERROR_TOO_LARGE);
    text[100] = '\0';
    CHECK_EQ(rig_publish(&r, 0, text), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 0, text), MOGI_ERROR_FULL);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(rig_publish(&r, 1, "x"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "x"), MOGI_ERROR_FULL);
    rig_flush(&r, 50);
    CHECK_EQ(rig_publish(&r, 1, "x"), MOGI_ERROR_FULL);
    CHECK_EQ(rig_in(&r, "40 02 0002"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_PUBLISHED);
    CHECK_EQ(rig_publish(&r, 1, "x"), MOGI_OK);
    struct mogi_filter f;
    memset(&f, 0, sizeof f);
    f.filter = mogi_text("a");
    struct mogi_bytes none = {NULL, 0};
    CHECK_EQ(mogi_tiny_subscribe(&r.t, &f, 1, none, NULL), MOGI_ERROR_FULL);
}

static void subscribe_and_unsubscribe(void)
{
    rig_init(&r);
    struct mogi_filter f[2];
    struct mogi_bytes none = {NULL, 0};
    uint16_t id = 0;
    memset(f, 0, sizeof f);
    f[0].filter = mogi_text("a/#");
    f[0].qos = 2;
    f[1].filter = mogi_text("b");
    f[1].no_local = true;
    f[1].retain_as_published = true;
    f[1].retain_handling = 2;
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 2, none, &id), MOGI_ERROR_STATE);
    rig_open(&r, MOGI_MQTT_50, RIG_50);
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 2, none, &id), MOGI_OK);
    CHECK_EQ(id, 1);
    CHECK(rig_sent_is(&r, "82 0d 0001 00 0003 612f23 02 0001 62 2c"));
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 0, none, &id), MOGI_ERROR_ARGUMENT);
    f[1].filter = mogi_text("b#");
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 2, none, &id), MOGI_ERROR_ARGUMENT);
    struct mogi_bytes gone[2] = {mogi_text("a/#"), mogi_text("+")};
    CHECK_EQ(mogi_tiny_unsubscribe(&r.t, gone, 2, none, &id), MOGI_OK);
    CHECK_EQ(id, 2);
    CHECK(rig_sent_is(&r, "a2 0b 0002 00 0003 612f23 0001 2b"));

    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    f[1].filter = mogi_text("b");
    CHECK_EQ(mogi_tiny_subscribe(&r.t, f, 2, none, &id), MOGI_OK);
    CHECK(rig_sent_is(&r, "82 0c 0001 0003 612f23 02 0001 62 00"));
}

static void disconnect_is_last(void)
{
    rig_init(&r);
    struct mogi_bytes none = {NULL, 0};
    CHECK_EQ(mogi_tiny_disconnect(&r.t, 0, none), MOGI_ERROR_STATE);
    rig_open(&r, MOGI_MQTT_50, RIG_50);
    CHECK_EQ(mogi_tiny_disconnect(&r.t, 0x8d, none), MOGI_ERROR_ARGUMENT);
    CHECK_EQ(rig_publish(&r, 0, "x"), MOGI_OK);
    CHECK_EQ(mogi_tiny_disconnect(&r.t, 4, none), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 0, "x"), MOGI_ERROR_STATE);
    CHECK(rig_sent_is(&r, "30 05 0001 74 00 78  e0 01 04"));
    CHECK_EQ(rig_in(&r, "ff ff ff"), MOGI_OK); /* no longer read */
    mogi_tiny_closed(&r.t);
    CHECK_EQ(rig_in(&r, "d0 00"), MOGI_ERROR_STATE);
}

int main(void)
{
    RUN(connect_31);
    RUN(connect_311_whole);
    RUN(connect_50_limits);
    RUN(connect_bad_arguments);
    RUN(publish_each_qos);
    RUN(publish_bad_arguments);
    RUN(publish_obeys_the_server);
    RUN(full_buffers);
    RUN(subscribe_and_unsubscribe);
    RUN(disconnect_is_last);
    return check_result();
}
