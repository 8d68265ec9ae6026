#include "lab_client.h"
#include "tls/tunnel.h"

static struct lab_identity ca, host, me, expired;
static struct trouble_text trouble;
static uint8_t plain[256 * 1024];

static struct tls_server *server_made(const struct server_options *wanted)
{
    struct server_options options = *wanted;
    char path[LAB_PATH_MAX * 2];
    (void)snprintf(path, sizeof path, "%s",
                   lab_write("host", host.certificate, host.key, NULL));
    if (options.pair_count == 0 && options.psk_file == NULL) {
        options.pairs[0] = (struct server_pair){path, path};
        options.pair_count = 1;
    }
    struct tls_server *server = NULL;
    enum err err = server_new(&options, NULL, &server, &trouble);
    if (err != OK) fprintf(stderr, "it says: %s\n", trouble.text);
    REQUIRE(err == OK);
    return server;
}

/* Both ends of one connection. */
struct scene {
    struct lab_wire lab;
    struct tls_server *server;
    struct tunnel *tunnel;
    struct client client;
    enum err err; /* of the handshake */
};

static struct scene scene_open(struct tls_server *server, client_setup *setup,
                               SSL_SESSION *session, size_t step)
{
    struct scene scene = {.lab = lab_wire_new(), .server = server};
    scene.tunnel = tunnel_new(server);
    REQUIRE(scene.tunnel != NULL);
    scene.client = client_new(setup, session, NULL);
    scene.err = client_talk(&scene.client, scene.tunnel, &scene.lab.wire, step,
                            &trouble);
    return scene;
}

static void scene_close(struct scene *scene)
{
    tunnel_free(scene->tunnel);
    client_free(&scene->client);
    lab_wire_free(&scene->lab);
}

/* The client says `text`; the tunnel gets it in pieces of `step` bytes. */
static size_t say(struct scene *scene, const void *text, size_t size,
                  size_t step)
{
    static uint8_t room[300 * 1024];
    static uint8_t part[256 * 1024];
    CHECK_EQ(SSL_write(scene->client.ssl, text, (int)size), size);
    struct bytes bytes = client_out(&scene->client, room, sizeof room);
    size_t total = 0;
    while (bytes.size > 0) {
        size_t count = step > 0 && step < bytes.size ? step : bytes.size, got;
        scene->lab.wire.in = bytes_at(bytes.data, count);
        bytes = bytes_skip(bytes, count);
        CHECK_EQ(tunnel_read(scene->tunnel, &scene->lab.wire, part, sizeof part,
                             &got, &trouble),
                 OK);
        CHECK_EQ(scene->lab.wire.in.size, 0);
        memcpy(plain + total, part, got);
        total += got;
    }
    return total;
}

/* What the tunnel has put on the wire, as the client reads it. */
static size_t hear(struct scene *scene, void *to, size_t size)
{
    client_in(&scene->client, buffer_bytes(&scene->lab.wire.out));
    scene->lab.wire.out.size = 0;
    size_t total = 0;
    int got;
    while ((got = SSL_read(scene->client.ssl, (char *)to + total,
                           (int)(size - total))) > 0) {
        total += (size_t)got;
    }
    ERR_clear_error();
    return total;
}

static void both_ways(void)
{
    static uint8_t big[100000];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)(i * 7);
    struct tls_server *server = server_made(&(struct server_options){0});
    for (size_t step = 0; step < 3; step++) {
        struct scene scene = scene_open(server, NULL, NULL, step);
        CHECK_EQ(scene.err, OK);
        CHECK_STR(tunnel_identity(scene.tunnel), "");
        CHECK_EQ(say(&scene, "hello", 5, step), 5);
        CHECK_BYTES(plain, 5, "hello", 5);
        CHECK_EQ(say(&scene, big, sizeof big, step * 1000), sizeof big);
        CHECK_BYTES(plain, sizeof big, big, sizeof big);
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(tunnel_write(scene.tunnel, &scene.lab.wire,
                                  bytes_at(big, TUNNEL_RECORD_MAX)),
                     OK);
        }
        CHECK(scene.lab.wire.out.size <=
              3 * (TUNNEL_RECORD_MAX + TUNNEL_EXTRA_MAX));
        CHECK_EQ(hear(&scene, plain, sizeof plain), 3 * TUNNEL_RECORD_MAX);
        CHECK_BYTES(plain + TUNNEL_RECORD_MAX, TUNNEL_RECORD_MAX, big,
                    TUNNEL_RECORD_MAX);
        char text[TUNNEL_TEXT_MAX];
        tunnel_describe(scene.tunnel, text);
        CHECK_STR(text, "TLSv1.3 TLS_AES_256_GCM_SHA384");
        scene_close(&scene);
    }
    server_unref(server);
}

