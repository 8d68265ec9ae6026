/* network.h - a range of addresses: "10.0.0.0/8", "2001:db8::/32", "::1". */
#ifndef MOGI_NET_NETWORK_H
#define MOGI_NET_NETWORK_H

#include "net/address.h"

struct network {
    uint8_t ip[16];
    uint8_t family; /* ADDRESS_IPV4 or ADDRESS_IPV6 */
    uint8_t bits;   /* that count */
};

/* The network that `text` says; without "/BITS" a single address. False: it
 * says none. */
bool network_parse(const char *text, struct network *out);

/* Is `address` in it? */
bool network_has(const struct network *network, const struct address *address);

#endif
