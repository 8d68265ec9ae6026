#include "scene.h"

static struct tls_client_options trusting(void)
{
    return (struct tls_client_options){.ca_file = scene_path("ca.crt")};
}

/* Connect `host` to a server with `pair`; how that ended. */
static enum tls_trouble_kind outcome(const struct tls_client_options *o,
                                     const struct tls_pair *pair,
                                     const char *host)
{
    SSL_CTX *server = scene_server(pair);
    struct tls_client_context *c = scene_client(o);
    struct scene_talk k = scene_talk(c, server, host, NULL);
    enum err e = scene_shake(&k);
    enum tls_trouble_kind kind = tls_link_trouble(k.link)->kind;
    if (o->check == TLS_CHECK_ALL) CHECK((e == OK) == (kind == TLS_FINE));
    if (e == OK) kind = TLS_FINE;
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    return kind;
}

static void certificates(void)
{
    struct tls_client_options o = trusting();
    struct tls_pair good =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    CHECK_EQ(outcome(&o, &good, "localhost"), TLS_FINE);
    CHECK_EQ(outcome(&o, &good, "LocalHost"), TLS_FINE);
    CHECK_EQ(outcome(&o, &good, "elsewhere"), TLS_WRONG_HOST);
    CHECK_EQ(outcome(&o, &good, "127.0.0.1"), TLS_WRONG_HOST);
    o.check = TLS_CHECK_CHAIN;
    CHECK_EQ(outcome(&o, &good, "elsewhere"), TLS_FINE);
    o.ca_file = NULL;
    CHECK_EQ(outcome(&o, &good, "localhost"), TLS_UNTRUSTED);
    o.check = TLS_CHECK_NOTHING;
    CHECK_EQ(outcome(&o, &good, "elsewhere"), TLS_FINE);
    tls_pair_fini(&good);
}

static void addresses(void)
{
    struct tls_client_options o = trusting();
    struct tls_pair four =
        scene_pair(TLS_FOR_SERVER, "127.0.0.1", &scene_ca, -1, 5);
    struct tls_pair six = scene_pair(TLS_FOR_SERVER, "::1", &scene_ca, -1, 5);
    CHECK_EQ(outcome(&o, &four, "127.0.0.1"), TLS_FINE);
    CHECK_EQ(outcome(&o, &four, "127.0.0.2"), TLS_WRONG_HOST);
    CHECK_EQ(outcome(&o, &six, "::1"), TLS_FINE);
    CHECK_EQ(outcome(&o, &six, "0:0:0:0:0:0:0:1"), TLS_FINE);
    CHECK_EQ(outcome(&o, &six, "::2"), TLS_WRONG_HOST);
    tls_pair_fini(&four);
    tls_pair_fini(&six);
}

static void wildcards(void)
{
    struct tls_client_options o = trusting();
    struct tls_pair wild =
        scene_pair(TLS_FOR_SERVER, "*.example.org", &scene_ca, -1, 5);
    CHECK_EQ(outcome(&o, &wild, "a.example.org"), TLS_FINE);
    CHECK_EQ(outcome(&o, &wild, "example.org"), TLS_WRONG_HOST);
    CHECK_EQ(outcome(&o, &wild, "a.b.example.org"), TLS_WRONG_HOST);
    tls_pair_fini(&wild);
}

static void bad_certificates(void)
{
    struct tls_client_options o = trusting();
    struct tls_pair old =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -5, -1);
    struct tls_pair early =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, 1, 5);
    struct tls_pair own = scene_pair(TLS_FOR_SERVER, "localhost", NULL, -1, 5);
    struct tls_pair client =
        scene_pair(TLS_FOR_CLIENT, "localhost", &scene_ca, -1, 5);
    CHECK_EQ(outcome(&o, &old, "localhost"), TLS_EXPIRED);
    CHECK_EQ(outcome(&o, &early, "localhost"), TLS_EXPIRED);
    CHECK_EQ(outcome(&o, &own, "localhost"), TLS_UNTRUSTED);
    /* A client of the same CA must not be able to play the server. */
    CHECK_EQ(outcome(&o, &client, "localhost"), TLS_UNTRUSTED);
    tls_pair_fini(&old);
    tls_pair_fini(&early);
    tls_pair_fini(&own);
    tls_pair_fini(&client);
}

