#include "rig.h"

static struct rig r;

/* A packet may come in any pieces. */
static void byte_at_a_time(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_50);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_in_bytes(&r, "20 06 00 00 03 21 0009"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_CONNECTED);
    CHECK_EQ(rig_in_bytes(&r, "32 08 0002 6162 0004 00 7a"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK_EQ(r.event.message.packet_id, 4);
    CHECK(rig_sent_is(&r, "40 02 0004"));
    CHECK_EQ(rig_in_bytes(&r, "30 80 01"), MOGI_ERROR_TOO_LARGE);
    CHECK_EQ(r.event.size_needed, 131);
}

/* Many packets in one read: one event a call, nothing lost. */
static void several_at_once(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    uint8_t bytes[64];
    size_t size =
        rig_hex("30 03 0001 61  d0 00  30 03 0001 62  30 03 00", bytes);
    struct mogi_bytes in = {bytes, size};
    const char *topics = "ab";
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(mogi_tiny_input(&r.t, &in, 0, &r.event), MOGI_OK);
        REQUIRE(r.event.kind == MOGI_MESSAGE);
        CHECK_EQ(r.event.message.topic.data[0], topics[i]);
    }
    CHECK_EQ(mogi_tiny_input(&r.t, &in, 0, &r.event), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_NOTHING);
    CHECK_EQ(in.size, 0);
    CHECK_EQ(rig_in(&r, "01 63"), MOGI_OK);
    REQUIRE(r.event.kind == MOGI_MESSAGE);
    CHECK_EQ(r.event.message.topic.data[0], 'c');
}

/* `in` has 64 bytes: a packet that is whole in the caller's bytes needs none of
 * them; one in pieces waits for a larger `in`. */
static void larger_than_in(void)
{
    char hex[400] = "30 62 0001 61";
    for (size_t end = strlen(hex), i = 0; i < 95; i++, end += 2) {
        memcpy(hex + end, "78", 3);
    }
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_in(&r, hex), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK_EQ(r.event.message.payload.size, 95);

    uint8_t bytes[128];
    size_t size = rig_hex(hex, bytes);
    struct mogi_bytes in = {bytes, size - 1};
    CHECK_EQ(mogi_tiny_input(&r.t, &in, 0, &r.event), MOGI_ERROR_TOO_LARGE);
    CHECK_EQ(r.event.size_needed, 100);
    static uint8_t larger[100];
    struct mogi_tiny_memory m = rig_memory(&r);
    memcpy(larger, r.in, sizeof r.in);
    m.in = larger;
    m.in_size = sizeof larger;
    mogi_tiny_move(&r.t, &m);
    CHECK_EQ(mogi_tiny_input(&r.t, &in, 0, &r.event), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_NOTHING);
    CHECK_EQ(rig_in(&r, "78"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK_EQ(r.event.message.payload.size, 95);
}

/* A 5.0 server that was told the limit gets 0x95. */
static void larger_than_told(void)
{
    rig_init(&r);
    struct mogi_connect c = rig_connect(MOGI_MQTT_50);
    c.packet_size_max = 0;
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    CHECK_EQ(rig_in(&r, RIG_50), MOGI_OK);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_in(&r, "30 3f"), MOGI_ERROR_PROTOCOL);
    CHECK(rig_sent_is(&r, "e0 01 95"));
}

/* While the output is stuck nothing is read, and nothing is lost. */
static void output_stuck(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    uint8_t bytes[512];
    size_t size = 0;
    for (unsigned i = 1; i <= 40; i++) {
        char hex[32];
        snprintf(hex, sizeof hex, "32 05 0001 61 %04x", i);
        size += rig_hex(hex, bytes + size);
    }
    struct mogi_bytes in = {bytes, size};
    unsigned messages = 0;
    unsigned full = 0;
    while (in.size > 0) {
        enum mogi_error e = mogi_tiny_input(&r.t, &in, 0, &r.event);
        if (e == MOGI_ERROR_FULL) {
            full += 1;
            CHECK_EQ(rig_publish(&r, 0, "x"), MOGI_ERROR_FULL);
            rig_flush(&r, 7);
            continue;
        }
        REQUIRE(e == MOGI_OK);
        messages += r.event.kind == MOGI_MESSAGE;
    }
    CHECK_EQ(messages, 40);
    CHECK(full > 0);
    rig_flush(&r, 7);
    CHECK_EQ(r.sent_size, 40 * 4);
}

int main(void)
{
    RUN(byte_at_a_time);
    RUN(several_at_once);
    RUN(larger_than_in);
    RUN(larger_than_told);
    RUN(output_stuck);
    return check_result();
}
