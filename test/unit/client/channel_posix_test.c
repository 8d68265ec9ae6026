#include "client/channel.h"
#include "listen.h"

static struct channel_target target_of(uint16_t port)
{
    return (struct channel_target){
        .host = "127.0.0.1", .port = port, .timeout_ms = 2000};
}

static void both_ways(void)
{
    uint16_t port;
    int server = listen_any(&port);
    struct channel_target target = target_of(port);
    target.bind_address = "127.0.0.1";
    target.no_delay = true;
    int fd;
    char text[100];
    REQUIRE(channel_open(&target, &fd, text, sizeof text) == MOGI_OK);
    int peer = listen_accept(server);
    size_t count = 9;
    char data[16];
    CHECK_EQ(channel_receive(fd, data, sizeof data, &count), MOGI_OK);
    CHECK_EQ(count, 0);
    CHECK_EQ(channel_send(fd, bytes_of("ping"), &count), MOGI_OK);
    CHECK_EQ(count, 4);
    CHECK_EQ(recv(peer, data, sizeof data, 0), 4);
    CHECK_EQ(send(peer, "pong!", 5, 0), 5);
    CHECK(channel_wait(fd, true, false, 5000));
    CHECK_EQ(channel_receive(fd, data, sizeof data, &count), MOGI_OK);
    CHECK_BYTES(data, count, "pong!", 5);
    close(peer);
    CHECK(channel_wait(fd, true, false, 5000));
    CHECK_EQ(channel_receive(fd, data, sizeof data, &count), MOGI_ERROR_CLOSED);
    channel_close(fd);
    close(server);
}

static void cannot_open(void)
{
    uint16_t port;
    int server = listen_any(&port);
    close(server);
    int fd;
    char text[100];
    struct channel_target target = target_of(port);
    CHECK_EQ(channel_open(&target, &fd, text, sizeof text), MOGI_ERROR_NETWORK);
    CHECK_STR(text, "Connection refused");
    target.host = "host.invalid";
    CHECK_EQ(channel_open(&target, &fd, text, sizeof text), MOGI_ERROR_HOST);
    target.unix_path = "/nonexistent/socket";
    CHECK_EQ(channel_open(&target, &fd, text, sizeof text), MOGI_ERROR_NETWORK);
    CHECK_STR(text, "No such file or directory");
    target = target_of(port);
    target.bind_address = "192.0.2.1";
    CHECK_EQ(channel_open(&target, &fd, text, sizeof text), MOGI_ERROR_NETWORK);
}

/* What was sent arrives, although the peer's bytes were never read. */
static void finish_delivers(void)
{
    uint16_t port;
    int server = listen_any(&port);
    struct channel_target target = target_of(port);
    int fd;
    char text[100];
    size_t count;
    REQUIRE(channel_open(&target, &fd, text, sizeof text) == MOGI_OK);
    int peer = listen_accept(server);
    CHECK_EQ(send(peer, "unread", 6, 0), 6);
    CHECK_EQ(channel_send(fd, bytes_of("last"), &count), MOGI_OK);
    shutdown(peer, SHUT_WR);
    channel_finish(fd, 5000);
    char data[16];
    CHECK_EQ(recv(peer, data, sizeof data, 0), 4);
    CHECK_EQ(recv(peer, data, sizeof data, 0), 0);
    close(peer);
    close(server);
}

int main(void)
{
    RUN(both_ways);
    RUN(cannot_open);
    RUN(finish_delivers);
    return check_result();
}