static void ends(void)
{
    struct tls_server *server = server_made(&(struct server_options){0});
    struct scene scene = scene_open(server, NULL, NULL, 0);
    uint8_t room[1024];
    size_t got;
    /* Bytes, and behind them the end. */
    CHECK_EQ(SSL_write(scene.client.ssl, "bye", 3), 3);
    (void)SSL_shutdown(scene.client.ssl);
    scene.lab.wire.in = client_out(&scene.client, room, sizeof room);
    CHECK_EQ(tunnel_read(scene.tunnel, &scene.lab.wire, plain, sizeof plain,
                         &got, &trouble),
             ERR_CLOSED);
    CHECK_BYTES(plain, got, "bye", 3);
    /* The other way is still open, then is closed too. */
    CHECK_EQ(tunnel_write(scene.tunnel, &scene.lab.wire, bytes_at("x", 1)), OK);
    tunnel_close(scene.tunnel, &scene.lab.wire);
    client_in(&scene.client, buffer_bytes(&scene.lab.wire.out));
    CHECK_EQ(SSL_read(scene.client.ssl, room, 1), 1);
    CHECK_EQ(SSL_read(scene.client.ssl, room, 1), 0);
    CHECK_EQ(SSL_get_error(scene.client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    scene_close(&scene);
    server_unref(server);
}

static void garbage_ends_it(void)
{
    struct tls_server *server = server_made(&(struct server_options){0});
    struct scene scene = scene_open(server, NULL, NULL, 0);
    size_t got;
    scene.lab.wire.out.size = 0;
    scene.lab.wire.in = bytes_at("\x17\x03\x03\x00\x20"
                                 "0123456789abcdef0123456789abcdef",
                                 37);
    CHECK_EQ(tunnel_read(scene.tunnel, &scene.lab.wire, plain, sizeof plain,
                         &got, &trouble),
             ERR_PROTOCOL);
    CHECK_EQ(got, 0);
    CHECK(scene.lab.wire.out.size > 0); /* the alert */
    CHECK_EQ(ERR_peek_error(), 0);
    tunnel_close(scene.tunnel, &scene.lab.wire);
    scene.lab.wire.in = bytes_at("more", 4);
    CHECK_EQ(tunnel_read(scene.tunnel, &scene.lab.wire, plain, sizeof plain,
                         &got, &trouble),
             ERR_CLOSED);
    scene_close(&scene);

    scene = (struct scene){.lab = lab_wire_new()};
    scene.tunnel = tunnel_new(server);
    scene.lab.wire.in = bytes_at("\x16\x03\x01\x00\x05hello", 10);
    CHECK_EQ(tunnel_greet(scene.tunnel, &scene.lab.wire, &trouble),
             ERR_PROTOCOL);
    CHECK_EQ(ERR_peek_error(), 0);
    tunnel_close(scene.tunnel, &scene.lab.wire);
    tunnel_free(scene.tunnel);
    lab_wire_free(&scene.lab);
    tunnel_free(NULL);
    server_unref(server);
}

static void as_me(SSL_CTX *context)
{
    REQUIRE(SSL_CTX_use_certificate(context, me.certificate) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context, me.key) == 1);
}

static void as_me_of_old(SSL_CTX *context)
{
    as_me(context);
    (void)SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
}

static void as_expired(SSL_CTX *context)
{
    REQUIRE(SSL_CTX_use_certificate(context, expired.certificate) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context, expired.key) == 1);
}

static void meets(const struct server_options *options, client_setup *setup,
                  enum err err, const char *words)
{
    struct tls_server *server = server_made(options);
    struct scene scene = scene_open(server, setup, NULL, 0);
    CHECK_EQ(scene.err, err);
    if (err == OK) {
        CHECK_STR(tunnel_identity(scene.tunnel), words);
    } else {
        CHECK_STR(trouble.text, words);
    }
    scene_close(&scene);
    server_unref(server);
}

