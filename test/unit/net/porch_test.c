/* porch_test.c - a header in pieces, and what follows it untouched. */
#include "check.h"
#include "net/porch.h"
#include "net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

static uv_loop_t loop;
static struct porch porch;
static unsigned ends;
static enum err how;
static struct proxy said;
static int handed;

static void on_done(struct porch *from, const struct porch_visit *visit,
                    enum err err, const struct proxy *proxy)
{
    CHECK(from == &porch);
    CHECK_EQ(visit->listener, 3);
    ends++;
    how = err;
    handed = visit->fd;
    if (err == OK) said = *proxy;
}

/* A connection that waits; the other end of it. */
static int enter(uint64_t wait_ms)
{
    int fds[2];
    ends = 0;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    struct porch_visit visit = {.fd = fds[0], .listener = 3};
    REQUIRE(porch_enter(&porch, &visit, 1, wait_ms) == OK);
    return fds[1];
}

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        (void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void say(int fd, const char *text)
{
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
    turn();
}

static void takes_the_header_and_no_more(void)
{
    int fd = enter(10000);
    say(fd, "PRO");
    say(fd, "XY TCP4 192.0.2.1 198.51.100.1 5 6\r");
    CHECK_EQ(ends, 0);
    say(fd, "\n\x10 and more");
    CHECK_EQ(ends, 1);
    REQUIRE(how == OK);
    CHECK(said.named && said.from.port == 5);
    char rest[32] = "";
    CHECK_EQ(socket_read(handed, rest, sizeof rest), 10);
    CHECK_STR(rest, "\x10 and more");
    close(handed);
    close(fd);
}

static void ends_what_is_wrong(void)
{
    int fd = enter(10000);
    say(fd, "GET / HTTP/1.1\r\n");
    CHECK_EQ(ends, 1);
    CHECK_EQ(how, ERR_MALFORMED);
    char byte;
    CHECK(read(fd, &byte, 1) <= 0);
    close(fd);
    fd = enter(10000);
    say(fd, "PROXY T");
    close(fd);
    turn();
    CHECK_EQ(how, ERR_CLOSED);
    fd = enter(1);
    say(fd, "PROXY T");
    for (int i = 0; i < 1000 && ends == 0; i++) {
        usleep(1000);
        turn();
    }
    CHECK_EQ(how, ERR_CONNECT_TIME);
    close(fd);
}

static void forgets_who_still_waits(void)
{
    int fd = enter(10000);
    porch_fini(&porch);
    turn();
    CHECK_EQ(ends, 0);
    char byte;
    CHECK_EQ(read(fd, &byte, 1), 0);
    close(fd);
}

int main(void)
{
    REQUIRE(uv_loop_init(&loop) == 0);
    porch_init(&porch, &loop, on_done);
    RUN(takes_the_header_and_no_more);
    RUN(ends_what_is_wrong);
    RUN(forgets_who_still_waits);
    CHECK_EQ(uv_loop_close(&loop), 0);
    return check_result();
}
