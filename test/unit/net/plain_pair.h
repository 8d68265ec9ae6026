/* plain_pair.h - a pair of sockets, one of them an open stream without TLS. */
#ifndef MOGI_TEST_NET_PLAIN_PAIR_H
#define MOGI_TEST_NET_PLAIN_PAIR_H

#include "net/pair.h"

/* A pair whose stream is open. */
CHECK_UNUSED static void pair_begin(void)
{
    int fd = pair_open();
    REQUIRE(stream_open(&pair.stream, &pair.streams, fd, NULL) == OK);
}

/* Nothing of this is about TLS. */
CHECK_UNUSED static void pair_end(void)
{
    CHECK_EQ(pair.greeted + pair.refused, 0);
    pair_close();
}

CHECK_UNUSED static struct piece piece_of(const char *text)
{
    return (struct piece){bytes_of(text), NULL, false};
}

/* Read and compare everything that was written, in order. */
CHECK_UNUSED static void far_read(const uint8_t *want, size_t size)
{
    static uint8_t got[65536];
    size_t at = 0;
    for (int idle = 0; at < size && idle < 1000; idle++) {
        pair_turn(1);
        ssize_t count = read(pair.far, got, sizeof got);
        if (count <= 0) continue;
        idle = 0;
        REQUIRE(at + (size_t)count <= size);
        if (memcmp(got, want + at, (size_t)count) != 0) break;
        at += (size_t)count;
    }
    CHECK_EQ(at, size);
}

#endif
