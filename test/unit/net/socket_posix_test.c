/* socket_posix_test.c - listening, accepting, reading and writing. */
#include "check.h"
#include "net/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>

static struct address loopback(void)
{
    struct address list[4] = {0};
    REQUIRE(socket_resolve("127.0.0.1", 0, ADDRESS_UNIX, list, 4) == 1);
    CHECK_EQ(list[0].family, ADDRESS_IPV4);
    return list[0];
}

static void names_are_resolved(void)
{
    struct address list[4];
    int count = socket_resolve(NULL, 1883, ADDRESS_UNIX, list, 4);
    REQUIRE(count >= 1);
    CHECK_EQ(list[0].family, ADDRESS_IPV4);
    CHECK_EQ(list[0].port, 1883);
    CHECK_EQ(socket_resolve("::1", 1, ADDRESS_IPV6, list, 4), 1);
    CHECK_EQ(list[0].family, ADDRESS_IPV6);
    CHECK(socket_resolve("::1", 1, ADDRESS_IPV4, list, 4) < 0);
    CHECK(socket_resolve("no name", 1, ADDRESS_UNIX, list, 4) < 0);
    CHECK_EQ(socket_resolve(NULL, 1883, ADDRESS_UNIX, list, 1), 1);
}

static void port_0_takes_a_free_one(void)
{
    struct address at = loopback();
    int fd = socket_listen(&at, false, NULL);
    REQUIRE(fd >= 0);
    CHECK(at.port != 0);
    socket_close(fd);
}

static void two_do_not_listen_at_once(void)
{
    struct address at = loopback();
    int shared = socket_listen(&at, true, NULL);
    REQUIRE(shared >= 0);
    int second = socket_listen(&at, true, NULL);
    CHECK(second >= 0);
    CHECK_EQ(socket_listen(&at, false, NULL), UV_EADDRINUSE);
    socket_close(shared);
    socket_close(second);
    int alone = socket_listen(&at, false, NULL);
    CHECK(alone >= 0);
    CHECK_EQ(socket_listen(&at, true, NULL), UV_EADDRINUSE);
    socket_close(alone);
}

static void interface_must_exist(void)
{
    struct address at = loopback();
    CHECK(socket_listen(&at, false, "nope0") < 0);
}

/* Connect to `listening`; the accepted end is in *accepted. */
static int dial(int listening, int *accepted)
{
    struct sockaddr_storage to;
    socklen_t size = sizeof to;
    REQUIRE(getsockname(listening, (struct sockaddr *)&to, &size) == 0);
    int fd = socket(to.ss_family, SOCK_STREAM, 0);
    REQUIRE(connect(fd, (struct sockaddr *)&to, size) == 0);
    struct address peer;
    *accepted = socket_accept(listening, &peer);
    REQUIRE(*accepted >= 0);
    return fd;
}

static void bytes_come_and_go(void)
{
    struct address at = loopback(), peer;
    int listening = socket_listen(&at, false, NULL);
    CHECK_EQ(socket_accept(listening, &peer), UV_EAGAIN);
    int here, there = dial(listening, &here);
    char data[8];
    CHECK_EQ(socket_read(here, data, sizeof data), UV_EAGAIN);
    char first[] = "ab", second[] = "cde";
    uv_buf_t list[2] = {{first, 2}, {second, 3}};
    CHECK_EQ(socket_write(here, list, 2), 5);
    CHECK_EQ(read(there, data, 5), 5);
    CHECK_BYTES(data, 5, "abcde", 5);
    socket_shut_write(here);
    CHECK_EQ(read(there, data, 1), 0);
    close(there);
    CHECK_EQ(socket_read(here, data, sizeof data), 0);
    socket_close(here);
    socket_close(listening);
}

static void paths_are_replaced_when_stale(void)
{
    char folder[] = "/tmp/mogi-socket-XXXXXX", path[64];
    REQUIRE(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/mqtt", folder);
    int fd = socket_listen_path(path);
    REQUIRE(fd >= 0);
    CHECK_EQ(socket_listen_path(path), UV_EADDRINUSE);
    int here, there = dial(fd, &here);
    close(there);
    socket_close(here);
    socket_close(fd);
    fd = socket_listen_path(path);
    CHECK(fd >= 0);
    socket_close(fd);
    unlink(path);
    FILE *file = fopen(path, "w");
    fclose(file);
    CHECK_EQ(socket_listen_path(path), UV_EADDRINUSE);
    unlink(path);
    rmdir(folder);
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    CHECK_EQ(socket_listen_path(longest), UV_ENAMETOOLONG);
}

int main(void)
{
    RUN(names_are_resolved);
    RUN(port_0_takes_a_free_one);
    RUN(two_do_not_listen_at_once);
    RUN(interface_must_exist);
    RUN(bytes_come_and_go);
    RUN(paths_are_replaced_when_stale);
    return check_result();
}
