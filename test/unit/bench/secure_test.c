#include "bench/secure.h"
#include "tls/scene.h"

static struct bench_options options;
static struct bench_run run = {.options = &options};
static struct bench_thread thread = {.run = &run};

/* A connection to a server with `pair`, as far as both sides come. */
static struct bench_conn conn_begin(int fds[2], SSL *server, enum err *e)
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    struct bench_conn conn = {.thread = &thread, .fd = fds[0]};
    REQUIRE(SSL_set_fd(server, fds[1]) == 1);
    SSL_set_accept_state(server);
    *e = bench_secure_begin(&conn);
    for (int i = 0; i < SCENE_ROUNDS && *e == ERR_MORE; i++) {
        (void)SSL_do_handshake(server);
        *e = bench_secure_shake(&conn);
    }
    return conn;
}

static void conn_stop(struct bench_conn *conn, const int fds[2], SSL *server)
{
    bench_secure_end(conn);
    SSL_free(server);
    close(fds[0]);
    close(fds[1]);
}

static void plain(void)
{
    int fds[2];
    char data[8];
    size_t count;
    options = (struct bench_options){.host = "localhost"};
    CHECK(bench_secure_init(&run));
    CHECK(run.tls == NULL);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    struct bench_conn conn = {.thread = &thread, .fd = fds[0]};
    CHECK_EQ(bench_secure_begin(&conn), OK);
    CHECK_EQ(bench_secure_receive(&conn, data, 8, &count), OK);
    CHECK_EQ(count, 0);
    CHECK_EQ(bench_secure_send(&conn, bytes_of("abc"), &count), OK);
    CHECK_EQ(count, 3);
    CHECK_EQ(recv(fds[1], data, 8, 0), 3);
    CHECK(!bench_secure_holds(&conn));
    CHECK(!bench_secure_has_input(&conn));
    close(fds[1]);
    CHECK_EQ(bench_secure_receive(&conn, data, 8, &count), ERR_CLOSED);
    CHECK_STR(bench_secure_why(&conn, ERR_CLOSED), "the broker closed it");
    CHECK_EQ(bench_secure_send(&conn, bytes_of("abc"), &count), ERR_IO);
    CHECK_STR(bench_secure_why(&conn, ERR_IO), "Broken pipe");
    bench_secure_name(&conn, data, sizeof data);
    CHECK_STR(data, "");
    bench_secure_end(&conn);
    close(fds[0]);
    bench_secure_fini(&run);
}

static void encrypted(SSL_CTX *ctx)
{
    int fds[2];
    enum err e;
    char data[80];
    size_t count;
    REQUIRE(bench_secure_init(&run));
    SSL *server = SSL_new(ctx);
    struct bench_conn conn = conn_begin(fds, server, &e);
    CHECK_EQ(e, OK);
    CHECK(!conn.shaking);
    bench_secure_name(&conn, data, sizeof data);
    CHECK(strncmp(data, "TLSv1.3, TLS_", 13) == 0);
    CHECK_EQ(bench_secure_send(&conn, bytes_of("abc"), &count), OK);
    CHECK_EQ(SSL_read(server, data, sizeof data), 3);
    CHECK_EQ(SSL_write(server, "12345", 5), 5);
    CHECK_EQ(bench_secure_receive(&conn, data, 2, &count), OK);
    CHECK_EQ(count, 2);
    CHECK(bench_secure_has_input(&conn));
    CHECK_EQ(bench_secure_receive(&conn, data, sizeof data, &count), OK);
    CHECK_EQ(count, 3);
    conn_stop(&conn, fds, server);
    bench_secure_fini(&run);
}

static void refused(SSL_CTX *ctx, const char *word)
{
    int fds[2];
    enum err e;
    REQUIRE(bench_secure_init(&run));
    SSL *server = SSL_new(ctx);
    struct bench_conn conn = conn_begin(fds, server, &e);
    CHECK_EQ(e, ERR_IO);
    CHECK(strstr(bench_secure_why(&conn, e), word) != NULL);
    conn_stop(&conn, fds, server);
    bench_secure_fini(&run);
}

static void with_tls(void)
{
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    SSL_CTX *ctx = scene_server(&pair);
    options = (struct bench_options){
        .host = "localhost", .tls = true, .ca_file = scene_path("ca.crt")};
    encrypted(ctx);
    options.tls_version = "tlsv1.3";
    options.host = "other";
    refused(ctx, "another host");
    options.insecure = true;
    encrypted(ctx);
    SSL_CTX_free(ctx);
    tls_pair_fini(&pair);
}

static void wrong_options(void)
{
    options = (struct bench_options){.tls = true, .ca_file = "/no/file"};
    CHECK(!bench_secure_init(&run));
    options = (struct bench_options){.tls = true, .psk = "no hex"};
    CHECK(!bench_secure_init(&run));
    CHECK(run.tls == NULL);
}

int main(void)
{
    scene_set();
    RUN(plain);
    RUN(with_tls);
    RUN(wrong_options);
    scene_clear();
    return check_result();
}
