#include "listen.h"
#include "mogi/client.h"

static int server = -1;
static int peer = -1;
static struct mogi_client *client;
static struct mogi_event event;

static const struct mogi_bytes NONE = {NULL, 0};

static void peer_send(const char *data, size_t size)
{
    REQUIRE(send(peer, data, size, 0) == (ssize_t)size);
}

#define PEER_SEND(text) peer_send(text, sizeof(text) - 1)

/* The peer gets exactly these bytes next. */
static bool peer_gets(const char *want, size_t size)
{
    char data[4096];
    size_t got = 0;
    REQUIRE(size <= sizeof data);
    mogi_client_flush(client);
    while (got < size) {
        ssize_t count = recv(peer, data + got, size - got, 0);
        if (count <= 0) break;
        got += (size_t)count;
    }
    return CHECK_BYTES(data, got, want, size);
}

#define PEER_GETS(text) peer_gets(text, sizeof(text) - 1)

static struct mogi_client_options options_of(uint16_t port)
{
    struct mogi_client_options o = mogi_client_defaults();
    o.host = "127.0.0.1";
    o.port = port;
    o.reconnect_min_ms = o.reconnect_max_ms = 10;
    o.connect.client_id = mogi_text("a");
    o.connect.clean_start = false;
    return o;
}

#define CONNECT                                                                \
    "\x10\x0d\x00\x04MQTT\x04\x00\x00\x3c\x00\x01"                             \
    "a"

static void start(const struct mogi_client_options *o)
{
    client = mogi_client_new(o);
    REQUIRE(client != NULL);
    REQUIRE(mogi_client_open(client) == MOGI_OK);
    peer = listen_accept(server);
    PEER_GETS(CONNECT);
    PEER_SEND("\x20\x02\x00\x00");
    REQUIRE(mogi_client_next(client, 5000, &event) == MOGI_OK);
    REQUIRE(event.kind == MOGI_CONNECTED);
}

static void stop(void)
{
    mogi_client_free(client);
    close(peer);
    close(server);
}

static void publish_and_receive(void)
{
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    start(&o);
    CHECK(mogi_client_is_connected(client));
    CHECK_EQ(mogi_client_publish_text(client, "t", "x", 1, true), MOGI_OK);
    PEER_GETS("\x33\x06\x00\x01t\x00\x01x");
    PEER_SEND("\x40\x02\x00\x01\x30\x04\x00\x01qw\x30\x03\x00\x01z");
    static const enum mogi_event_kind kinds[] = {MOGI_PUBLISHED, MOGI_MESSAGE,
                                                 MOGI_MESSAGE};
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
        CHECK_EQ(event.kind, kinds[i]);
    }
    CHECK_EQ(mogi_client_next(client, 0, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_NOTHING);
    CHECK_EQ(mogi_client_next(client, 20, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_NOTHING);
    CHECK_EQ(mogi_client_subscribe_text(client, "s", 2), MOGI_OK);
    PEER_GETS("\x82\x06\x00\x02\x00\x01s\x02");
    shutdown(peer, SHUT_WR);
    CHECK_EQ(mogi_client_close(client, 0, NONE, 1000), MOGI_OK);
    PEER_GETS("\xe0\x00");
    CHECK_EQ(mogi_client_next(client, 0, &event), MOGI_ERROR_STATE);
    stop();
}

/* The server drops us: said so, connected again, the message sent again. */
static void reconnects(void)
{
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    start(&o);
    CHECK_EQ(mogi_client_publish_text(client, "t", "x", 1, false), MOGI_OK);
    PEER_GETS("\x32\x06\x00\x01t\x00\x01x");
    close(peer);
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_LOST);
    CHECK_EQ(event.error, MOGI_ERROR_CLOSED);
    CHECK_EQ(event.wait_ms, 10);
    CHECK_EQ(mogi_client_next(client, 100, &event), MOGI_OK);
    peer = listen_accept(server);
    PEER_GETS(CONNECT);
    PEER_SEND("\x20\x02\x01\x00");
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_CONNECTED);
    PEER_GETS("\x3a\x06\x00\x01t\x00\x01x");
    stop();
}

static void refused(void)
{
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    o.no_reconnect = true;
    client = mogi_client_new(&o);
    CHECK_EQ(mogi_client_open(client), MOGI_OK);
    peer = listen_accept(server);
    PEER_SEND("\x20\x02\x00\x05");
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_REFUSED);
    CHECK_EQ(event.reason, 5);
    CHECK_EQ(mogi_client_fd(client), -1);
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_ERROR_STATE);
    stop();
}

