#include "lab_client.h"
#include "tls/server.h"
#include "tls/tunnel.h"

static struct lab_identity ca, host, other;
static struct trouble_text trouble;

static struct server_options options_for(const struct lab_identity *identity,
                                         const char *name)
{
    static char paths[4][LAB_PATH_MAX * 2];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s",
                   lab_write(name, identity->certificate, identity->key, NULL));
    return (struct server_options){.pairs = {{path, path}}, .pair_count = 1};
}

static struct tls_server *server_made(const struct server_options *options,
                                      const struct tls_server *before)
{
    struct tls_server *server = NULL;
    enum err err = server_new(options, before, &server, &trouble);
    if (err != OK) fprintf(stderr, "it says: %s\n", trouble.text);
    REQUIRE(err == OK);
    CHECK_EQ(ERR_peek_error(), 0);
    return server;
}

/* Shake hands with `server`: what came of it. The client is the caller's. */
static enum err meet(struct tls_server *server, struct client *client)
{
    struct lab_wire lab = lab_wire_new();
    struct tunnel *tunnel = tunnel_new(server);
    REQUIRE(tunnel != NULL);
    enum err err = client_talk(client, tunnel, &lab.wire, 0, &trouble);
    /* Tickets come behind the handshake. */
    char byte;
    (void)SSL_read(client->ssl, &byte, 1);
    tunnel_free(tunnel);
    lab_wire_free(&lab);
    return err;
}

static void fails(const struct server_options *options, const char *words)
{
    struct tls_server *server;
    CHECK_EQ(server_new(options, NULL, &server, &trouble), ERR_CONFIG);
    CHECK_EQ(ERR_peek_error(), 0);
    if (strstr(trouble.text, words) != NULL) return;
    fprintf(stderr, "it says: %s\n", trouble.text);
    CHECK(strstr(trouble.text, words) != NULL);
}

static void mistakes(void)
{
    struct server_options none = {.pair_count = 0};
    fails(&none, "\"certfile\"");
    struct server_options options = options_for(&host, "host");
    options.require_certificate = true;
    fails(&options, "takes a \"cafile\"");
    options.require_certificate = false;
    options.version = "tlsv1.1";
    fails(&options, "RFC 8996");
    options.version = NULL;
    options.ciphers = "NONE";
    fails(&options, "names no cipher");
    options.ciphers = NULL;
    options.dhparamfile = lab_write_text("text", "hello\n");
    fails(&options, "dhparamfile");
    options.dhparamfile = NULL;
    options.psk_file = "/nowhere/psk";
    fails(&options, "psk_file");
    options.psk_file = NULL;
    options.pairs[1] =
        (struct server_pair){options.pairs[0].certfile, lab_path("none")};
    options.pair_count = 2;
    fails(&options, "cannot read the keyfile");
}

static void references(void)
{
    struct server_options options = options_for(&host, "host");
    options.identity = IDENTITY_SUBJECT;
    options.ignore_dates = true;
    struct tls_server *server = server_made(&options, NULL);
    CHECK(server_ref(server) == server);
    server_unref(server);
    CHECK_EQ(server_identity(server), IDENTITY_SUBJECT);
    CHECK(server_ignores_dates(server));
    server_unref(server);
    server_unref(NULL);
}

static void about_certificates(void)
{
    struct server_options options = options_for(&host, "host");
    struct tls_server *server = server_made(&options, NULL);
    struct server_certificate about;
    CHECK(server_certificate(server, 0, &about));
    CHECK_STR(about.name, "CN=localhost,O=Lab");
    CHECK(about.days == 364 || about.days == 365);
    CHECK(!about.pending);
    CHECK_EQ(strlen(about.until), 20);
    CHECK(!server_certificate(server, 1, &about));
    server_unref(server);

    struct lab_identity old =
        lab_make(&(struct lab_wish){.cn = "old", .from_s = -10, .to_s = -5});
    options = options_for(&old, "old");
    server = server_made(&options, NULL);
    CHECK(server_certificate(server, 0, &about));
    CHECK_EQ(about.days, -1);
    server_unref(server);
    lab_free(&old);

    struct lab_identity young =
        lab_make(&(struct lab_wish){.cn = "new", .from_s = 3600, .to_s = 7200});
    options = options_for(&young, "new");
    server = server_made(&options, NULL);
    CHECK(server_certificate(server, 0, &about));
    CHECK_EQ(about.days, 0);
    CHECK(about.pending);
    server_unref(server);
    lab_free(&young);
}

