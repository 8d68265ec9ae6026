/* address_test.c - addresses as text, and which are of this machine. */
#include "check.h"
#include "net/address.h"

static struct address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct address){
        .family = ADDRESS_IPV4, .port = 1883, .ip = {a, b, c, d}};
}

static void text_of_each_family(void)
{
    char text[ADDRESS_TEXT_MAX];
    struct address at = v4(192, 0, 2, 7);
    CHECK_STR(address_text(&at, text), "192.0.2.7:1883");
    at = (struct address){
        .family = ADDRESS_IPV6, .port = 65535, .ip = {[15] = 1}};
    CHECK_STR(address_text(&at, text), "[::1]:65535");
    memset(at.ip, 0xff, sizeof at.ip);
    CHECK_STR(address_text(&at, text),
              "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    at = (struct address){.family = ADDRESS_UNIX};
    CHECK_STR(address_text(&at, text), "unix");
}

static void only_loopback_is_local(void)
{
    struct address at = v4(127, 9, 9, 9);
    CHECK(address_is_local(&at));
    at = v4(0, 0, 0, 0);
    CHECK(!address_is_local(&at));
    at = v4(10, 0, 0, 1);
    CHECK(!address_is_local(&at));
    at = (struct address){.family = ADDRESS_IPV6};
    CHECK(!address_is_local(&at));
    at.ip[15] = 1;
    CHECK(address_is_local(&at));
    at.ip[0] = 0xfe;
    CHECK(!address_is_local(&at));
    struct address mapped = {.family = ADDRESS_IPV6,
                             .ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    CHECK(address_is_local(&mapped));
    mapped.ip[12] = 10;
    CHECK(!address_is_local(&mapped));
    at = (struct address){.family = ADDRESS_UNIX};
    CHECK(address_is_local(&at));
}

int main(void)
{
    RUN(text_of_each_family);
    RUN(only_loopback_is_local);
    return check_result();
}
