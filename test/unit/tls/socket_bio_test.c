#include "check.h"
#include "tls/socket_bio.h"

#include <openssl/bio.h>
#include <sys/socket.h>

static void both_ways_and_the_end(void)
{
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    BIO *bio = socket_bio_new(fds[0]);
    REQUIRE(bio != NULL);
    char data[8];
    CHECK(BIO_read(bio, data, sizeof data) <= 0);
    CHECK(BIO_should_read(bio));
    CHECK(!BIO_eof(bio));
    CHECK_EQ(BIO_write(bio, "abc", 3), 3);
    CHECK_EQ(recv(fds[1], data, sizeof data, 0), 3);
    CHECK_EQ(send(fds[1], "xy", 2, 0), 2);
    CHECK_EQ(BIO_read(bio, data, sizeof data), 2);
    CHECK_EQ(BIO_flush(bio), 1);
    close(fds[1]);
    CHECK(BIO_read(bio, data, sizeof data) <= 0);
    CHECK(!BIO_should_retry(bio));
    CHECK(BIO_eof(bio));
    BIO_free(bio);
    close(fds[0]);
}

/* The default of SIGPIPE would end this program. */
static void a_peer_that_is_gone_kills_nobody(void)
{
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    BIO *bio = socket_bio_new(fds[0]);
    close(fds[1]);
    CHECK(BIO_write(bio, "abc", 3) <= 0);
    CHECK(!BIO_should_retry(bio));
    BIO_free(bio);
    close(fds[0]);
}

static void a_full_socket_asks_for_patience(void)
{
    int fds[2];
    static char block[1 << 16];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    BIO *bio = socket_bio_new(fds[0]);
    for (int i = 0; i < 1000 && BIO_write(bio, block, sizeof block) > 0; i++) {
    }
    CHECK(BIO_should_write(bio));
    BIO_free(bio);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    RUN(both_ways_and_the_end);
    RUN(a_peer_that_is_gone_kills_nobody);
    RUN(a_full_socket_asks_for_patience);
    return check_result();
}