/* The common name of the certificate that a client sees. */
static void sees(struct tls_server *server, const char *name, const char *cn,
                 client_setup *setup)
{
    struct client client = client_new(setup, NULL, name);
    CHECK_EQ(meet(server, &client), OK);
    char text[IDENTITY_TEXT_MAX] = "";
    X509 *certificate = SSL_get1_peer_certificate(client.ssl);
    if (CHECK(certificate != NULL)) {
        CHECK_EQ(identity_of(certificate, IDENTITY_CN, text, &trouble), OK);
    }
    X509_free(certificate);
    CHECK_STR(text, cn);
    client_free(&client);
}

static void old_clients(SSL_CTX *context)
{
    (void)SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
}

static void clients_with_rsa(SSL_CTX *context)
{
    old_clients(context);
    (void)SSL_CTX_set_cipher_list(context, "ECDHE-RSA-AES128-GCM-SHA256");
}

static void names_choose_certificates(void)
{
    struct server_options options = options_for(&host, "host");
    struct server_options second = options_for(&other, "other");
    options.pairs[1] = second.pairs[0];
    options.pair_count = 2;
    struct tls_server *server = server_made(&options, NULL);
    sees(server, NULL, "localhost", NULL);
    sees(server, "localhost", "localhost", NULL);
    sees(server, "other.example", "other", NULL);
    sees(server, "OTHER.example", "other", NULL);
    sees(server, "x.wild.example", "other", NULL);
    sees(server, "wild.example", "localhost", NULL);
    sees(server, "unknown.example", "localhost", NULL);
    sees(server, "other.example", "other", old_clients);
    server_unref(server);
}

/* Two keys for the same names: the client's ciphers choose. */
static void kinds_of_keys_stand_together(void)
{
    struct lab_identity rsa = lab_make(&(struct lab_wish){
        .cn = "rsa", .names = "DNS:localhost", .rsa_bits = 2048});
    struct server_options options = options_for(&host, "host");
    struct server_options second = options_for(&rsa, "rsa");
    options.pairs[1] = second.pairs[0];
    options.pair_count = 2;
    struct tls_server *server = server_made(&options, NULL);
    sees(server, "localhost", "localhost", NULL);
    sees(server, "localhost", "rsa", clients_with_rsa);
    struct server_certificate about;
    CHECK(server_certificate(server, 1, &about));
    CHECK_STR(about.name, "CN=rsa,O=Lab");
    server_unref(server);
    lab_free(&rsa);
}

static void protocol_is(struct tls_server *server, const char *list,
                        const char *chosen)
{
    struct client client = client_new(NULL, NULL, NULL);
    REQUIRE(SSL_set_alpn_protos(client.ssl, (const unsigned char *)list,
                                (unsigned)strlen(list)) == 0);
    CHECK_EQ(meet(server, &client), chosen != NULL ? OK : ERR_PROTOCOL);
    const unsigned char *data;
    unsigned size;
    SSL_get0_alpn_selected(client.ssl, &data, &size);
    if (chosen == NULL) {
        CHECK(strstr(trouble.text, "another protocol") != NULL);
    } else {
        CHECK_BYTES(data, size, chosen, strlen(chosen));
    }
    client_free(&client);
}

static void protocols(void)
{
    struct server_options options = options_for(&host, "host");
    struct tls_server *server = server_made(&options, NULL);
    protocol_is(server, "\x04mqtt", "mqtt");
    protocol_is(server, "\x02h2\x04mqtt", "mqtt");
    protocol_is(server, "\x0ex-amzn-mqtt-ca", "x-amzn-mqtt-ca");
    protocol_is(server, "\x02h2\x08http/1.1", NULL);
    server_unref(server);
}

/* Meet `first`, then `second` with the session that came of it: was it
 * resumed? */
static bool resumes(struct tls_server *first, struct tls_server *second,
                    client_setup *setup)
{
    struct client client = client_new(setup, NULL, NULL);
    CHECK_EQ(meet(first, &client), OK);
    SSL_SESSION *session = SSL_get1_session(client.ssl);
    client_free(&client);
    client = client_new(setup, session, NULL);
    CHECK_EQ(meet(second, &client), OK);
    bool reused = SSL_session_reused(client.ssl) == 1;
    SSL_SESSION_free(session);
    client_free(&client);
    return reused;
}

