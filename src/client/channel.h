/* channel.h - a byte stream to a server; nothing of MQTT, nothing but POSIX. */
#ifndef MOGI_CLIENT_CHANNEL_H
#define MOGI_CLIENT_CHANNEL_H

#include "base/bytes.h"
#include "mogi/tiny.h"

struct channel_target {
    const char *host; /* ignored with unix_path */
    const char *unix_path;
    const char *bind_address; /* NULL: any */
    uint16_t port;
    bool no_delay;
    uint32_t timeout_ms; /* for each address of host */
};

/* Connect: to each address of the host in turn, until one answers.
 *
 *   fd    on MOGI_OK, a socket that never blocks; closed with channel_close
 *   text  on error, a sentence of at most `size` bytes
 *
 * MOGI_OK, MOGI_ERROR_HOST, MOGI_ERROR_NETWORK, MOGI_ERROR_TIMEOUT */
enum mogi_error channel_open(const struct channel_target *target, int *fd,
                             char *text, size_t size);

/* Send a part of `b`: `*count` bytes, 0 when the network takes none now.
 * MOGI_OK, MOGI_ERROR_CLOSED, MOGI_ERROR_NETWORK (errno says why). */
enum mogi_error channel_send(int fd, struct bytes b, size_t *count);

/* Receive up to `size` bytes; 0 when there are none now. As channel_send. */
enum mogi_error channel_receive(int fd, void *data, size_t size, size_t *count);

/* Wait until `fd` (-1: nothing) can be read or written, as asked, for
 * `timeout_ms` at most (-1: for ever); false when a signal ended the wait. */
bool channel_wait(int fd, bool read, bool write, int timeout_ms);

/* Nothing more will be sent: let what was sent arrive, and wait for the other
 * side to close, `timeout_ms` at most. A plain close could destroy what is
 * under way. Closes `fd`. */
void channel_finish(int fd, uint32_t timeout_ms);

/* Close at once. */
void channel_close(int fd);

#endif
