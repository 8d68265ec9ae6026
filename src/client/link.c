/* link.c - see link.h. */
#include "client/link.h"

#include "client/clock.h"

#include <errno.h>
#include <stdio.h>

void link_init(struct link *l, char *text, size_t size)
{
    *l = (struct link){.fd = -1, .trouble = {.text = text, .size = size}};
}

void link_fini(struct link *l)
{
    link_close(l);
    secure_memory_free(l->memory);
    l->memory = NULL;
}

/* Wait until both sides agree. */
static enum mogi_error handshake_wait(struct link *l, uint32_t timeout_ms)
{
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    for (;;) {
        bool done;
        enum mogi_error e = secure_handshake(l->secure, &done, &l->trouble);
        if (e != MOGI_OK || done) return e;
        uint64_t now_ms = clock_now_ms();
        if (now_ms >= end_ms) {
            l->trouble.kind = MOGI_TLS_NOT_SPOKEN;
            (void)snprintf(l->trouble.text, l->trouble.size,
                           "the server does not answer in TLS");
            return MOGI_ERROR_TIMEOUT;
        }
        (void)channel_wait(l->fd, true, secure_wants_write(l->secure),
                           (int)(end_ms - now_ms));
    }
}

static enum mogi_error memory_lacks(struct link *l)
{
    (void)snprintf(l->trouble.text, l->trouble.size, "%s",
                   mogi_error_text(MOGI_ERROR_MEMORY));
    return MOGI_ERROR_MEMORY;
}

static enum mogi_error secure_open(struct link *l,
                                   const struct channel_target *target,
                                   const struct mogi_tls *tls)
{
    l->secure = secure_new(tls, &l->memory, &l->trouble);
    if (l->secure == NULL) {
        return l->trouble.kind == MOGI_TLS_FINE ? memory_lacks(l)
                                                : MOGI_ERROR_TLS;
    }
    enum mogi_error e =
        channel_open(target, &l->fd, l->trouble.text, l->trouble.size);
    if (e != MOGI_OK) return e;
    bool named = tls->host_name != NULL && tls->host_name[0] != '\0';
    const char *host = named ? tls->host_name : target->host;
    if (!secure_begin(l->secure, l->fd, host)) return memory_lacks(l);
    return handshake_wait(l, target->timeout_ms);
}

enum mogi_error link_open(struct link *l, const struct channel_target *target,
                          const struct mogi_tls *tls)
{
    l->trouble.kind = MOGI_TLS_FINE;
    if (tls == NULL) {
        return channel_open(target, &l->fd, l->trouble.text, l->trouble.size);
    }
    enum mogi_error e = secure_open(l, target, tls);
    if (e != MOGI_OK) link_close(l);
    return e;
}

/* What came of a call, in words while errno still knows them. */
static enum mogi_error plain_say(struct link *l, enum mogi_error e)
{
    if (e == MOGI_ERROR_NETWORK) {
        (void)snprintf(l->trouble.text, l->trouble.size, "%s", strerror(errno));
    }
    return e;
}

enum mogi_error link_send(struct link *l, struct bytes b, size_t *count)
{
    if (l->secure == NULL) return plain_say(l, channel_send(l->fd, b, count));
    return secure_send(l->secure, b, count, &l->trouble);
}

enum mogi_error link_receive(struct link *l, void *data, size_t size,
                             size_t *count)
{
    if (l->secure == NULL) {
        return plain_say(l, channel_receive(l->fd, data, size, count));
    }
    return secure_receive(l->secure, data, size, count, &l->trouble);
}

bool link_wants_write(const struct link *l)
{
    return l->secure != NULL && secure_wants_write(l->secure);
}

bool link_has_input(const struct link *l)
{
    return l->secure != NULL && secure_has_input(l->secure);
}

void link_finish(struct link *l, uint32_t timeout_ms)
{
    if (l->secure != NULL) secure_end(l->secure);
    secure_free(l->secure);
    l->secure = NULL;
    channel_finish(l->fd, timeout_ms);
    l->fd = -1;
}

void link_close(struct link *l)
{
    secure_free(l->secure);
    l->secure = NULL;
    if (l->fd >= 0) channel_close(l->fd);
    l->fd = -1;
}