static void words_name_what_is_wrong(void)
{
    struct tls_client_options o = trusting();
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "elsewhere", &scene_ca, -1, 5);
    SSL_CTX *server = scene_server(&pair);
    struct tls_client_context *c = scene_client(&o);
    struct scene_talk k = scene_talk(c, server, "here", NULL);
    CHECK_EQ(scene_shake(&k), ERR_IO);
    CHECK_STR(tls_link_trouble(k.link)->text,
              "the server's certificate (CN = elsewhere) is for another host: "
              "elsewhere");
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    tls_pair_fini(&pair);
}

/* What is not TLS, and a server that goes away. */
static void no_tls(void)
{
    struct tls_client_options o = trusting();
    SSL_CTX *server = scene_server(NULL);
    struct tls_client_context *c = scene_client(&o);
    struct scene_talk k = scene_talk(c, server, "h", NULL);
    CHECK_EQ(tls_link_handshake(k.link), ERR_MORE);
    CHECK_EQ(send(k.fds[1], "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 0), 28);
    CHECK_EQ(tls_link_handshake(k.link), ERR_IO);
    CHECK_EQ(tls_link_trouble(k.link)->kind, TLS_NOT_SPOKEN);
    /* It stays so. */
    CHECK_EQ(tls_link_handshake(k.link), ERR_IO);
    scene_end(&k);
    k = scene_talk(c, server, "h", NULL);
    CHECK_EQ(tls_link_handshake(k.link), ERR_MORE);
    shutdown(k.fds[1], SHUT_RDWR);
    CHECK_EQ(tls_link_handshake(k.link), ERR_IO);
    CHECK_EQ(tls_link_trouble(k.link)->kind, TLS_NOT_SPOKEN);
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
}

/* The server's end of a link that is shaken. */
static struct scene_talk talk_begin(struct tls_client_context *c, SSL_CTX *s,
                                    struct tls_resume *resume)
{
    struct scene_talk k = scene_talk(c, s, "localhost", resume);
    REQUIRE(scene_shake(&k) == OK);
    return k;
}

static void both_ways(void)
{
    struct tls_client_options o = trusting();
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    SSL_CTX *server = scene_server(&pair);
    struct tls_client_context *c = scene_client(&o);
    struct scene_talk k = talk_begin(c, server, NULL);
    char data[64];
    size_t count = 9;
    CHECK_EQ(tls_link_receive(k.link, data, sizeof data, &count), OK);
    CHECK_EQ(count, 0);
    CHECK(!tls_link_wants_write(k.link));
    CHECK_EQ(tls_link_send(k.link, bytes_of("ping"), &count), OK);
    CHECK_EQ(count, 4);
    CHECK_EQ(SSL_read(k.server, data, sizeof data), 4);
    CHECK_EQ(SSL_write(k.server, "pong!", 5), 5);
    CHECK_EQ(tls_link_receive(k.link, data, 2, &count), OK);
    CHECK_BYTES(data, count, "po", 2);
    CHECK(tls_link_has_input(k.link));
    CHECK_EQ(tls_link_receive(k.link, data, sizeof data, &count), OK);
    CHECK_BYTES(data, count, "ng!", 3);
    CHECK(!tls_link_has_input(k.link));
    CHECK_STR(tls_link_version(k.link), "TLSv1.3");
    CHECK(strlen(tls_link_cipher(k.link)) > 5);
    /* The last words come, then the end. */
    CHECK_EQ(SSL_write(k.server, "bye", 3), 3);
    CHECK_EQ(SSL_shutdown(k.server), 0);
    CHECK_EQ(tls_link_receive(k.link, data, sizeof data, &count), OK);
    CHECK_EQ(count, 3);
    CHECK_EQ(tls_link_receive(k.link, data, sizeof data, &count), ERR_CLOSED);
    scene_end(&k);
    /* A connection that is only cut. */
    k = talk_begin(c, server, NULL);
    shutdown(k.fds[1], SHUT_RDWR);
    CHECK_EQ(tls_link_receive(k.link, data, sizeof data, &count), ERR_CLOSED);
    CHECK_EQ(tls_link_send(k.link, bytes_of("x"), &count), ERR_CLOSED);
    scene_end(&k);
    /* Our own end is told. */
    k = talk_begin(c, server, NULL);
    tls_link_end(k.link);
    tls_link_end(k.link);
    CHECK_EQ(SSL_read(k.server, data, sizeof data), 0);
    CHECK_EQ(SSL_get_shutdown(k.server) & SSL_RECEIVED_SHUTDOWN,
             SSL_RECEIVED_SHUTDOWN);
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    tls_pair_fini(&pair);
}

/* More than the sockets hold: what is held back must arrive as it was, whatever
 * becomes of the caller's memory. */
static void large(void)
{
    enum { SIZE = 3 * 1000 * 1000, PIECE = 50 * 1000 };
    struct tls_client_options o = trusting();
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    SSL_CTX *server = scene_server(&pair);
    struct tls_client_context *c = scene_client(&o);
    struct scene_talk k = talk_begin(c, server, NULL);
    size_t sent = 0, received = 0, waits = 0;
    bool right = true;
    static uint8_t piece[PIECE], got[PIECE];
    while (received < SIZE) {
        size_t size = SIZE - sent < PIECE ? SIZE - sent : PIECE;
        for (size_t i = 0; i < size; i++)
            piece[i] = (uint8_t)((sent + i) % 251);
        size_t count = 0;
        REQUIRE(tls_link_send(k.link, bytes_at(piece, size), &count) == OK);
        sent += count;
        memset(piece, 0xff, sizeof piece);
        if (tls_link_wants_write(k.link)) waits += 1;
        int n = SSL_read(k.server, got, sizeof got);
        for (int i = 0; i < n; i++) {
            right = right && got[i] == (uint8_t)((received + (size_t)i) % 251);
        }
        if (n > 0) received += (size_t)n;
    }
    CHECK(right);
    CHECK(waits > 0);
    CHECK_EQ(sent, SIZE);
    CHECK(!tls_link_wants_write(k.link));
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    tls_pair_fini(&pair);
}

static void resumption(int version)
{
    struct tls_client_options o = trusting();
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    SSL_CTX *server = scene_server(&pair);
    (void)SSL_CTX_set_max_proto_version(server, version);
    struct tls_client_context *c = scene_client(&o);
    struct tls_resume resume = {NULL};
    for (int i = 0; i < 4; i++) {
        struct scene_talk k = talk_begin(c, server, &resume);
        CHECK_EQ(tls_link_is_resumed(k.link), i > 0);
        char data[8];
        size_t count;
        CHECK_EQ(tls_link_send(k.link, bytes_of("x"), &count), OK);
        CHECK_EQ(SSL_read(k.server, data, sizeof data), 1);
        CHECK_EQ(SSL_write(k.server, "y", 1), 1);
        CHECK_EQ(tls_link_receive(k.link, data, sizeof data, &count), OK);
        CHECK_EQ(count, 1);
        tls_link_end(k.link);
        scene_end(&k);
    }
    tls_resume_clear(&resume);
    CHECK(resume.session == NULL);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    tls_pair_fini(&pair);
}

static void sessions_are_used_again(void)
{
    resumption(TLS1_3_VERSION);
    resumption(TLS1_2_VERSION);
}

/* A server that asks for a certificate: with 1.3 its refusal comes late. */
static void client_certificates(void)
{
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    struct tls_pair ours = scene_pair(TLS_FOR_CLIENT, "me", &scene_ca, -1, 5);
    scene_write(&ours, "me");
    for (int v13 = 0; v13 < 2; v13++) {
        for (int given = 0; given < 2; given++) {
            SSL_CTX *server = scene_server(&pair);
            (void)SSL_CTX_set_max_proto_version(
                server, v13 == 1 ? TLS1_3_VERSION : TLS1_2_VERSION);
            REQUIRE(SSL_CTX_load_verify_file(server, scene_path("ca.crt")) ==
                    1);
            SSL_CTX_set_verify(
                server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                NULL);
            struct tls_client_options o = trusting();
            if (given == 1) o.cert_file = scene_path("me.crt");
            if (given == 1) o.key_file = scene_path("me.key");
            struct tls_client_context *c = scene_client(&o);
            struct scene_talk k = scene_talk(c, server, "localhost", NULL);
            enum err e = scene_shake(&k);
            CHECK_EQ(e, given == 1 || v13 == 1 ? OK : ERR_IO);
            char data[8];
            size_t count;
            (void)SSL_do_handshake(k.server);
            if (e == OK) e = tls_link_receive(k.link, data, 8, &count);
            CHECK_EQ(e, given == 1 ? OK : ERR_IO);
            CHECK_EQ(tls_link_trouble(k.link)->kind,
                     given == 1 ? TLS_FINE : TLS_REFUSED);
            scene_end(&k);
            tls_client_context_free(c);
            SSL_CTX_free(server);
        }
    }
    tls_pair_fini(&pair);
    tls_pair_fini(&ours);
}

static unsigned psk_find(SSL *ssl, const char *identity, unsigned char *psk,
                         unsigned size)
{
    (void)ssl;
    if (strcmp(identity, "lamp") != 0 || size < 4) return 0;
    memcpy(psk, "\x01\x02\x03\x04", 4);
    return 4;
}

static enum err psk_outcome(const char *identity, const char *key, int version,
                            const struct tls_pair *pair)
{
    SSL_CTX *server = scene_server(pair);
    SSL_CTX_set_psk_server_callback(server, psk_find);
    (void)SSL_CTX_set_max_proto_version(server, version);
    struct tls_client_options o = {.psk = bytes_at(key, 4),
                                   .psk_identity = identity};
    struct tls_client_context *c = scene_client(&o);
    struct scene_talk k = scene_talk(c, server, "localhost", NULL);
    enum err e = scene_shake(&k);
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    return e;
}

static void keys_in_advance(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    for (int i = 0; i < 2; i++) {
        int v = versions[i];
        CHECK_EQ(psk_outcome("lamp", "\x01\x02\x03\x04", v, NULL), OK);
        CHECK_EQ(psk_outcome("lamp", "\x01\x02\x03\x05", v, NULL), ERR_IO);
        CHECK_EQ(psk_outcome("lump", "\x01\x02\x03\x04", v, NULL), ERR_IO);
        /* A server that shows a certificate instead has proven nothing. */
        CHECK_EQ(psk_outcome("lump", "\x01\x02\x03\x04", v, &pair), ERR_IO);
    }
    tls_pair_fini(&pair);
}

static int alpn_pick(SSL *ssl, const unsigned char **out, unsigned char *size,
                     const unsigned char *in, unsigned in_size, void *context)
{
    (void)ssl;
    (void)context;
    if (in_size != 5 || memcmp(in, "\4mqtt", 5) != 0) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = in + 1;
    *size = 4;
    return SSL_TLSEXT_ERR_OK;
}

static void alpn(void)
{
    struct tls_pair pair =
        scene_pair(TLS_FOR_SERVER, "localhost", &scene_ca, -1, 5);
    SSL_CTX *server = scene_server(&pair);
    SSL_CTX_set_alpn_select_cb(server, alpn_pick, NULL);
    struct tls_client_options o = trusting();
    o.alpn = "mqtt";
    struct tls_client_context *c = scene_client(&o);
    struct scene_talk k = talk_begin(c, server, NULL);
    struct bytes chosen = tls_link_alpn(k.link);
    CHECK_BYTES(chosen.data, chosen.size, "mqtt", 4);
    scene_end(&k);
    tls_client_context_free(c);
    o.alpn = "http";
    c = scene_client(&o);
    k = scene_talk(c, server, "localhost", NULL);
    CHECK_EQ(scene_shake(&k), ERR_IO);
    CHECK_EQ(tls_link_trouble(k.link)->kind, TLS_REFUSED);
    scene_end(&k);
    tls_client_context_free(c);
    SSL_CTX_free(server);
    tls_pair_fini(&pair);
}

int main(void)
{
    scene_set();
    RUN(certificates);
    RUN(addresses);
    RUN(wildcards);
    RUN(bad_certificates);
    RUN(words_name_what_is_wrong);
    RUN(no_tls);
    RUN(both_ways);
    RUN(large);
    RUN(sessions_are_used_again);
    RUN(client_certificates);
    RUN(keys_in_advance);
    RUN(alpn);
    scene_clear();
    return check_result();
}
