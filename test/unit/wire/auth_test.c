#include "wire/auth.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("auth.hex", 16);
}

static void fields(void)
{
    static const uint8_t PACKET[] = {0xf0, 0x0a, 0x18, 0x08, 0x15, 0x00,
                                     0x01, 'm',  0x16, 0x00, 0x01, 0x00};
    struct bytes in = packets_guard(bytes_at(PACKET, sizeof PACKET));
    struct frame f;
    struct auth a;
    REQUIRE(frame_next(in, MQTT_50, UINT32_MAX, &f) == OK);
    REQUIRE(auth_decode(&f, MQTT_50, &a) == OK);
    CHECK_EQ(a.reason, 0x18);
    CHECK(bytes_equal(a.properties.auth_method, bytes_of("m")));
    CHECK(bytes_equal(a.properties.auth_data, bytes_at("", 1)));
}

int main(void)
{
    RUN(vectors);
    RUN(fields);
    return check_result();
}
