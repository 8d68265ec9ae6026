/* network.c - see network.h. */
#include "net/network.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

/* A number of bits, at most `max`. */
static bool bits_read(const char *text, unsigned max, uint8_t *bits)
{
    unsigned value = 0;
    size_t size = strlen(text);
    if (size == 0 || size > 3) return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    *bits = (uint8_t)value;
    return value <= max;
}

bool network_parse(const char *text, struct network *out)
{
    char host[64];
    size_t size = strcspn(text, "/");
    *out = (struct network){.family = ADDRESS_IPV4};
    if (size >= sizeof host) return false;
    (void)snprintf(host, sizeof host, "%.*s", (int)size, text);
    unsigned max = 32;
    if (uv_inet_pton(AF_INET, host, out->ip) != 0) {
        if (uv_inet_pton(AF_INET6, host, out->ip) != 0) return false;
        out->family = ADDRESS_IPV6;
        max = 128;
    }
    out->bits = (uint8_t)max;
    return text[size] == '\0' || bits_read(text + size + 1, max, &out->bits);
}

bool network_has(const struct network *network, const struct address *address)
{
    if (network->family != address->family) return false;
    size_t whole = network->bits / 8;
    if (memcmp(network->ip, address->ip, whole) != 0) return false;
    unsigned rest = network->bits % 8;
    if (rest == 0) return true;
    unsigned mask = 0xffU << (8 - rest) & 0xff;
    return ((network->ip[whole] ^ address->ip[whole]) & mask) == 0;
}
