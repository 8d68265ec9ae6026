/* proxy.c - see proxy.h. */
#include "net/proxy.h"

#include "base/cursor.h"

#include <assert.h>
#include <string.h>
#include <uv.h>

enum {
    WORDS_MAX = 6,
    V2_HEAD = 16,
    V2_LOCAL = 0x20,
    V2_PROXY = 0x21,
    V2_TCP4 = 0x11,
    V2_TCP6 = 0x21,
    TLV_SSL = 0x20,
    TLV_SSL_CN = 0x22,
    SSL_CLIENT = 0x01,
    SSL_CERTIFICATE = 0x02 | 0x04 /* shown now, or in an earlier session */
};

static const uint8_t signature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* Do `in` and `text` agree as far as both go? */
static bool begins(struct bytes in, const void *text, size_t size)
{
    return memcmp(in.data, text, in.size < size ? in.size : size) == 0;
}

/* --- version 1 ----------------------------------------------------------- */

/* A port: 0 to 65535, without leading zeros. */
static bool port_read(const char *text, uint16_t *port)
{
    uint32_t value = 0;
    size_t size = strlen(text);
    if (size == 0 || size > 5 || (size > 1 && text[0] == '0')) return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (uint32_t)(*text - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* "PROXY", "TCP4", source, destination, source port, destination port. */
static enum err v1_words(char *words[WORDS_MAX], size_t count,
                         struct proxy *out)
{
    if (count >= 2 && strcmp(words[1], "UNKNOWN") == 0) return OK;
    if (count != WORDS_MAX) return ERR_MALFORMED;
    bool v4 = strcmp(words[1], "TCP4") == 0;
    if (!v4 && strcmp(words[1], "TCP6") != 0) return ERR_MALFORMED;
    uint8_t to[16];
    uint16_t to_port;
    int family = v4 ? AF_INET : AF_INET6;
    if (uv_inet_pton(family, words[2], out->from.ip) != 0) return ERR_MALFORMED;
    if (uv_inet_pton(family, words[3], to) != 0) return ERR_MALFORMED;
    if (!port_read(words[4], &out->from.port)) return ERR_MALFORMED;
    if (!port_read(words[5], &to_port)) return ERR_MALFORMED;
    out->from.family = v4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
    out->named = true;
    return OK;
}

/* Cut `line` at single spaces. Returns how many words; more than WORDS_MAX
 * stay in the last one. */
static size_t v1_cut(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;
    while (count < WORDS_MAX) {
        words[count++] = line;
        char *space = strchr(line, ' ');
        if (space == NULL || count == WORDS_MAX) break;
        *space = '\0';
        line = space + 1;
    }
    return count;
}

static enum err v1_decode(struct bytes in, struct proxy *out)
{
    if (!begins(in, "PROXY ", 6)) return ERR_MALFORMED;
    size_t max = in.size < PROXY_V1_MAX ? in.size : PROXY_V1_MAX;
    const uint8_t *end = memchr(in.data, '\n', max);
    if (end == NULL) {
        return in.size < PROXY_V1_MAX ? ERR_MORE : ERR_MALFORMED;
    }
    size_t size = (size_t)(end - in.data) + 1;
    if (size < 8 || end[-1] != '\r') return ERR_MALFORMED;
    char line[PROXY_V1_MAX + 1], *words[WORDS_MAX];
    memcpy(line, in.data, size - 2);
    line[size - 2] = '\0';
    if (strlen(line) != size - 2) return ERR_MALFORMED;
    out->size = size;
    size_t count = v1_cut(line, words);
    return v1_words(words, count, out);
}

/* --- version 2 ----------------------------------------------------------- */

/* Where the client comes from. Families that are not ours are passed over. */
static void v2_addresses(struct reader *r, uint8_t family, struct proxy *out)
{
    bool v4 = family == V2_TCP4;
    size_t size = v4 ? 4 : 16;
    if (!v4 && family != V2_TCP6) return;
    struct bytes from = read_bytes(r, size);
    (void)read_bytes(r, size);
    uint16_t port = read_u16(r);
    (void)read_u16(r);
    if (r->failed) return;
    assert(from.data != NULL);
    memcpy(out->from.ip, from.data, size);
    out->from.port = port;
    out->from.family = v4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
    out->named = true;
}

static void v2_ssl(struct bytes value, struct proxy *out)
{
    struct reader r = reader_of(value);
    uint8_t client = read_u8(&r);
    uint32_t verify = read_u32(&r);
    struct bytes name = {value.data, 0};
    while (!r.failed && reader_left(&r) > 0) {
        uint8_t type = read_u8(&r);
        struct bytes part = read_bytes(&r, read_u16(&r));
        if (!r.failed && type == TLV_SSL_CN) name = part;
    }
    if (r.failed) return;
    out->tls = (client & SSL_CLIENT) != 0;
    out->proven = out->tls && (client & SSL_CERTIFICATE) != 0 && verify == 0;
    if (out->proven) out->common_name = name;
}

static enum err v2_body(struct bytes in, uint8_t command, uint8_t family,
                        struct proxy *out)
{
    struct reader r = reader_of(in);
    if (command == V2_LOCAL) return OK;
    if (command != V2_PROXY) return ERR_MALFORMED;
    v2_addresses(&r, family, out);
    if (r.failed) return ERR_MALFORMED;
    if (!out->named) return OK;
    while (reader_left(&r) > 0) {
        uint8_t type = read_u8(&r);
        struct bytes value = read_bytes(&r, read_u16(&r));
        if (r.failed) return ERR_MALFORMED;
        if (type == TLV_SSL) v2_ssl(value, out);
    }
    return OK;
}

static enum err v2_decode(struct bytes in, struct proxy *out)
{
    if (!begins(in, signature, sizeof signature)) return ERR_MALFORMED;
    if (in.size < V2_HEAD) return ERR_MORE;
    size_t size = (size_t)in.data[14] << 8 | in.data[15];
    if (V2_HEAD + size > PROXY_V2_MAX) return ERR_MALFORMED;
    if (in.size < V2_HEAD + size) return ERR_MORE;
    out->size = V2_HEAD + size;
    return v2_body(bytes_at(in.data + V2_HEAD, size), in.data[12], in.data[13],
                   out);
}

/* ::ffff:192.0.2.1 is 192.0.2.1. */
static void address_plain(struct address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->family != ADDRESS_IPV6) return;
    if (memcmp(address->ip, mapped, sizeof mapped) != 0) return;
    memmove(address->ip, address->ip + 12, 4);
    memset(address->ip + 4, 0, 12);
    address->family = ADDRESS_IPV4;
}

enum err proxy_decode(struct bytes in, unsigned version, struct proxy *out)
{
    *out = (struct proxy){.named = false};
    if (in.size == 0) return ERR_MORE;
    enum err e = version == 1 ? v1_decode(in, out) : v2_decode(in, out);
    if (e == OK) address_plain(&out->from);
    return e;
}
