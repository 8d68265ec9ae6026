/* tunnel.h - one connection's TLS, on the broker's side: no socket, no thread.
 *
 *     peer  wire.in -->           --> plain bytes  user
 *                       [ tunnel ]
 *     peer  wire.out <--          <-- plain bytes  user
 *
 * The bytes that come are all taken in by the call that they are given to: what
 * is not a whole record yet waits inside. So a tunnel is handed to another
 * thread as it is, between two calls.
 */
#ifndef MOGI_TLS_TUNNEL_H
#define MOGI_TLS_TUNNEL_H

#include "tls/server.h"
#include "tls/wire.h"

#include <stdint.h>

enum {
    /* Plain bytes in one record at most; and all that a record adds to them. */
    TUNNEL_RECORD_MAX = 16 * 1024,
    TUNNEL_EXTRA_MAX = 512,

    /* Characters of tunnel_describe, NUL included. */
    TUNNEL_TEXT_MAX = 80
};

struct tunnel;

/* Wait for a client's first bytes, as `server` says (takes a reference of its
 * own). NULL when there is no memory. */
struct tunnel *tunnel_new(struct tls_server *server);

/* Forget it; NULL is fine. */
void tunnel_free(struct tunnel *tunnel);

/* Go on with the handshake, with what is in wire->in. wire->out receives what
 * the peer shall get, in any case.
 *
 * OK: it is done, and what is left in wire->in is for tunnel_read. ERR_MORE:
 * the peer has to say more. ERR_PROTOCOL, ERR_CREDENTIALS: it failed, and
 * `trouble` says why; wire->out holds the alert. */
MUST_USE
enum err tunnel_greet(struct tunnel *tunnel, struct wire *wire,
                      struct trouble_text *trouble);

/* Decrypt all of wire->in, after the handshake.
 *
 *   to    room for it: wire->in.size + TUNNEL_RECORD_MAX bytes at least
 *   size  of `to`
 *   got   receives how many bytes came out, in any case
 *
 * OK: there may be more later. ERR_CLOSED: the peer has said that it sends no
 * more. ERR_PROTOCOL: it broke the rules; wire->out holds the alert. */
MUST_USE
enum err tunnel_read(struct tunnel *tunnel, struct wire *wire, uint8_t *to,
                     size_t size, size_t *got, struct trouble_text *trouble);

/* Encrypt `plain`, 1 to TUNNEL_RECORD_MAX bytes, to one record at the end of
 * wire->out. ERR_PROTOCOL: nothing can be sent any more. */
MUST_USE
enum err tunnel_write(struct tunnel *tunnel, struct wire *wire,
                      struct bytes plain);

/* Say that no more comes from us. Harmless after a failure. */
void tunnel_close(struct tunnel *tunnel, struct wire *wire);

/* Who the peer is, after the handshake: the PSK identity it has proven, or
 * what its certificate says. Empty: the listener does not want to know.
 * Valid as long as the tunnel. */
const char *tunnel_identity(const struct tunnel *tunnel);

/* What was agreed on, "TLSv1.3 TLS_AES_256_GCM_SHA384", for the log. */
void tunnel_describe(const struct tunnel *tunnel, char text[TUNNEL_TEXT_MAX]);

#endif
