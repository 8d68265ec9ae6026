/* carrier.c - see carrier.h. */
#include "client/carrier.h"

#include "client/clock.h"

#include <errno.h>
#include <stdio.h>

void carrier_init(struct carrier *c, char *text, size_t size)
{
    *c = (struct carrier){.fd = -1, .trouble = {.text = text, .size = size}};
}

void carrier_fini(struct carrier *c)
{
    carrier_close(c);
    secure_memory_free(c->memory);
    c->memory = NULL;
}

/* Wait until both sides agree. */
static enum mogi_error handshake_wait(struct carrier *c, uint32_t timeout_ms)
{
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    for (;;) {
        bool done;
        enum mogi_error e = secure_handshake(c->secure, &done, &c->trouble);
        if (e != MOGI_OK || done) return e;
        uint64_t now_ms = clock_now_ms();
        if (now_ms >= end_ms) {
            c->trouble.kind = MOGI_TLS_NOT_SPOKEN;
            (void)snprintf(c->trouble.text, c->trouble.size,
                           "the server does not answer in TLS");
            return MOGI_ERROR_TIMEOUT;
        }
        (void)channel_wait(c->fd, true, secure_wants_write(c->secure),
                           (int)(end_ms - now_ms));
    }
}

static enum mogi_error memory_lacks(struct carrier *c)
{
    (void)snprintf(c->trouble.text, c->trouble.size, "%s",
                   mogi_error_text(MOGI_ERROR_MEMORY));
    return MOGI_ERROR_MEMORY;
}

static enum mogi_error secure_open(struct carrier *c,
                                   const struct channel_target *target,
                                   const struct mogi_tls *tls)
{
    c->secure = secure_new(tls, &c->memory, &c->trouble);
    if (c->secure == NULL) {
        return c->trouble.kind == MOGI_TLS_FINE ? memory_lacks(c)
                                                : MOGI_ERROR_TLS;
    }
    enum mogi_error e =
        channel_open(target, &c->fd, c->trouble.text, c->trouble.size);
    if (e != MOGI_OK) return e;
    bool named = tls->host_name != NULL && tls->host_name[0] != '\0';
    const char *host = named ? tls->host_name : target->host;
    if (!secure_begin(c->secure, c->fd, host)) return memory_lacks(c);
    return handshake_wait(c, target->timeout_ms);
}

enum mogi_error carrier_open(struct carrier *c,
                             const struct channel_target *target,
                             const struct mogi_tls *tls)
{
    c->trouble.kind = MOGI_TLS_FINE;
    if (tls == NULL) {
        return channel_open(target, &c->fd, c->trouble.text, c->trouble.size);
    }
    enum mogi_error e = secure_open(c, target, tls);
    if (e != MOGI_OK) carrier_close(c);
    return e;
}

/* What came of a call, in words while errno still knows them. */
static enum mogi_error plain_say(struct carrier *c, enum mogi_error e)
{
    if (e == MOGI_ERROR_NETWORK) {
        (void)snprintf(c->trouble.text, c->trouble.size, "%s", strerror(errno));
    }
    return e;
}

enum mogi_error carrier_send(struct carrier *c, struct bytes b, size_t *count)
{
    if (c->secure == NULL) return plain_say(c, channel_send(c->fd, b, count));
    return secure_send(c->secure, b, count, &c->trouble);
}

enum mogi_error carrier_receive(struct carrier *c, void *data, size_t size,
                                size_t *count)
{
    if (c->secure == NULL) {
        return plain_say(c, channel_receive(c->fd, data, size, count));
    }
    return secure_receive(c->secure, data, size, count, &c->trouble);
}

bool carrier_wants_write(const struct carrier *c)
{
    return c->secure != NULL && secure_wants_write(c->secure);
}

bool carrier_has_input(const struct carrier *c)
{
    return c->secure != NULL && secure_has_input(c->secure);
}

void carrier_finish(struct carrier *c, uint32_t timeout_ms)
{
    if (c->secure != NULL) secure_end(c->secure);
    secure_free(c->secure);
    c->secure = NULL;
    channel_finish(c->fd, timeout_ms);
    c->fd = -1;
}

void carrier_close(struct carrier *c)
{
    secure_free(c->secure);
    c->secure = NULL;
    if (c->fd >= 0) channel_close(c->fd);
    c->fd = -1;
}
