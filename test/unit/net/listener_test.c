/* listener_test.c - accepting, and not spinning when no file can be opened. */
#include "check.h"
#include "net/listener.h"
#include "net/socket.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

static int accepted[16];
static int accepted_count, strained_count;

static void on_accepted(struct listener *listener, int fd,
                        const struct address *peer)
{
    CHECK_EQ(listener->index, 5);
    CHECK_EQ(peer->family, ADDRESS_UNIX);
    REQUIRE(accepted_count < 16);
    accepted[accepted_count++] = fd;
}

static void on_strained(struct listener *listener, int error)
{
    CHECK(listener->paused);
    CHECK_EQ(error, UV_EMFILE);
    strained_count++;
}

static char path[64];

static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    REQUIRE(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static void limit_files(rlim_t count)
{
    struct rlimit limit;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = count;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void accept_pauses_without_files(void)
{
    (void)snprintf(path, sizeof path, "/tmp/mogi-listener-%d", (int)getpid());
    uv_loop_t loop;
    REQUIRE(uv_loop_init(&loop) == 0);
    struct listener listener = {
        .accepted = on_accepted, .strained = on_strained, .index = 5};
    REQUIRE(listener_start(&listener, &loop, socket_listen_path(path)) == OK);
    int first = dial();
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(accepted_count, 1);

    /* One would do, but valgrind accepts before it looks at the limit, and then
     * closes what it may not have. */
    int others[3];
    for (int i = 0; i < 3; i++)
        others[i] = dial();
    int next = dup(first);
    close(next);
    limit_files((rlim_t)next);
    for (int i = 0; i < 10; i++)
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(accepted_count, 1);
    CHECK_EQ(strained_count, 1);
    CHECK(listener.paused);

    listener_retry(&listener);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(listener.paused);
    CHECK_EQ(strained_count, 1);

    close(accepted[0]);
    listener_retry(&listener);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(accepted_count, 2);

    limit_files(64);
    listener_stop(&listener);
    listener_stop(&listener);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&loop), 0);
    close(accepted[1]);
    close(first);
    for (int i = 0; i < 3; i++)
        close(others[i]);
    unlink(path);
}

int main(void)
{
    RUN(accept_pauses_without_files);
    return check_result();
}
