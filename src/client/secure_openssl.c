/* secure_openssl.c - secure.h by src/tls. */
#include "client/secure.h"
#include "tls/client_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct secure {
    struct tls_client_context *context;
    struct tls_link *link; /* NULL before secure_begin */
    struct tls_resume *resume;
};

struct secure_memory {
    struct tls_resume resume;
};

static enum mogi_tls_trouble kind_of(enum tls_trouble_kind kind)
{
    switch (kind) {
    case TLS_FINE: return MOGI_TLS_FINE;
    case TLS_SETUP: return MOGI_TLS_SETUP;
    case TLS_NOT_SPOKEN: return MOGI_TLS_NOT_SPOKEN;
    case TLS_UNTRUSTED: return MOGI_TLS_UNTRUSTED;
    case TLS_EXPIRED: return MOGI_TLS_EXPIRED;
    case TLS_WRONG_HOST: return MOGI_TLS_WRONG_HOST;
    case TLS_REVOKED: return MOGI_TLS_REVOKED;
    case TLS_REFUSED: return MOGI_TLS_REFUSED;
    case TLS_BROKEN: break;
    }
    return MOGI_TLS_BROKEN;
}

static void trouble_give(struct secure_trouble *to, const struct tls_trouble *t)
{
    to->kind = kind_of(t->kind);
    (void)snprintf(to->text, to->size, "%s", t->text);
}

static enum mogi_error error_of(const struct secure *s, enum err e,
                                struct secure_trouble *t)
{
    switch (e) {
    case OK: return MOGI_OK;
    case ERR_CLOSED: return MOGI_ERROR_CLOSED;
    case ERR_NO_MEMORY: return MOGI_ERROR_MEMORY;
    default: trouble_give(t, tls_link_trouble(s->link)); return MOGI_ERROR_TLS;
    }
}

static struct tls_client_options options_of(const struct mogi_tls *tls)
{
    return (struct tls_client_options){
        .ca_file = tls->ca_file,
        .ca_folder = tls->ca_folder,
        .system_cas = tls->system_cas,
        .cert_file = tls->cert_file,
        .key_file = tls->key_file,
        .key_password = tls->key_password,
        .key_password_context = tls->key_password_context,
        .check = tls->check == MOGI_TLS_CHECK_NOTHING ? TLS_CHECK_NOTHING
                 : tls->check == MOGI_TLS_CHECK_CHAIN ? TLS_CHECK_CHAIN
                                                      : TLS_CHECK_ALL,
        .version_min = tls->version_min == MOGI_TLS_13 ? TLS_13 : TLS_12,
        .ciphers = tls->ciphers,
        .ciphersuites = tls->ciphersuites,
        .alpn = tls->alpn,
        .psk = bytes_at(tls->psk.data, tls->psk.size),
        .psk_identity = tls->psk_identity,
        .keylog_file = tls->keylog_file,
    };
}

struct secure *secure_new(const struct mogi_tls *tls,
                          struct secure_memory **memory,
                          struct secure_trouble *t)
{
    struct tls_trouble trouble = {.kind = TLS_FINE};
    struct tls_client_options options = options_of(tls);
    struct secure *s = calloc(1, sizeof *s);
    if (*memory == NULL) *memory = calloc(1, sizeof **memory);
    if (s != NULL && *memory != NULL &&
        tls_client_context_new(&options, &s->context, &trouble) == OK) {
        s->resume = &(*memory)->resume;
        return s;
    }
    trouble_give(t, &trouble);
    free(s);
    return NULL;
}

bool secure_begin(struct secure *s, int fd, const char *host)
{
    assert(s->link == NULL);
    s->link = tls_link_new(s->context, fd, host, s->resume);
    return s->link != NULL;
}

void secure_free(struct secure *s)
{
    if (s == NULL) return;
    tls_link_free(s->link);
    tls_client_context_free(s->context);
    free(s);
}

void secure_memory_free(struct secure_memory *m)
{
    if (m == NULL) return;
    tls_resume_clear(&m->resume);
    free(m);
}

enum mogi_error secure_handshake(struct secure *s, bool *done,
                                 struct secure_trouble *t)
{
    enum err e = tls_link_handshake(s->link);
    *done = e == OK;
    return e == ERR_MORE ? MOGI_OK : error_of(s, e, t);
}

enum mogi_error secure_send(struct secure *s, struct bytes b, size_t *count,
                            struct secure_trouble *t)
{
    return error_of(s, tls_link_send(s->link, b, count), t);
}

enum mogi_error secure_receive(struct secure *s, void *data, size_t size,
                               size_t *count, struct secure_trouble *t)
{
    return error_of(s, tls_link_receive(s->link, data, size, count), t);
}

bool secure_wants_write(const struct secure *s)
{
    return tls_link_wants_write(s->link);
}

bool secure_has_input(const struct secure *s)
{
    return tls_link_has_input(s->link);
}

void secure_end(struct secure *s)
{
    tls_link_end(s->link);
}

bool secure_is_resumed(const struct secure *s)
{
    return tls_link_is_resumed(s->link);
}
