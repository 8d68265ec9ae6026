/* link.h - the client's connection: a channel, plain or with TLS around it.
 *
 *     client.c -> link --plain--> channel
 *                      '--TLS---> secure -> the channel's socket
 */
#ifndef MOGI_CLIENT_LINK_H
#define MOGI_CLIENT_LINK_H

#include "client/channel.h"
#include "client/secure.h"

struct link {
    int fd;                /* -1: closed */
    struct secure *secure; /* NULL: plain */
    struct secure_memory *memory;
    struct secure_trouble trouble;
};

/* A closed one.
 *
 *   text  at least 1 byte, outlives the link: where sentences about failures
 *         are written */
void link_init(struct link *l, char *text, size_t size);

/* Close it, and forget what was remembered for the next connection. */
void link_fini(struct link *l);

/* Is there a connection? */
static inline bool link_is_open(const struct link *l)
{
    return l->fd >= 0;
}

/* Connect, and agree on TLS when `tls` is not NULL: within target->timeout_ms
 * for each address, and as long again for TLS. Files of `tls` are read each
 * time, so that renewed ones are used from then on.
 *
 * As channel_open; MOGI_ERROR_TLS, MOGI_ERROR_MEMORY. On error the text is
 * written, and the link is closed. */
enum mogi_error link_open(struct link *l, const struct channel_target *target,
                          const struct mogi_tls *tls);

/* As channel_send; MOGI_ERROR_TLS and MOGI_ERROR_MEMORY too. With TLS, what was
 * taken may wait here: link_wants_write; sending no bytes goes on with it. The
 * text is written for MOGI_ERROR_NETWORK and MOGI_ERROR_TLS. */
enum mogi_error link_send(struct link *l, struct bytes b, size_t *count);

/*/* As channel_receive; MOGI_ERROR_TLS too. Text as with link_send. */
enum mogi_error link_receive(struct link *l, void *data, size_t size,
                             size_t *count);

/* Does it hold output that waits for the network? */
bool link_wants_write(const struct link *l);

/* Does it hold input that channel_wait would not tell of? */
bool link_has_input(const struct link *l);

/* As channel_finish, and channel_close. */
void link_finish(struct link *l, uint32_t timeout_ms);
void link_close(struct link *l);

#endif
