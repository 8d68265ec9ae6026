/* proxy.h - what a proxy says of a connection before it passes it on.
 *
 *     v1   PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n
 *     v2   [ signature 12 ][ 2|command ][ family ][ size 2 ][ addresses ][TLVs]
 *
 * A pure function over bytes. The PROXY protocol, versions 1 and 2, by HAProxy.
 */
#ifndef MOGI_NET_PROXY_H
#define MOGI_NET_PROXY_H

#include "base/bytes.h"
#include "base/err.h"
#include "net/address.h"

enum {
    /* Bytes of the longest header of version 1, and of one of version 2 that is
     * taken. */
    PROXY_V1_MAX = 107,
    PROXY_V2_MAX = 4096
};

struct proxy {
    size_t size;              /* of the header */
    bool named;               /* `from` is known: not for health checks */
    struct address from;      /* the client's own address */
    bool tls;                 /* v2: it came to the proxy with TLS */
    bool proven;              /* v2: with a certificate that was checked */
    struct bytes common_name; /* v2: of that; points into the header */
};

/* The header at the start of `in`, of `version` 1 or 2, in `*out`.
 *
 * OK; ERR_MORE: all of `in` is part of a header, and there is more to come; or
 * ERR_MALFORMED: this is none. */
MUST_USE
enum err proxy_decode(struct bytes in, unsigned version, struct proxy *out);

#endif
