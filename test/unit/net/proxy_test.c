/* proxy_test.c - headers of both versions, whole, cut and wrong. */
#include "check.h"
#include "net/proxy.h"

static struct proxy out;

static enum err v1(const char *text)
{
    return proxy_decode(bytes_of(text), 1, &out);
}

static void check_from(const char *want)
{
    char text[ADDRESS_TEXT_MAX];
    CHECK(out.named);
    CHECK_STR(address_text(&out.from, text), want);
}

static void lines(void)
{
    CHECK_EQ(v1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n\x10rest"),
             OK);
    check_from("192.0.2.1:56324");
    CHECK_EQ(out.size, 46);
    CHECK_EQ(v1("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"), OK);
    check_from("[2001:db8::1]:1");
    CHECK_EQ(v1("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), OK);
    check_from("192.0.2.1:1");
    CHECK_EQ(v1("PROXY UNKNOWN\r\n"), OK);
    CHECK(!out.named);
    CHECK_EQ(out.size, 15);
    CHECK_EQ(v1("PROXY UNKNOWN ffff::1 what ever 1 2 3\r\n"), OK);
    CHECK(!out.named);
}

/* Every beginning of a line asks for more. */
static void lines_cut(void)
{
    static const char line[] = "PROXY TCP4 192.0.2.1 198.51.100.1 1 1883\r\n";
    for (size_t size = 0; size < sizeof line - 1; size++)
        CHECK_EQ(proxy_decode(bytes_at(line, size), 1, &out), ERR_MORE);
}

static void wrong_lines(void)
{
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\n",
        "\x10\x0c",
        "PROXX",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1 1883\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.1 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n",
        "PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n",
        "PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n",
        "PROXY \r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1 "
        "0000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (CHECK_EQ(v1(bad[i]), ERR_MALFORMED)) continue;
        fprintf(stderr, "    %s\n", bad[i]);
    }
}

static const uint8_t head[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                               0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* A header of version 2, its body from `body`. Returns its size. */
static size_t v2_make(uint8_t *to, uint8_t command, uint8_t family,
                      const void *body, size_t size)
{
    memcpy(to, head, sizeof head);
    to[12] = command;
    to[13] = family;
    to[14] = (uint8_t)(size >> 8);
    to[15] = (uint8_t)size;
    memcpy(to + 16, body, size);
    return 16 + size;
}

static const uint8_t tcp4[] = {192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 7, 91};

static void binary(void)
{
    uint8_t text[128];
    size_t size = v2_make(text, 0x21, 0x11, tcp4, sizeof tcp4);
    for (size_t cut = 0; cut < size; cut++)
        CHECK_EQ(proxy_decode(bytes_at(text, cut), 2, &out), ERR_MORE);
    CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), OK);
    check_from("192.0.2.1:56324");
    CHECK_EQ(out.size, 28);
    CHECK(!out.tls && out.common_name.size == 0);
    /* A health check; a family that is not ours. */
    size = v2_make(text, 0x20, 0, "", 0);
    CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), OK);
    CHECK(!out.named);
    size = v2_make(text, 0x21, 0x31, tcp4, sizeof tcp4);
    CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), OK);
    CHECK(!out.named);
}

/* The certificate that the proxy saw: one checked, and others. */
static void certificates(void)
{
    static const struct {
        uint8_t client, verify;
        bool tls, proven;
    } cases[] = {{0x07, 0, true, true},
                 {0x05, 0, true, true},
                 {0x01, 0, true, false},
                 {0x07, 1, true, false},
                 {0x06, 0, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t body[64], text[128];
        memcpy(body, tcp4, sizeof tcp4);
        const uint8_t ssl[] = {0x01, 0,  2,         'h',
                               'i', /* ALPN */
                               0x20, 0,  5 + 3 + 3, cases[i].client,
                               0,    0,  0,         cases[i].verify,
                               0x22, 0,  3,         'a',
                               'd',  'a'};
        memcpy(body + sizeof tcp4, ssl, sizeof ssl);
        size_t size = v2_make(text, 0x21, 0x11, body, sizeof tcp4 + sizeof ssl);
        CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), OK);
        CHECK_EQ(out.tls, cases[i].tls);
        CHECK_EQ(out.proven, cases[i].proven);
        CHECK(bytes_equal(out.common_name,
                          bytes_of(cases[i].proven ? "ada" : "")));
    }
}

static void wrong_binaries(void)
{
    uint8_t text[PROXY_V2_MAX + 100] = {0}, body[16] = {0};
    CHECK_EQ(proxy_decode(bytes_of("\x0d\x0b"), 2, &out), ERR_MALFORMED);
    size_t size = v2_make(text, 0x31, 0x11, tcp4, sizeof tcp4);
    CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), ERR_MALFORMED);
    size = v2_make(text, 0x21, 0x11, tcp4, 11);
    CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), ERR_MALFORMED);
    memcpy(body, tcp4, sizeof tcp4);
    body[12] = 0x20;
    body[14] = 9; /* more than there is */
    size = v2_make(text, 0x21, 0x11, body, sizeof body);
    CHECK_EQ(proxy_decode(bytes_at(text, size), 2, &out), ERR_MALFORMED);
    /* A size that nobody needs is refused before its bytes come. */
    (void)v2_make(text, 0x21, 0x11, tcp4, sizeof tcp4);
    text[14] = 0xff;
    CHECK_EQ(proxy_decode(bytes_at(text, 16), 2, &out), ERR_MALFORMED);
}

int main(void)
{
    RUN(lines);
    RUN(lines_cut);
    RUN(wrong_lines);
    RUN(binary);
    RUN(certificates);
    RUN(wrong_binaries);
    return check_result();
}
