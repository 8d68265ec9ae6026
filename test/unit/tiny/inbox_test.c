#include "rig.h"
#include "tiny/inbox.h"

static struct rig r;

/* Every way to cut two packets in two. */
static void any_split(void)
{
    uint8_t bytes[64];
    size_t size = rig_hex("30 05 0001 61 78 79  40 02 0001", bytes);
    for (size_t cut = 0; cut <= size; cut++) {
        rig_init(&r);
        r.t.packet_size_max = PACKET_SIZE_MAX;
        struct bytes parts[2] = {{bytes, cut}, {bytes + cut, size - cut}};
        enum packet_type types[2] = {PACKET_NONE, PACKET_NONE};
        size_t count = 0;
        for (size_t i = 0; i < 2; i++) {
            struct frame f;
            size_t needed;
            enum err e;
            while ((e = inbox_next(&r.t, &parts[i], &f, &needed)) == OK) {
                REQUIRE(count < 2);
                types[count++] = f.type;
            }
            CHECK_EQ(e, ERR_MORE);
            CHECK_EQ(parts[i].size, 0);
        }
        CHECK_EQ(count, 2);
        CHECK_EQ(types[0], PACKET_PUBLISH);
        CHECK_EQ(types[1], PACKET_PUBACK);
    }
}

/* A packet that lies whole in the caller's bytes is not copied. */
static void in_place(void)
{
    uint8_t bytes[8];
    size_t size = rig_hex("40 02 0001", bytes);
    rig_init(&r);
    r.t.packet_size_max = PACKET_SIZE_MAX;
    struct bytes in = {bytes, size};
    struct frame f;
    size_t needed;
    CHECK_EQ(inbox_next(&r.t, &in, &f, &needed), OK);
    CHECK(f.body.data == bytes + 2);
    CHECK_EQ(r.t.in_used, 0);
}

static void too_large_for_in(void)
{
    uint8_t bytes[8];
    size_t size = rig_hex("30 7f 00", bytes);
    rig_init(&r);
    r.t.packet_size_max = PACKET_SIZE_MAX;
    struct bytes in = {bytes, size};
    struct frame f;
    size_t needed = 0;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(inbox_next(&r.t, &in, &f, &needed), ERR_FULL);
        CHECK_EQ(needed, 129);
        CHECK_EQ(in.size, 1);
    }
}

int main(void)
{
    RUN(any_split);
    RUN(in_place);
    RUN(too_large_for_in);
    return check_result();
}
