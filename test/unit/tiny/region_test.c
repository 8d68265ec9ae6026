#include "rig.h"
#include "tiny/region.h"

static bool region(const char *hex, unsigned where, struct properties *p)
{
    uint8_t bytes[64];
    size_t size = rig_hex(hex, bytes);
    uint8_t *copy = check_guard(bytes, size);
    bool valid = region_read(bytes_at(copy, size), where, p);
    check_guard_free(copy, size);
    return valid;
}

static void what_may_stand_where(void)
{
    struct properties p;
    CHECK(region("", PACKET_PUBLISH, &p));
    CHECK(region("21 0005 22 0003 27 00000010", PACKET_CONNECT, &p));
    CHECK_EQ(p.receive_max, 5);
    CHECK_EQ(p.topic_alias_max, 3);
    CHECK_EQ(p.packet_size_max, 16);
    CHECK(properties_has(&p, PROPERTY_RECEIVE_MAX));
    CHECK(region("26 0001 61 0001 62 26 0001 61 0001 62", PACKET_PUBLISH, &p));
    CHECK(region("18 00000001", PROPERTIES_WILL, &p));
    CHECK(region("23 0007", PACKET_PUBLISH, &p));
    CHECK_EQ(p.topic_alias, 7);

    CHECK(!region("23 0007", PACKET_CONNECT, &p));
    CHECK(!region("23 0000", PACKET_PUBLISH, &p));
    CHECK(!region("21 0000", PACKET_CONNECT, &p));
    CHECK(!region("27 00000000", PACKET_CONNECT, &p));
    CHECK(!region("21 0005 21 0005", PACKET_CONNECT, &p));
    CHECK(!region("18 00000001", PACKET_PUBLISH, &p));
    CHECK(!region("21 00", PACKET_CONNECT, &p));
    CHECK(!region("00", PACKET_CONNECT, &p));
}

int main(void)
{
    RUN(what_may_stand_where);
    return check_result();
}
