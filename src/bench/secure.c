/* secure.c - see secure.h. */
#include "bench/secure.h"

#include "tls/client_link.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

bool bench_secure_init(struct bench_run *run)
{
    const struct bench_options *o = run->options;
    struct tls_trouble trouble;
    if (!o->tls) return true;
    uint8_t psk[TLS_PSK_MAX];
    size_t psk_size = o->psk == NULL ? 0 : tls_psk_read(o->psk, psk);
    if (o->psk != NULL && psk_size == 0) {
        (void)fprintf(stderr,
                      "mogi bench: --psk takes a key in hexadecimal, "
                      "of at most %d bytes\n",
                      TLS_PSK_MAX);
        return false;
    }
    bool is_13 =
        o->tls_version != NULL && strcmp(o->tls_version, "tlsv1.3") == 0;
    struct tls_client_options wanted = {
        .ca_file = o->ca_file,
        .cert_file = o->cert_file,
        .key_file = o->key_file,
        .check = o->insecure ? TLS_CHECK_NOTHING : TLS_CHECK_ALL,
        .version_min = is_13 ? TLS_13 : TLS_12,
        .ciphers = o->ciphers,
        .alpn = o->alpn,
        .psk = bytes_at(psk, psk_size),
        .psk_identity = o->psk_identity,
    };
    if (tls_client_context_new(&wanted, &run->tls, &trouble) == OK) return true;
    (void)fprintf(stderr, "mogi bench: TLS: %s\n", trouble.text);
    return false;
}

void bench_secure_fini(struct bench_run *run)
{
    tls_client_context_free(run->tls);
    run->tls = NULL;
}

enum err bench_secure_begin(struct bench_conn *conn)
{
    const struct bench_run *run = conn->thread->run;
    if (run->tls == NULL) return OK;
    conn->link = tls_link_new(run->tls, conn->fd, run->options->host, NULL);
    if (conn->link == NULL) return ERR_NO_MEMORY;
    conn->shaking = true;
    return bench_secure_shake(conn);
}

enum err bench_secure_shake(struct bench_conn *conn)
{
    enum err e = tls_link_handshake(conn->link);
    if (e == OK) conn->shaking = false;
    return e;
}

/* What a failed send or recv means. */
static enum err plain_judge(void)
{
    return errno == EAGAIN || errno == EINTR ? OK : ERR_IO;
}

enum err bench_secure_send(struct bench_conn *conn, struct bytes b,
                           size_t *count)
{
    *count = 0;
    if (conn->link != NULL) return tls_link_send(conn->link, b, count);
    ssize_t n = send(conn->fd, b.data, b.size, MSG_NOSIGNAL);
    if (n < 0) return plain_judge();
    *count = (size_t)n;
    return OK;
}

enum err bench_secure_receive(struct bench_conn *conn, void *data, size_t size,
                              size_t *count)
{
    *count = 0;
    if (conn->link != NULL) {
        return tls_link_receive(conn->link, data, size, count);
    }
    ssize_t n = recv(conn->fd, data, size, 0);
    if (n < 0) return plain_judge();
    if (n == 0) return ERR_CLOSED;
    *count = (size_t)n;
    return OK;
}

bool bench_secure_holds(const struct bench_conn *conn)
{
    return conn->link != NULL && tls_link_wants_write(conn->link);
}

bool bench_secure_has_input(const struct bench_conn *conn)
{
    return conn->link != NULL && tls_link_has_input(conn->link);
}

const char *bench_secure_why(const struct bench_conn *conn, enum err e)
{
    if (e == ERR_CLOSED) return "the broker closed it";
    if (e != ERR_IO) return err_text(e);
    return conn->link == NULL ? strerror(errno)
                              : tls_link_trouble(conn->link)->text;
}

void bench_secure_end(struct bench_conn *conn)
{
    if (conn->link == NULL) return;
    tls_link_end(conn->link);
    tls_link_free(conn->link);
    conn->link = NULL;
}

void bench_secure_name(const struct bench_conn *conn, char *text, size_t size)
{
    text[0] = '\0';
    if (conn->link == NULL) return;
    (void)snprintf(text, size, "%s, %s", tls_link_version(conn->link),
                   tls_link_cipher(conn->link));
}