static void certificates_name_clients(void)
{
    struct server_options options = {
        .cafile = lab_write("ca", ca.certificate, NULL, NULL),
        .require_certificate = true};
    meets(&options, as_me, OK, "");
    options.identity = IDENTITY_CN;
    meets(&options, as_me, OK, "me");
    meets(&options, as_me_of_old, OK, "me");
    options.identity = IDENTITY_SUBJECT;
    meets(&options, as_me, OK, "CN=me,O=Lab");
    options.identity = IDENTITY_SAN_EMAIL;
    meets(&options, as_me, OK, "me@example.org");
    options.identity = IDENTITY_SAN_URI;
    meets(&options, as_me, ERR_CREDENTIALS,
          "its certificate has no alternative name of kind URI");
    meets(&options, NULL, ERR_PROTOCOL,
          "the peer shows no certificate, and must");
    options.require_certificate = false;
    meets(&options, as_me, ERR_CREDENTIALS,
          "the peer shows no certificate that could say who it is");
}

static void dates_and_cas(void)
{
    struct server_options options = {
        .cafile = lab_write("ca", ca.certificate, NULL, NULL),
        .require_certificate = true,
        .identity = IDENTITY_CN};
    meets(&options, as_expired, ERR_PROTOCOL,
          "the peer's certificate is refused: it has expired");
    options.ignore_dates = true;
    meets(&options, as_expired, OK, "expired");
    options.cafile = lab_write("ca2", host.certificate, NULL, NULL);
    meets(&options, as_me, ERR_PROTOCOL,
          "the peer's certificate is refused: its CA is unknown");
    meets(&options, as_expired, ERR_PROTOCOL,
          "the peer's certificate is refused: its CA is unknown");
}

/* How long a handshake takes here, in whole seconds and one more: valgrind and
 * a busy machine take their time. */
static int handshake_s(struct tls_server *server)
{
    time_t began = time(NULL);
    struct scene scene = scene_open(server, as_me, NULL, 0);
    CHECK_EQ(scene.err, OK);
    scene_close(&scene);
    return (int)(time(NULL) - began) + 1;
}

/* A certificate ends while its session could still be resumed. */
static void resumed_sessions_end_with_the_certificate(void)
{
    struct server_options options = {
        .cafile = lab_write("ca", ca.certificate, NULL, NULL),
        .require_certificate = true,
        .identity = IDENTITY_CN};
    struct tls_server *server = server_made(&options);
    int last_s = 5 * handshake_s(server) - 3;
    struct lab_identity brief = lab_make(&(struct lab_wish){
        .cn = "brief", .issuer = &ca, .from_s = -5, .to_s = last_s});
    struct lab_identity mine = me;
    me = brief;
    struct scene scene = scene_open(server, as_me, NULL, 0);
    CHECK_EQ(scene.err, OK);
    (void)hear(&scene, plain, sizeof plain);
    SSL_SESSION *session = SSL_get1_session(scene.client.ssl);
    scene_close(&scene);
    scene = scene_open(server, as_me, session, 0);
    CHECK_EQ(scene.err, OK);
    CHECK_EQ(SSL_session_reused(scene.client.ssl), 1);
    CHECK_STR(tunnel_identity(scene.tunnel), "brief");
    scene_close(&scene);
    while (X509_cmp_current_time(X509_get0_notAfter(brief.certificate)) > 0)
        usleep(50 * 1000);
    scene = scene_open(server, as_me, session, 0);
    CHECK_EQ(scene.err, ERR_CREDENTIALS);
    CHECK_STR(trouble.text,
              "the peer's certificate is refused: it has expired");
    scene_close(&scene);
    SSL_SESSION_free(session);
    server_unref(server);
    me = mine;
    lab_free(&brief);
}

static const char *psk_identity, *psk_key;

static unsigned on_psk(SSL *ssl, const char *hint, char *identity,
                       unsigned identity_max, unsigned char *key,
                       unsigned key_max)
{
    (void)ssl;
    (void)hint;
    (void)snprintf(identity, identity_max, "%s", psk_identity);
    size_t size = strlen(psk_key);
    REQUIRE(size <= key_max);
    memcpy(key, psk_key, size);
    return (unsigned)size;
}