static void without_tickets(SSL_CTX *context)
{
    old_clients(context);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

static void sessions_are_resumed(void)
{
    struct server_options options = options_for(&host, "host");
    struct tls_server *server = server_made(&options, NULL);
    CHECK(resumes(server, server, NULL));
    CHECK(resumes(server, server, old_clients));
    CHECK(resumes(server, server, without_tickets));
    /* Another one knows nothing of it; one that follows does. */
    struct tls_server *stranger = server_made(&options, NULL);
    struct tls_server *next = server_made(&options, server);
    CHECK(!resumes(server, stranger, NULL));
    CHECK(resumes(server, next, NULL));
    CHECK(resumes(server, next, old_clients));
    server_unref(stranger);
    server_unref(next);
    server_unref(server);
}

static void clients_with_certificate(SSL_CTX *context)
{
    REQUIRE(SSL_CTX_use_certificate(context, other.certificate) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context, other.key) == 1);
}

/* A session must not outlive the rule that let it in. */
static void new_rules_end_sessions(void)
{
    struct server_options options = options_for(&host, "host");
    options.require_certificate = true;
    options.cafile = lab_write("ca", ca.certificate, NULL, NULL);
    struct tls_server *server = server_made(&options, NULL);
    struct tls_server *same = server_made(&options, server);
    CHECK(resumes(server, same, clients_with_certificate));
    server_unref(same);

    options.crlfile = lab_write_crl("crl", &ca, NULL);
    struct tls_server *listed = server_made(&options, server);
    CHECK(!resumes(server, listed, clients_with_certificate));
    (void)lab_write_crl("crl", &ca, other.certificate);
    struct tls_server *revoking = server_made(&options, listed);
    struct client client = client_new(clients_with_certificate, NULL, NULL);
    CHECK_EQ(meet(listed, &client), OK);
    SSL_SESSION *session = SSL_get1_session(client.ssl);
    client_free(&client);
    client = client_new(clients_with_certificate, session, NULL);
    CHECK_EQ(meet(revoking, &client), ERR_PROTOCOL);
    CHECK_STR(trouble.text,
              "the peer's certificate is refused: it was revoked");
    client_free(&client);
    SSL_SESSION_free(session);
    server_unref(revoking);
    server_unref(listed);
    server_unref(server);
}

static void versions(void)
{
    struct server_options options = options_for(&host, "host");
    options.version = "tlsv1.3";
    struct tls_server *server = server_made(&options, NULL);
    struct client client = client_new(old_clients, NULL, NULL);
    CHECK_EQ(meet(server, &client), ERR_PROTOCOL);
    CHECK(strstr(trouble.text, "version of TLS") != NULL);
    client_free(&client);
    sees(server, NULL, "localhost", NULL);
    server_unref(server);
}

static void a_group_of_ones_own(void)
{
    BIO *file = BIO_new_file(lab_path("dh"), "w");
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    EVP_PKEY *group = NULL;
    REQUIRE(EVP_PKEY_paramgen_init(context) == 1);
    REQUIRE(EVP_PKEY_CTX_set_group_name(context, "ffdhe2048") == 1);
    REQUIRE(EVP_PKEY_paramgen(context, &group) == 1);
    REQUIRE(PEM_write_bio_Parameters(file, group) == 1);
    BIO_free(file);
    EVP_PKEY_free(group);
    EVP_PKEY_CTX_free(context);
    struct server_options options = options_for(&host, "host");
    options.dhparamfile = lab_path("dh");
    server_unref(server_made(&options, NULL));
}

int main(void)
{
    ca = lab_make(&(struct lab_wish){.cn = "CA", .is_ca = true});
    host = lab_make(&(struct lab_wish){
        .cn = "localhost", .names = "DNS:localhost", .issuer = &ca});
    other = lab_make(
        &(struct lab_wish){.cn = "other",
                           .names = "DNS:other.example,DNS:*.wild.example",
                           .issuer = &ca});
    RUN(mistakes);
    RUN(references);
    RUN(about_certificates);
    RUN(names_choose_certificates);
    RUN(kinds_of_keys_stand_together);
    RUN(protocols);
    RUN(sessions_are_resumed);
    RUN(new_rules_end_sessions);
    RUN(versions);
    RUN(a_group_of_ones_own);
    lab_free(&ca);
    lab_free(&host);
    lab_free(&other);
    lab_clear();
    return check_result();
}
