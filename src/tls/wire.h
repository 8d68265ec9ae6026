/* wire.h - what OpenSSL takes for a socket: bytes that came, and bytes to go.
 *
 *     socket --> in --> SSL --> out --> socket
 *
 * Whoever owns the sockets reads and writes them itself, in as few calls as it
 * can, and one wire serves all connections of a thread in turn.
 */
#ifndef MOGI_TLS_WIRE_H
#define MOGI_TLS_WIRE_H

#include "base/buffer.h"
#include "base/bytes.h"

#include <openssl/bio.h>

struct wire {
    struct bytes in;   /* came, and is not yet taken; borrowed */
    struct buffer out; /* is to be sent; never refuses */
};

/* The kind of BIO that stands on a wire (BIO_set_data). NULL when there is no
 * memory. Freed with BIO_meth_free, after every BIO of it. */
BIO_METHOD *wire_method_new(void);

#endif
