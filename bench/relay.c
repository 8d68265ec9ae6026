/* relay.c - the limit: what a message costs when nobody reads it.
 *
 *     relay PORT pairs          sender i's bytes go to receiver i
 *     relay PORT all            every sender's bytes go to every receiver
 *     relay PORT all --uring    the same, hundreds of sends in one call
 *
 * It speaks as much MQTT 3.1.1 as `mogi bench` needs to begin: it answers
 * CONNECT and SUBSCRIBE with fixed packets, and takes a client's part from the
 * end of its client id ("s7" sends, "r7" receives). From then on bytes are
 * copied from socket to socket, as few calls as possible, and nothing is
 * looked up, checked or remembered. Of a sender's packets it knows only the
 * size, the same for all, so as not to cut them; with QoS 1 it copies their ids
 * into PUBACKs, all of a read in one write.
 *
 * No broker that writes to plain sockets can cost less than the first two, and
 * none that writes through io_uring less than the third.
 */
#include "relay_output.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 1024,
    CLIENTS_MAX = 65536,
    READ_BYTES = 256 * 1024,
    TURN_BYTES = 1024 * 1024, /* read in one turn at most */
};

struct client {
    int fd;
    unsigned index;
    bool introduced; /* its CONNECT has come */
    bool sends;
    size_t packet_size; /* of a sender; 0: none has come yet */
    size_t id_at;       /* in each packet; 0: QoS 0 */
    size_t partial_size;
    uint8_t partial[1024];
};

static int receivers[CLIENTS_MAX]; /* their sockets; -1: none */
static unsigned receiver_end;      /* one past the highest index */
static bool pairs;
static uint8_t input[READ_BYTES];
static uint8_t turn[TURN_BYTES];
static size_t turn_size;
static uint8_t acks[READ_BYTES];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void turn_flush(void)
{
    if (turn_size == 0) return;
    output_spread(receivers, receiver_end, turn, turn_size);
    turn_size = 0;
}

static void forward(const struct client *from, const uint8_t *data, size_t size)
{
    if (pairs) {
        int to = receivers[from->index];
        if (to >= 0) output_write(to, data, size);
        return;
    }
    if (turn_size + size > sizeof turn) turn_flush();
    memcpy(turn + turn_size, data, size);
    turn_size += size;
}

/* Where a packet ends, and where the id stands in a PUBLISH. */
static void packet_learn(struct client *client, const uint8_t *data,
                         size_t size)
{
    size_t length = data[1] & 127;
    size_t head = 2;
    if (data[1] > 127 && size > 2) {
        length |= (size_t)data[2] << 7;
        head = 3;
    }
    client->packet_size = head + length;
    bool acked = (data[0] & 6) != 0;
    size_t topic = (size_t)data[head] << 8 | data[head + 1];
    client->id_at = acked ? head + 2 + topic : 0;
}

static void acknowledge(const struct client *client, const uint8_t *data,
                        size_t size)
{
    size_t at = 0;
    for (size_t p = 0; p < size; p += client->packet_size) {
        acks[at++] = 0x40;
        acks[at++] = 2;
        acks[at++] = data[p + client->id_at];
        acks[at++] = data[p + client->id_at + 1];
    }
    output_write(client->fd, acks, at);
}

static void sender_take(struct client *client, const uint8_t *data, size_t size)
{
    bool first = client->packet_size == 0;
    if (first && size > 8) packet_learn(client, data, size);
    size_t rest = size;
    if (client->packet_size > 0) rest = size % client->packet_size;
    const uint8_t *tail = data + size - rest;
    if (size > rest) {
        forward(client, data, size - rest);
        if (client->id_at > 0) acknowledge(client, data, size - rest);
    }
    if (rest == 2 && tail[0] == 0xc0) {
        output_write(client->fd, (const uint8_t *)"\xd0", 2);
        rest = 0;
    }
    if (rest > sizeof client->partial) {
        (void)fprintf(stderr, "relay: packets are too large for it\n");
        exit(1);
    }
    client->partial_size = rest;
    memcpy(client->partial, tail, rest);
}

/* CONNECT ends with the client id, which tells who this is. */
static void introduce(struct client *client, const uint8_t *data, size_t size)
{
    static const uint8_t connack[] = {0x20, 2, 0, 0};
    size_t digits = 0;
    while (digits < size && data[size - 1 - digits] >= '0' &&
           data[size - 1 - digits] <= '9') {
        client->index += (unsigned)(data[size - 1 - digits] - '0') *
                         (unsigned[]){1, 10, 100, 1000, 10000}[digits % 5];
        digits += 1;
    }
    client->sends = digits < size && data[size - 1 - digits] == 's';
    client->index %= CLIENTS_MAX;
    client->introduced = true;
    output_write(client->fd, connack, sizeof connack);
}

/* Of a receiver only SUBSCRIBE matters; PUBACKs are read and dropped. */
static void receiver_take(struct client *client, const uint8_t *data,
                          size_t size)
{
    if (size < 4 || data[0] != 0x82) return;
    uint8_t suback[] = {0x90, 3, data[2], data[3], data[size - 1]};
    receivers[client->index] = client->fd;
    if (client->index >= receiver_end) receiver_end = client->index + 1;
    output_write(client->fd, suback, sizeof suback);
}

static void client_end(struct client *client)
{
    if (receivers[client->index] == client->fd) receivers[client->index] = -1;
    (void)close(client->fd);
    free(client);
}

static void client_read(struct client *client)
{
    size_t kept = client->partial_size;
    ssize_t n = recv(client->fd, input + kept, sizeof input - kept, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        client_end(client);
        return;
    }
    memcpy(input, client->partial, kept);
    size_t size = kept + (size_t)n;
    if (!client->introduced) {
        introduce(client, input, size);
    } else if (client->sends) {
        sender_take(client, input, size);
    } else {
        receiver_take(client, input, size);
    }
}

static void client_accept(int listener, int epoll)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        int one = 1;
        struct client *client = calloc(1, sizeof *client);
        if (client == NULL) fail("relay: memory");
        client->fd = fd;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("relay: epoll");
    }
}

static int listener_open(const char *port)
{
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4096) != 0) {
        fail("relay: listen");
    }
    return listener;
}

static void files_allow(void)
{
    struct rlimit files;
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    bool ring = argc == 4 && strcmp(argv[3], "--uring") == 0;
    if (argc != 3 && !ring) {
        (void)fprintf(stderr, "Usage: relay PORT pairs|all [--uring]\n");
        return 2;
    }
    files_allow();
    if (ring) output_ring();
    pairs = strcmp(argv[2], "pairs") == 0;
    memset(receivers, -1, sizeof receivers);
    int listener = listener_open(argv[1]);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) fail("relay: epoll");
    static struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (client == NULL) {
                client_accept(listener, epoll);
            } else {
                client_read(client);
            }
        }
        turn_flush();
    }
}
