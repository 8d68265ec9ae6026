#include "rig.h"
#include "tiny/outbox.h"

static struct rig r;

/* Packets of `out` and of the store leave in the order in which they were
 * asked for, however few bytes the socket takes. */
static void order_is_kept(void)
{
    for (size_t step = 1; step < 12; step++) {
        rig_init(&r);
        rig_open(&r, MOGI_MQTT_311, RIG_311);
        CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
        CHECK_EQ(rig_publish(&r, 0, "b"), MOGI_OK);
        CHECK_EQ(rig_publish(&r, 0, "c"), MOGI_OK);
        CHECK_EQ(rig_publish(&r, 2, "d"), MOGI_OK);
        CHECK_EQ(rig_publish(&r, 1, "e"), MOGI_OK);
        CHECK_EQ(rig_publish(&r, 0, "f"), MOGI_OK);
        rig_flush(&r, step);
        CHECK(rig_sent_is(&r, "32 06 0001 74 0001 61  30 04 0001 74 62"
                              "30 04 0001 74 63  34 06 0001 74 0002 64"
                              "32 06 0001 74 0003 65  30 04 0001 74 66"));
    }
}

/* An acknowledgement that is queued while a stored packet is half gone does not
 * cut it in two. */
static void packets_are_never_mixed(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    CHECK_EQ(rig_publish(&r, 0, "q"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    rig_flush(&r, 4);
    r.sent_size = 0;
    CHECK_EQ(rig_publish(&r, 1, "b"), MOGI_OK);
    mogi_tiny_sent(&r.t, 2, 0);
    CHECK_EQ(rig_in(&r, "32 05 0001 61 0009"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "c"), MOGI_OK);
    CHECK(rig_sent_is(&r, "0001 74 0002 62  40 02 0009"
                          "32 06 0001 74 0003 63"));
}

/* A slot that waited for the window leaves behind what is in `out` by then. */
static void late_slot(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_50, "20 06 00 00 03 21 0001");
    CHECK_EQ(rig_publish(&r, 1, "a"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 1, "b"), MOGI_OK);
    rig_flush(&r, 100);
    r.sent_size = 0;
    CHECK_EQ(rig_publish(&r, 0, "q"), MOGI_OK);
    mogi_tiny_sent(&r.t, 1, 0);
    CHECK_EQ(rig_in(&r, "40 02 0001"), MOGI_OK);
    CHECK_EQ(rig_publish(&r, 0, "r"), MOGI_OK);
    CHECK(rig_sent_is(&r, "05 0001 74 00 71  32 07 0001 74 0002 00 62"
                          "30 05 0001 74 00 72"));
}

static void room_moves_to_the_front(void)
{
    rig_init(&r);
    rig_open(&r, MOGI_MQTT_311, RIG_311);
    size_t all = outbox_room(&r.t);
    CHECK_EQ(all, sizeof r.out);
    for (int i = 0; i < 200; i++) {
        CHECK_EQ(rig_publish(&r, 0, "abcdefghijklmnopqrstuvwxyz"), MOGI_OK);
        mogi_tiny_sent(&r.t, i == 0 ? 20 : 31, 0);
        CHECK_EQ(outbox_room(&r.t), all - 11);
    }
}

int main(void)
{
    RUN(order_is_kept);
    RUN(packets_are_never_mixed);
    RUN(late_slot);
    RUN(room_moves_to_the_front);
    return check_result();
}
