#include "client/secure.h"
#include "host.h"

#include <poll.h>

static char text[400];
static struct secure_trouble trouble = {.text = text, .size = sizeof text};

static int connect_to(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}

static void fd_wait(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    REQUIRE(poll(&wanted, 1, 5000) == 1);
}

static enum mogi_error shake(struct secure *s, int fd)
{
    bool done = false;
    enum mogi_error e;
    while ((e = secure_handshake(s, &done, &trouble)) == MOGI_OK && !done)
        fd_wait(fd);
    return e;
}

static void talk(struct secure *s, int fd)
{
    size_t count = 0;
    char data[8];
    CHECK_EQ(secure_send(s, bytes_of("abc"), &count, &trouble), MOGI_OK);
    CHECK_EQ(count, 3);
    CHECK(!secure_wants_write(s));
    count = 0;
    while (count == 0) {
        fd_wait(fd);
        REQUIRE(secure_receive(s, data, 8, &count, &trouble) == MOGI_OK);
    }
    CHECK_BYTES(data, count, "abc", 3);
    CHECK(!secure_has_input(s));
    secure_end(s);
    enum mogi_error e = MOGI_OK;
    while (e == MOGI_OK) {
        fd_wait(fd);
        e = secure_receive(s, data, 8, &count, &trouble);
    }
    CHECK_EQ(e, MOGI_ERROR_CLOSED);
}

/* The memory goes from one connection to the next; all options arrive. */
static void sessions(void)
{
    struct host host = {.port = 0};
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    struct secure_memory *memory = NULL;
    struct mogi_tls tls = {.ca_file = scene_path("ca.crt"),
                           .version_min = MOGI_TLS_13};
    host_start(&host, &pair);
    for (int i = 0; i < 2; i++) {
        struct secure *s = secure_new(&tls, &memory, &trouble);
        REQUIRE(s != NULL);
        host_serve(&host);
        int fd = connect_to(host.port);
        CHECK(secure_begin(s, fd, "localhost"));
        CHECK_EQ(shake(s, fd), MOGI_OK);
        CHECK_EQ(secure_is_resumed(s), i > 0);
        talk(s, fd);
        secure_free(s);
        close(fd);
        host_join(&host);
    }
    secure_memory_free(memory);
    host_stop(&host);
    tls_pair_fini(&pair);
}

static enum mogi_tls_trouble kind_with(struct mogi_tls tls,
                                       const struct tls_pair *pair)
{
    struct host host = {.port = 0};
    struct secure_memory *memory = NULL;
    trouble.kind = MOGI_TLS_FINE;
    host_start(&host, pair);
    struct secure *s = secure_new(&tls, &memory, &trouble);
    if (s != NULL) {
        host_serve(&host);
        int fd = connect_to(host.port);
        CHECK(secure_begin(s, fd, "localhost"));
        enum mogi_error e = shake(s, fd);
        CHECK(e == MOGI_OK || e == MOGI_ERROR_TLS);
        if (e == MOGI_OK) trouble.kind = MOGI_TLS_FINE;
        close(fd);
        host_join(&host);
    }
    secure_free(s);
    secure_memory_free(memory);
    host_stop(&host);
    return trouble.kind;
}

static void kinds(void)
{
    struct mogi_tls ca = {.ca_file = scene_path("ca.crt")}, tls;
    struct tls_pair good =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    struct tls_pair other =
        scene_pair(TLS_FOR_SERVER, "other", &scene_ca, -1, 5);
    struct tls_pair old =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -5, -1);
    struct tls_pair own = scene_pair(TLS_FOR_SERVER, "localhost", NULL, -1, 5);
    CHECK_EQ(kind_with(ca, &good), MOGI_TLS_FINE);
    CHECK_EQ(kind_with(ca, &other), MOGI_TLS_WRONG_HOST);
    tls = ca;
    tls.check = MOGI_TLS_CHECK_CHAIN;
    CHECK_EQ(kind_with(tls, &other), MOGI_TLS_FINE);
    CHECK_EQ(kind_with(tls, &own), MOGI_TLS_UNTRUSTED);
    tls.check = MOGI_TLS_CHECK_NOTHING;
    CHECK_EQ(kind_with(tls, &own), MOGI_TLS_FINE);
    CHECK_EQ(kind_with(ca, &old), MOGI_TLS_EXPIRED);
    CHECK_EQ(kind_with(ca, NULL), MOGI_TLS_REFUSED);
    tls = ca;
    tls.ciphers = "none";
    CHECK_EQ(kind_with(tls, &good), MOGI_TLS_SETUP);
    tls_pair_fini(&good);
    tls_pair_fini(&other);
    tls_pair_fini(&old);
    tls_pair_fini(&own);
}

int main(void)
{
    scene_set();
    RUN(sessions);
    RUN(kinds);
    scene_clear();
    return check_result();
}
