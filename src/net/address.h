/* address.h - where the other end of a socket is, small enough to be kept for
 * each connection. A Unix socket has no address worth telling. */
#ifndef MOGI_NET_ADDRESS_H
#define MOGI_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum address_family { ADDRESS_UNIX, ADDRESS_IPV4, ADDRESS_IPV6 };

struct address {
    uint8_t ip[16]; /* network order; the first 4 for IPv4 */
    uint32_t scope; /* IPv6: the interface of a link-local address, or 0 */
    uint16_t port;
    uint8_t family; /* enum address_family */
};

enum {
    /* Characters of an address as text, NUL included. */
    ADDRESS_TEXT_MAX = 64
};

/* "192.0.2.1:1883", "[::1]:1883" or "unix" in `text`, which is returned. */
const char *address_text(const struct address *address,
                         char text[ADDRESS_TEXT_MAX]);

/* Can it be reached from this machine only? True for ADDRESS_UNIX. */
bool address_is_local(const struct address *address);

#endif