static void by_key(SSL_CTX *context)
{
    SSL_CTX_set_psk_client_callback(context, on_psk);
}

static void by_key_of_old(SSL_CTX *context)
{
    by_key(context);
    (void)SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    (void)SSL_CTX_set_cipher_list(context, "PSK");
}

/* A suite whose hash is not the one that a key without a session is for. */
static void by_key_of_another_hash(SSL_CTX *context)
{
    by_key(context);
    REQUIRE(SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384") == 1);
}

static void keys_name_clients(void)
{
    struct server_options options = {.psk_hint = "hint",
                                     .psk_file =
                                         lab_write_text("psk", "bob:626f62\n"),
                                     .identity = IDENTITY_CN};
    client_setup *const ways[] = {by_key, by_key_of_old};
    for (size_t i = 0; i < 2; i++) {
        psk_identity = "bob";
        psk_key = "bob";
        options.identity = IDENTITY_CN;
        meets(&options, ways[i], OK, "bob");
        options.identity = IDENTITY_NONE;
        meets(&options, ways[i], OK, "");
        struct tls_server *server = server_made(&options);
        psk_key = "eve";
        struct scene scene = scene_open(server, ways[i], NULL, 0);
        CHECK(scene.err != OK);
        scene_close(&scene);
        psk_identity = "eve";
        scene = scene_open(server, ways[i], NULL, 0);
        CHECK(scene.err != OK);
        CHECK(strstr(trouble.text, "no PSK identity") != NULL);
        scene_close(&scene);
        server_unref(server);
    }
}

/* Whoever says that it is bob, and then takes another way in, is not bob. */
static void a_claim_is_no_proof(void)
{
    char path[LAB_PATH_MAX * 2];
    (void)snprintf(path, sizeof path, "%s",
                   lab_write("host", host.certificate, host.key, NULL));
    struct server_options options = {.pairs = {{path, path}},
                                     .pair_count = 1,
                                     .psk_hint = "hint",
                                     .psk_file =
                                         lab_write_text("psk", "bob:626f62\n"),
                                     .identity = IDENTITY_CN};
    psk_identity = "bob";
    psk_key = "eve";
    struct tls_server *server = server_made(&options);
    struct scene scene = scene_open(server, by_key_of_another_hash, NULL, 0);
    CHECK(scene.err != OK);
    CHECK_STR(tunnel_identity(scene.tunnel), "");
    scene_close(&scene);
    server_unref(server);
}

/* An identity whose key is gone cannot come back by a ticket. */
static void keys_leave_no_tickets(void)
{
    struct server_options options = {
        .psk_hint = "hint", .psk_file = lab_write_text("psk", "bob:626f62\n")};
    client_setup *const ways[] = {by_key, by_key_of_old};
    for (size_t i = 0; i < 2; i++) {
        psk_identity = "bob";
        psk_key = "bob";
        struct tls_server *server = server_made(&options);
        struct scene scene = scene_open(server, ways[i], NULL, 0);
        CHECK_EQ(scene.err, OK);
        (void)hear(&scene, plain, sizeof plain);
        SSL_SESSION *session = SSL_get1_session(scene.client.ssl);
        CHECK_EQ(SSL_SESSION_has_ticket(session), 0);
        scene_close(&scene);
        SSL_SESSION_free(session);
        server_unref(server);
    }
}

int main(void)
{
    ca = lab_make(&(struct lab_wish){.cn = "CA", .is_ca = true});
    host = lab_make(&(struct lab_wish){.cn = "localhost", .issuer = &ca});
    me = lab_make(&(struct lab_wish){
        .cn = "me", .names = "email:me@example.org", .issuer = &ca});
    expired = lab_make(&(struct lab_wish){
        .cn = "expired", .issuer = &ca, .from_s = -100, .to_s = -10});
    RUN(both_ways);
    RUN(ends);
    RUN(garbage_ends_it);
    RUN(certificates_name_clients);
    RUN(dates_and_cas);
    RUN(resumed_sessions_end_with_the_certificate);
    RUN(keys_name_clients);
    RUN(a_claim_is_no_proof);
    RUN(keys_leave_no_tickets);
    lab_free(&ca);
    lab_free(&host);
    lab_free(&me);
    lab_free(&expired);
    lab_clear();
    return check_result();
}
