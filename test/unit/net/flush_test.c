/* flush_test.c - many sockets, some that take nothing, some that are
 * gone: through the ring, and with a call for each, the same comes of it. */
#include "check.h"
#include "net/flush.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { PAIRS = 1100, FULL = 17, GONE = 301, BIG = 444 };

static struct pair {
    int near, far;
    char text[16];
} pairs[PAIRS];

static uint8_t big[8 * 1024 * 1024];

static void pairs_open(void)
{
    for (int i = 0; i < PAIRS; i++) {
        int ends[2];
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        pairs[i].near = ends[0];
        pairs[i].far = ends[1];
        (void)snprintf(pairs[i].text, sizeof pairs[i].text, "to %d", i);
    }
    while (write(pairs[FULL].near, big, 4096) > 0) {
    }
    (void)close(pairs[GONE].far);
}

static void pairs_close(void)
{
    for (int i = 0; i < PAIRS; i++) {
        (void)close(pairs[i].near);
        if (i != GONE) (void)close(pairs[i].far);
    }
}

static void list_fill(struct flush_write list[PAIRS])
{
    for (int i = 0; i < PAIRS; i++) {
        list[i] = (struct flush_write){
            .fd = pairs[i].near,
            .bytes = bytes_at(pairs[i].text, strlen(pairs[i].text))};
    }
    list[BIG].bytes = bytes_at(big, sizeof big);
}

static void arrived(const struct flush_write list[PAIRS])
{
    for (int i = 0; i < PAIRS; i++) {
        if (i == FULL) {
            CHECK_EQ(list[i].put, UV_EAGAIN);
        } else if (i == GONE) {
            CHECK_EQ(list[i].put, UV_EPIPE);
        } else if (i == BIG) {
            CHECK(list[i].put > 0 && list[i].put < (ssize_t)sizeof big);
        } else {
            char text[64];
            ssize_t got = read(pairs[i].far, text, sizeof text);
            CHECK_EQ(got, (ssize_t)strlen(pairs[i].text));
            CHECK_EQ(list[i].put, got);
            CHECK_BYTES(text, (size_t)got, pairs[i].text,
                        strlen(pairs[i].text));
        }
    }
}

/* Twice through one flush: nothing of the first run is left in it. */
static void list_goes_twice(void)
{
    static struct flush_write list[PAIRS];
    struct flush *flush = flush_new();
    for (int round = 0; round < 2; round++) {
        pairs_open();
        list_fill(list);
        flush_run(flush, list, PAIRS);
        arrived(list);
        pairs_close();
    }
    flush_free(flush);
    flush_free(NULL);
}

static void each_goes(void)
{
    static struct flush_write list[PAIRS];
    pairs_open();
    list_fill(list);
    flush_each(list, PAIRS);
    arrived(list);
    pairs_close();
}

/* A short list takes nothing from the system. */
static void short_list_takes_no_descriptor(void)
{
    struct flush *flush = flush_new();
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    struct flush_write write = {.fd = ends[0], .bytes = bytes_at("x", 1)};
    flush_run(flush, &write, 1);
    CHECK_EQ(write.put, 1);
    int next = dup(ends[0]);
    CHECK_EQ(next, ends[1] + 1);
    (void)close(next);
    (void)close(ends[0]);
    (void)close(ends[1]);
    flush_free(flush);
}

int main(void)
{
    RUN(short_list_takes_no_descriptor);
    RUN(list_goes_twice);
    RUN(each_goes);
    return check_result();
}
