/* address.c - see address.h. */
#include "net/address.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

const char *address_text(const struct address *address,
                         char text[ADDRESS_TEXT_MAX])
{
    char ip[46] = "?";
    switch (address->family) {
    case ADDRESS_IPV4:
        (void)uv_inet_ntop(AF_INET, address->ip, ip, sizeof ip);
        (void)snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", ip, address->port);
        break;
    case ADDRESS_IPV6:
        (void)uv_inet_ntop(AF_INET6, address->ip, ip, sizeof ip);
        (void)snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", ip, address->port);
        break;
    default: (void)snprintf(text, ADDRESS_TEXT_MAX, "unix"); break;
    }
    return text;
}

bool address_is_local(const struct address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t loopback[16] = {[15] = 1};
    switch (address->family) {
    case ADDRESS_IPV4: return address->ip[0] == 127;
    case ADDRESS_IPV6:
        if (memcmp(address->ip, mapped, sizeof mapped) == 0) {
            return address->ip[12] == 127;
        }
        return memcmp(address->ip, loopback, sizeof loopback) == 0;
    default: return true;
    }
}
