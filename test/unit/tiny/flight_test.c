#include "rig.h"
#include "tiny/flight.h"

static struct rig r;

static void lose(void)
{
    mogi_tiny_closed(&r.t);
    r.sent_size = 0;
}

/* All that was not acknowledged comes again, in order, marked DUP if it may
 * have been seen. [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-3.3.1-1] */
static void resend(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 2, "b"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 2, "c"), MOGI_OK);
    rig_flush(&r, 100);
    CHECK_EQ(rig_in(&r, "50 02 0002"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "d"), MOGI_OK); /* never left */
    lose();
    CHECK_EQ(mogi_tiny_unsettled(&r.t), 4);
    rig_open(&r, MOGI_MQTT_311, "20 02 01 00");
    CHECK(rig_sent_is(&r, "3a 06 0001 74 0001 61  62 02 0002"
                          "3c 06 0001 74 0003 63  32 06 0001 74 0004 64"));
    CHECK_EQ(rig_in(&r, "40 02 0004"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "40 02 0001"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "70 02 0002"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "50 02 0003"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "70 02 0003"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_PUBLISHED);
    CHECK_EQ(mogi_tiny_unsettled(&r.t), 0);
}

/* A server that lost the session gets the message as a new one. */
static void resend_without_session(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    rig_flush(&r, 100);
    lose();
    rig_open(&r, MOGI_MQTT_311, "20 02 00 00");
    CHECK(rig_sent_is(&r, "32 06 0001 74 0001 61"));
}

/* Half of it left: the rest is not sent on, it begins again. */
static void cut_in_the_middle(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    mogi_tiny_sent(&r.t, 3, 0);
    CHECK_EQ(rig_publish(&r, 0, "q"), MOGI_OK);
    lose();
    rig_open(&r, MOGI_MQTT_311, "20 02 01 00");
    CHECK(rig_sent_is(&r, "3a 06 0001 74 0001 61"));
}

static void queued_before_connect(void)
{
    rig_init(&r);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 2, "b"), MOGI_OK);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK(rig_sent_is(&r, "32 06 0001 74 0001 61  34 06 0001 74 0002 62"));
}

/* Accepted while no server was known; this one takes neither QoS 2 nor retained
 * nor 12 bytes. */
static void refused_by_the_next_server(void)
{
    static const uint8_t reasons[] = {0x9b, 0x9a, 0x95};
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_50);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, 0), MOGI_OK);
    struct mogi_message m;
    memset(&m, 0, sizeof m);
    m.topic = mogi_text("t");
    m.qos = 1;
    m.retain = true;
    CHECK_EQ(rig_publish(&r, 2, "a"), MOGI_OK);
    CHECK_EQ(mogi_tiny_publish(&r.t, &m, NULL), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "12345"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "b"), MOGI_OK);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_in(&r, "20 0c 00 00 09 24 01 25 00 27 0000000c"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_CONNECTED);
    for (uint16_t i = 0; i < 3; i++) {
        CHECK_EQ(rig_in(&r, ""), MOGI_OK);
        CHECK_EQ(r.event.kind, MOGI_PUBLISHED);
        CHECK_EQ(r.event.packet_id, i + 1);
        CHECK_EQ(r.event.reason, reasons[i]);
    }
    CHECK_EQ(rig_in(&r, ""), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_NOTHING);
    CHECK(rig_sent_is(&r, "32 07 0001 74 0004 00 62"));
}

/* [MQTT-3.3.4-7]: never more than the server's Receive Maximum, 2. */
static void receive_maximum(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_50, "20 06 00 00 03 21 0002");
    for (int i = 0; i < 4; i++)
        CHECK_EQ(rig_publish(&r, 2, "x"), MOGI_OK);
    CHECK(rig_sent_is(&r, "34 07 0001 74 0001 00 78"
                          "34 07 0001 74 0002 00 78"));
    CHECK_EQ(rig_in(&r, "50 02 0001"), MOGI_OK);
    CHECK(rig_sent_is(&r, "62 02 0001")); /* PUBREC gives nothing back */
    CHECK_EQ(rig_in(&r, "50 03 0002 97"), MOGI_OK); /* but a failed one does */
    CHECK(rig_sent_is(&r, "34 07 0001 74 0003 00 78"));
    CHECK_EQ(rig_in(&r, "70 02 0001"), MOGI_OK);
    CHECK(rig_sent_is(&r, "34 07 0001 74 0004 00 78"));
}

/* Ids wrap past 0 and past those in use; memory freed in the middle is used
 * again: 70,000 messages, the first never acknowledged. */
static void ids_and_memory_wrap(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 1, "first"), MOGI_OK);
    rig_flush(&r, 100);
    for (unsigned i = 0; i < 70000; i++) {
        struct mogi_message m;
        uint16_t id = 0;
        memset(&m, 0, sizeof m);
        m.topic = mogi_text("t");
        m.payload.data = (const uint8_t *)"abcdefghijklmnopqrstuvwxyz";
        m.payload.size = i % 27;
        m.qos = 1;
        REQUIRE(mogi_tiny_publish(&r.t, &m, &id) == MOGI_OK);
        REQUIRE(id > 1);
        r.sent_size = 0;
        rig_flush(&r, 100);
        REQUIRE(r.sent_size == 7 + m.payload.size);
        REQUIRE(memcmp(r.sent + 7, m.payload.data, m.payload.size) == 0);
        char hex[32];
        snprintf(hex, sizeof hex, "40 02 %04x", id);
        uint8_t bytes[4];
        struct mogi_bytes in = {bytes, rig_hex(hex, bytes)};
        REQUIRE(mogi_tiny_input(&r.t, &in, 0, &r.event) == MOGI_OK);
        REQUIRE(r.event.kind == MOGI_PUBLISHED && r.event.packet_id == id);
    }
    lose();
    rig_open(&r, MOGI_MQTT_311, "20 02 01 00");
    CHECK(rig_sent_is(&r, "3a 0a 0001 74 0001 66 69 72 73 74"));
}

/* A pending subscription dies with its connection, and so does its id. */
static void subscription_is_forgotten(void)
{
    struct mogi_filter f;
    struct mogi_bytes none = {NULL, 0};
    memset(&f, 0, sizeof f);
    f.filter = mogi_text("a");
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(mogi_tiny_subscribe(&r.t, &f, 1, none, NULL), MOGI_OK);
    CHECK_EQ(flight_count(&r.t), 1);
    lose();
    CHECK_EQ(flight_count(&r.t), 0);
}

/* With a slot for each packet id there is, the next publish finds none. */
static void ids_are_used_up(void)
{
    static struct mogi_tiny_slot slots[UINT16_MAX];
    rig_init(&r);
    struct mogi_tiny_memory m = rig_memory(&r);
    m.slots = slots;
    m.slot_count = UINT16_MAX;
    mogi_tiny_init(&r.t, &m);
    for (unsigned id = 1; id <= UINT16_MAX; id++)
        REQUIRE(flight_add(&r.t, (uint16_t)id, 0) != NULL);
    CHECK_EQ(flight_id(&r.t), 0);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_ERROR_FULL);
    flight_free(&r.t, flight_find(&r.t, 2));
    CHECK_EQ(flight_id(&r.t), 2);
}

int main(void)
{
    RUN(resend);
    RUN(resend_without_session);
    RUN(cut_in_the_middle);
    RUN(queued_before_connect);
    RUN(refused_by_the_next_server);
    RUN(receive_maximum);
    RUN(ids_and_memory_wrap);
    RUN(subscription_is_forgotten);
    RUN(ids_are_used_up);
    return check_result();
}
