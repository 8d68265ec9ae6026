/* carrier.h - the client's connection: a channel, plain or with TLS around it.
 *
 *     client.c -> carrier --plain--> channel
 *                      '--TLS---> secure -> the channel's socket
 */
#ifndef MOGI_CLIENT_CARRIER_H
#define MOGI_CLIENT_CARRIER_H

#include "client/channel.h"
#include "client/secure.h"

struct carrier {
    int fd;                /* -1: closed */
    struct secure *secure; /* NULL: plain */
    struct secure_memory *memory;
    struct secure_trouble trouble;
};

/* A closed one.
 *
 *   text  at least 1 byte, outlives the carrier: where sentences about failures
 *         are written */
void carrier_init(struct carrier *c, char *text, size_t size);

/* Close it, and forget what was remembered for the next connection. */
void carrier_fini(struct carrier *c);

/* Is there a connection? */
static inline bool carrier_is_open(const struct carrier *c)
{
    return c->fd >= 0;
}

/* Connect, and agree on TLS when `tls` is not NULL: within target->timeout_ms
 * for each address, and as long again for TLS. Files of `tls` are read each
 * time, so that renewed ones are used from then on.
 *
 * As channel_open; MOGI_ERROR_TLS, MOGI_ERROR_MEMORY. On error the text is
 * written, and the carrier is closed. */
enum mogi_error carrier_open(struct carrier *c,
                             const struct channel_target *target,
                             const struct mogi_tls *tls);

/* As channel_send; MOGI_ERROR_TLS and MOGI_ERROR_MEMORY too. With TLS, what was
 * taken may wait here: carrier_wants_write; sending no bytes goes on with it.
 * The text is written for MOGI_ERROR_NETWORK and MOGI_ERROR_TLS. */
enum mogi_error carrier_send(struct carrier *c, struct bytes b, size_t *count);

/* As channel_receive; MOGI_ERROR_TLS too. Text as with carrier_send. */
enum mogi_error carrier_receive(struct carrier *c, void *data, size_t size,
                                size_t *count);

/* Does it hold output that waits for the network? */
bool carrier_wants_write(const struct carrier *c);

/* Does it hold input that channel_wait would not tell of? */
bool carrier_has_input(const struct carrier *c);

/* As channel_finish, and channel_close. */
void carrier_finish(struct carrier *c, uint32_t timeout_ms);
void carrier_close(struct carrier *c);

#endif
