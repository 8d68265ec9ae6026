#include "rig.h"

static struct rig r;

/* Keep alive is 10 s; the clock wraps on the way. */
static void keep_alive(void)
{
    rig_init(&r);
    CHECK_EQ(mogi_tiny_wait_ms(&r.t, r.now_ms), UINT32_MAX);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(mogi_tiny_wait_ms(&r.t, r.now_ms), 10000);
    r.now_ms += 9999;
    CHECK_EQ(mogi_tiny_wait_ms(&r.t, r.now_ms), 1);
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, ""));
    r.now_ms += 1;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, "c0 00"));
    r.now_ms += 5000;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, ""));
    CHECK_EQ(rig_in(&r, "d0 00"), MOGI_OK);
    CHECK_EQ(mogi_tiny_wait_ms(&r.t, r.now_ms), 5000); /* since PINGREQ left */
    r.now_ms += 5000;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    CHECK(rig_sent_is(&r, "c0 00"));
    r.now_ms += 9999;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    r.now_ms += 1;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_ERROR_KEEP_ALIVE);
    CHECK(!mogi_tiny_is_connected(&r.t));
}

/* While a long message comes in, PINGRESP waits behind it. */
static void keep_alive_while_receiving(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    r.now_ms += 10000;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    rig_flush(&r, 10);
    CHECK_EQ(rig_in(&r, "30 20"), MOGI_OK);
    for (int i = 0; i < 30; i++) {
        r.now_ms += 9000;
        CHECK_EQ(rig_in(&r, "00"), MOGI_OK);
        CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_OK);
    }
    r.now_ms += 10000;
    CHECK_EQ(mogi_tiny_tick(&r.t, r.now_ms), MOGI_ERROR_KEEP_ALIVE);
}

/* The server's word counts, also when it switches it off. */
static void server_keep_alive(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_50, "20 06 00 00 03 13 0003");
    CHECK_EQ(mogi_tiny_wait_ms(&r.t, r.now_ms), 3000);
    mogi_tiny_closed(&r.t);
    rig_open(&r, MOGI_MQTT_50, "20 06 00 00 03 13 0000");
    CHECK_EQ(mogi_tiny_wait_ms(&r.t, r.now_ms), UINT32_MAX);
}

static void ping_by_hand(void)
{
    rig_init(&r);
    CHECK_EQ(mogi_tiny_ping(&r.t, r.now_ms), MOGI_ERROR_STATE);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(mogi_tiny_ping(&r.t, r.now_ms), MOGI_OK);
    CHECK_EQ(mogi_tiny_ping(&r.t, r.now_ms), MOGI_OK); /* once is enough */
    CHECK(rig_sent_is(&r, "c0 00"));
}

/* All memory moves in the middle of a conversation. */
static void move(void)
{
    static struct rig other;
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 0, "b"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "34 05 0001 61 0009"), MOGI_OK);
    CHECK_EQ(rig_in(&r, "30 03 0001"), MOGI_OK);
    mogi_tiny_sent(&r.t, 2, 0);
    other = r;
    memset(r.in, 0xee, sizeof r.in);
    memset(r.out, 0xee, sizeof r.out);
    memset(r.store, 0xee, sizeof r.store);
    memset(r.slots, 0xee, sizeof r.slots);
    memset(r.received, 0xee, sizeof r.received);
    struct mogi_tiny_memory m = rig_memory(&other);
    mogi_tiny_move(&r.t, &m);
    CHECK_EQ(rig_in(&r, "61"), MOGI_OK);
    CHECK_EQ(r.event.kind, MOGI_MESSAGE);
    CHECK(rig_sent_is(&r, "0001 74 0001 61  30 04 0001 74 62  50 02 0009"));
    CHECK_EQ(rig_in(&r, "62 02 0009"), MOGI_OK);
    CHECK(rig_sent_is(&r, "70 02 0009"));
}

struct seen {
    uint8_t bytes[256];
    size_t size;
};

static void seen_add(void *context, bool sent, struct mogi_bytes packet)
{
    struct seen *seen = context;
    seen->bytes[seen->size++] = sent ? '>' : '<';
    memcpy(seen->bytes + seen->size, packet.data, packet.size);
    seen->size += packet.size;
}

static void trace(void)
{
    struct seen seen = {.size = 0};
    rig_init(&r);
    mogi_tiny_trace(&r.t, seen_add, &seen);
    struct mogi_connect c = rig_connect(MOGI_MQTT_311);
    CHECK_EQ(mogi_tiny_connect(&r.t, &c, r.now_ms), MOGI_OK);
    rig_flush(&r, 100);
    CHECK_EQ(rig_in_bytes(&r, RIG_311), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    rig_flush(&r, 100);
    CHECK_EQ(rig_in(&r, "40 02 0001"), MOGI_OK);
    uint8_t want[256];
    size_t size = rig_hex("3e 10 0d 0004 4d515454 04 00 000a 0001 61"
                          "3c 20 02 00 00  3e 32 06 0001 74 0001 61"
                          "3c 40 02 0001",
                          want);
    CHECK_BYTES(seen.bytes, seen.size, want, size);
}

static void texts(void)
{
    CHECK_STR(mogi_error_text(MOGI_OK), "success");
    CHECK_STR(mogi_error_text(MOGI_ERROR_CLOSED),
              "the server closed the connection");
}

int main(void)
{
    RUN(keep_alive);
    RUN(keep_alive_while_receiving);
    RUN(server_keep_alive);
    RUN(ping_by_hand);
    RUN(move);
    RUN(trace);
    RUN(texts);
    return check_result();
}
