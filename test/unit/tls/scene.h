/* scene.h - a server to talk TLS with, in the same thread, over a pair of
 * sockets; and certificates made for it. */
#ifndef MOGI_TEST_TLS_SCENE_H
#define MOGI_TEST_TLS_SCENE_H

#include "check.h"
#include "tls/client_link.h"
#include "tls/pemfile.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum { SCENE_ROUNDS = 100, SCENE_DAY_S = 86400 };

static char scene_folder[] = "/tmp/mogi-tls-XXXXXX";
static struct tls_pair scene_ca;

/* A path in the test's own folder; four are good at once. */
CHECK_UNUSED static const char *scene_path(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", scene_folder, name);
    return path;
}

/* A pair for `host`, signed by `ca` (NULL: by itself), good for `days`. */
CHECK_UNUSED static struct tls_pair scene_pair(enum tls_purpose purpose,
                                               const char *host,
                                               const struct tls_pair *ca,
                                               int from_days, int until_days)
{
    struct tls_pair pair;
    struct tls_trouble t;
    int64_t now_s = (int64_t)time(NULL);
    struct tls_request r = {.purpose = purpose,
                            .name = host,
                            .hosts = &host,
                            .host_count = purpose == TLS_FOR_SERVER ? 1 : 0,
                            .from_s = now_s + from_days * SCENE_DAY_S,
                            .until_s = now_s + until_days * SCENE_DAY_S};
    REQUIRE(tls_issue(&r, ca, &pair, &t) == OK);
    return pair;
}

/* Write a pair as NAME.crt and NAME.key. */
CHECK_UNUSED static void scene_write(const struct tls_pair *p, const char *name)
{
    struct tls_trouble t;
    char file[64];
    (void)snprintf(file, sizeof file, "%s.crt", name);
    REQUIRE(tls_pem_write(scene_path(file), p, TLS_PEM_CERT, true, &t) == OK);
    (void)snprintf(file, sizeof file, "%s.key", name);
    REQUIRE(tls_pem_write(scene_path(file), p, TLS_PEM_KEY, true, &t) == OK);
}

/* A folder with ca.crt, ca.key in it. */
CHECK_UNUSED static void scene_set(void)
{
    REQUIRE(mkdtemp(scene_folder) != NULL);
    scene_ca = scene_pair(TLS_FOR_CA, "scene ca", NULL, -1, 10);
    scene_write(&scene_ca, "ca");
}

CHECK_UNUSED static void scene_clear(void)
{
    char command[128];
    tls_pair_fini(&scene_ca);
    (void)snprintf(command, sizeof command, "rm -rf %s", scene_folder);
    CHECK_EQ(system(command), 0);
}

/* A server's side with this pair (NULL: none). */
CHECK_UNUSED static SSL_CTX *scene_server(const struct tls_pair *p)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    REQUIRE(ctx != NULL);
    if (p == NULL) return ctx;
    REQUIRE(SSL_CTX_use_certificate(ctx, p->cert) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(ctx, p->key) == 1);
    (void)SSL_CTX_set_session_id_context(ctx, (const uint8_t *)"x", 1);
    return ctx;
}

/* A connection: our link, and the server's SSL at the other end. */
struct scene_talk {
    int fds[2];
    struct tls_link *link;
    SSL *server;
};

CHECK_UNUSED static struct scene_talk scene_talk(struct tls_client_context *c,
                                                 SSL_CTX *server,
                                                 const char *host,
                                                 struct tls_resume *resume)
{
    struct scene_talk k;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, k.fds) == 0);
    k.link = tls_link_new(c, k.fds[0], host, resume);
    REQUIRE(k.link != NULL);
    k.server = SSL_new(server);
    REQUIRE(k.server != NULL && SSL_set_fd(k.server, k.fds[1]) == 1);
    SSL_set_accept_state(k.server);
    return k;
}

/* Both sides shake hands until ours is done or has failed. */
CHECK_UNUSED static enum err scene_shake(struct scene_talk *k)
{
    enum err e = ERR_MORE;
    for (int i = 0; i < SCENE_ROUNDS && e == ERR_MORE; i++) {
        e = tls_link_handshake(k->link);
        (void)SSL_do_handshake(k->server);
    }
    return e;
}

CHECK_UNUSED static void scene_end(struct scene_talk *k)
{
    tls_link_free(k->link);
    SSL_free(k->server);
    close(k->fds[0]);
    close(k->fds[1]);
}

/* A client that trusts the scene's CA. */
CHECK_UNUSED static struct tls_client_context *scene_client(
    const struct tls_client_options *options)
{
    struct tls_client_context *c;
    struct tls_trouble t;
    enum err e = tls_client_context_new(options, &c, &t);
    if (e != OK) fprintf(stderr, "%s\n", t.text);
    REQUIRE(e == OK);
    return c;
}

#endif