static void broken_server(void)
{
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    start(&o);
    PEER_SEND("\x10\x00");
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_LOST);
    CHECK_EQ(event.error, MOGI_ERROR_PROTOCOL);
    stop();
}

/* Both ways, far larger than all memory at the start. */
static void large_messages(void)
{
    enum { SIZE = 100000 };
    static char payload[SIZE];
    static char packet[SIZE + 8];
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    start(&o);
    memset(payload, 'x', SIZE);
    struct mogi_message m = {.topic = mogi_text("t"),
                             .payload = {(uint8_t *)payload, SIZE}};
    for (uint8_t qos = 0; qos < 2; qos++) {
        m.qos = qos;
        CHECK_EQ(mogi_client_publish(client, &m, NULL), MOGI_OK);
        size_t size = SIZE + 7u + 2u * qos;
        for (size_t got = 0; got < size;) {
            mogi_client_flush(client);
            ssize_t count = recv(peer, packet, sizeof packet, 0);
            REQUIRE(count > 0);
            got += (size_t)count;
            if (got == size) CHECK_EQ(packet[count - 1], 'x');
        }
    }
    memcpy(packet, "\x30\xa3\x8d\x06\x00\x01t", 7);
    memset(packet + 7, 'y', SIZE);
    size_t sent = 0;
    do {
        ssize_t count =
            send(peer, packet + sent, SIZE + 7 - sent, MSG_DONTWAIT);
        if (count > 0) sent += (size_t)count;
        CHECK_EQ(mogi_client_next(client, 10, &event), MOGI_OK);
    } while (event.kind == MOGI_NOTHING);
    CHECK_EQ(event.kind, MOGI_MESSAGE);
    CHECK_EQ(event.message.payload.size, SIZE);
    stop();
}

static void window_is_full(void)
{
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    o.inflight_max = 2;
    start(&o);
    CHECK_EQ(mogi_client_publish_text(client, "t", "x", 1, false), MOGI_OK);
    CHECK_EQ(mogi_client_publish_text(client, "t", "y", 2, false), MOGI_OK);
    CHECK_EQ(mogi_client_publish_text(client, "t", "z", 1, false),
             MOGI_ERROR_FULL);
    mogi_client_flush(client);
    PEER_SEND("\x40\x02\x00\x01");
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
    CHECK_EQ(mogi_client_unsettled(client), 1);
    CHECK_EQ(mogi_client_publish_text(client, "t", "z", 1, false), MOGI_OK);
    stop();
}

/* A server that reads nothing costs output_max and one message. */
static void output_is_bounded(void)
{
    static char payload[60001];
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    o.output_max = 100000;
    start(&o);
    memset(payload, 'x', sizeof payload - 1);
    enum mogi_error e = MOGI_OK;
    size_t count = 0;
    while (e == MOGI_OK && count < 2000) {
        e = mogi_client_publish_text(client, "t", payload, 0, false);
        count += 1;
    }
    CHECK_EQ(e, MOGI_ERROR_FULL);
    CHECK(mogi_client_wants_write(client));
    stop();
}

/* Connected, and then silence. */
static void no_answer(void)
{
    uint16_t port;
    server = listen_any(&port);
    struct mogi_client_options o = options_of(port);
    o.answer_timeout_ms = 30;
    client = mogi_client_new(&o);
    CHECK_EQ(mogi_client_open(client), MOGI_OK);
    peer = listen_accept(server);
    CHECK_EQ(mogi_client_next(client, 5000, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_LOST);
    CHECK_EQ(event.error, MOGI_ERROR_TIMEOUT);
    CHECK_STR(mogi_client_error(client), "the server does not answer CONNECT");
    stop();
}

static void nobody_listens(void)
{
    uint16_t port;
    close(listen_any(&port));
    struct mogi_client_options o = options_of(port);
    client = mogi_client_new(&o);
    CHECK_EQ(mogi_client_open(client), MOGI_ERROR_NETWORK);
    CHECK_STR(mogi_client_error(client), "Connection refused");
    CHECK_EQ(mogi_client_next(client, 100, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_LOST);
    CHECK_EQ(event.error, MOGI_ERROR_NETWORK);
    CHECK_STR(mogi_client_error(client), "Connection refused");
    mogi_client_free(client);
}

int main(void)
{
    RUN(publish_and_receive);
    RUN(reconnects);
    RUN(refused);
    RUN(broken_server);
    RUN(large_messages);
    RUN(window_is_full);
    RUN(output_is_bounded);
    RUN(no_answer);
    RUN(nobody_listens);
    return check_result();
}
