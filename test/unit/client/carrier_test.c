#include "client/carrier.h"
#include "host.h"

#include <fcntl.h>

static struct host host;
static struct tls_pair pair;
static char text[400];

static struct channel_target target(void)
{
    return (struct channel_target){
        .host = "127.0.0.1", .port = host.port, .timeout_ms = 5000};
}

static struct mogi_tls tls_of_scene(void)
{
    return (struct mogi_tls){.ca_file = scene_path("ca.crt")};
}

/* Send `words`, and see them come back. */
static void echo(struct carrier *l, const char *words)
{
    char data[64];
    size_t size = strlen(words), got = 0, count;
    CHECK_EQ(carrier_send(l, bytes_of(words), &count), MOGI_OK);
    CHECK_EQ(count, size);
    while (got < size) {
        if (!carrier_has_input(l)) {
            REQUIRE(channel_wait(l->fd, true, carrier_wants_write(l), 5000));
        }
        REQUIRE(carrier_receive(l, data + got, sizeof data - got, &count) ==
                MOGI_OK);
        got += count;
    }
    CHECK_BYTES(data, got, words, size);
}

static void encrypted(void)
{
    struct channel_target to = target();
    struct mogi_tls tls = tls_of_scene();
    struct carrier l;
    carrier_init(&l, text, sizeof text);
    for (int i = 0; i < 3; i++) {
        CHECK(!carrier_is_open(&l));
        host_serve(&host);
        REQUIRE(carrier_open(&l, &to, &tls) == MOGI_OK);
        CHECK(carrier_is_open(&l));
        CHECK_EQ(l.trouble.kind, MOGI_TLS_FINE);
        echo(&l, "hello");
        CHECK_EQ(secure_is_resumed(l.secure), i > 0);
        if (i == 1)
            carrier_close(&l);
        else
            carrier_finish(&l, 1000);
        host_join(&host);
    }
    carrier_fini(&l);
}

static void plain(void)
{
    int listener = listen_any(&host.port);
    struct channel_target to = target();
    struct carrier l;
    carrier_init(&l, text, sizeof text);
    REQUIRE(carrier_open(&l, &to, NULL) == MOGI_OK);
    int peer = listen_accept(listener);
    size_t count;
    char data[8];
    CHECK_EQ(carrier_send(&l, bytes_of("x"), &count), MOGI_OK);
    CHECK_EQ(recv(peer, data, sizeof data, 0), 1);
    CHECK(!carrier_wants_write(&l));
    CHECK(!carrier_has_input(&l));
    CHECK_EQ(carrier_receive(&l, data, sizeof data, &count), MOGI_OK);
    CHECK_EQ(count, 0);
    close(peer);
    CHECK(channel_wait(l.fd, true, false, 5000));
    CHECK_EQ(carrier_receive(&l, data, sizeof data, &count), MOGI_ERROR_CLOSED);
    carrier_fini(&l);
    close(listener);
}

/* Both say why, and each about itself. */
static void network_fails(void)
{
    struct carrier l;
    size_t count;
    char data[8];
    carrier_init(&l, text, sizeof text);
    l.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    REQUIRE(l.fd >= 0);
    CHECK_EQ(carrier_send(&l, bytes_of("x"), &count), MOGI_ERROR_NETWORK);
    CHECK_STR(text, "Socket operation on non-socket");
    text[0] = '\0';
    CHECK_EQ(carrier_receive(&l, data, sizeof data, &count),
             MOGI_ERROR_NETWORK);
    CHECK_STR(text, "Socket operation on non-socket");
    carrier_fini(&l);
}

static void fails(const struct mogi_tls *tls, enum mogi_error error,
                  enum mogi_tls_trouble trouble)
{
    struct channel_target to = target();
    struct carrier l;
    to.timeout_ms = 300;
    carrier_init(&l, text, sizeof text);
    host_serve(&host);
    CHECK_EQ(carrier_open(&l, &to, tls), error);
    CHECK_EQ(l.trouble.kind, trouble);
    CHECK(strlen(text) > 10);
    CHECK(!carrier_is_open(&l));
    carrier_fini(&l);
    host_join(&host);
}

static void troubles(void)
{
    struct mogi_tls tls = tls_of_scene();
    tls.host_name = "elsewhere";
    fails(&tls, MOGI_ERROR_TLS, MOGI_TLS_WRONG_HOST);
    tls = (struct mogi_tls){.ca_folder = scene_folder};
    fails(&tls, MOGI_ERROR_TLS, MOGI_TLS_UNTRUSTED);
    tls = tls_of_scene();
    host.plain = true;
    fails(&tls, MOGI_ERROR_TLS, MOGI_TLS_NOT_SPOKEN);
    host.plain = false;
    host.mute = true;
    fails(&tls, MOGI_ERROR_TIMEOUT, MOGI_TLS_NOT_SPOKEN);
    host.mute = false;
}

/* Nobody is bothered when our own files are wrong. */
static void wrong_files(void)
{
    struct channel_target to = target();
    struct mogi_tls tls = {.ca_file = scene_path("no")};
    struct carrier l;
    carrier_init(&l, text, sizeof text);
    to.port = 1;
    CHECK_EQ(carrier_open(&l, &to, &tls), MOGI_ERROR_TLS);
    CHECK_EQ(l.trouble.kind, MOGI_TLS_SETUP);
    tls = tls_of_scene();
    CHECK_EQ(carrier_open(&l, &to, &tls), MOGI_ERROR_NETWORK);
    CHECK_EQ(l.trouble.kind, MOGI_TLS_FINE);
    carrier_fini(&l);
}

int main(void)
{
    scene_set();
    pair = scene_pair(TLS_FOR_SERVER, "127.0.0.1", &scene_ca, -1, 5);
    host_start(&host, &pair);
    RUN(encrypted);
    RUN(troubles);
    RUN(wrong_files);
    host_stop(&host);
    RUN(plain);
    RUN(network_fails);
    tls_pair_fini(&pair);
    scene_clear();
    return check_result();
}
