#include "wire/ping.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("ping.hex", 8);
}

static void bytes_written(void)
{
    uint8_t room[PING_SIZE];
    struct writer w = writer_at(room, sizeof room);
    ping_encode(PACKET_PINGREQ, &w);
    CHECK_BYTES(room, sizeof room, "\xc0\x00", 2);
    w = writer_at(room, sizeof room);
    ping_encode(PACKET_PINGRESP, &w);
    CHECK_BYTES(room, sizeof room, "\xd0\x00", 2);
}

int main(void)
{
    RUN(vectors);
    RUN(bytes_written);
    return check_result();
}
