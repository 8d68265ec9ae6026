/* network_test.c - ranges of addresses. */
#include "check.h"
#include "net/network.h"

static bool has(const char *network, const char *address)
{
    struct network range, one;
    REQUIRE(network_parse(network, &range));
    REQUIRE(network_parse(address, &one));
    struct address at = {.family = one.family};
    memcpy(at.ip, one.ip, sizeof at.ip);
    return network_has(&range, &at);
}

static void ranges_hold_their_own(void)
{
    CHECK(has("10.0.0.0/8", "10.255.0.1"));
    CHECK(!has("10.0.0.0/8", "11.0.0.1"));
    CHECK(has("192.0.2.128/25", "192.0.2.200"));
    CHECK(!has("192.0.2.128/25", "192.0.2.100"));
    CHECK(has("192.0.2.1", "192.0.2.1"));
    CHECK(!has("192.0.2.1", "192.0.2.2"));
    CHECK(has("0.0.0.0/0", "203.0.113.9"));
    CHECK(!has("0.0.0.0/0", "::1"));
    CHECK(has("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK(!has("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(has("::/0", "fe80::1"));
}

static void others_are_none(void)
{
    static const char *const bad[] = {"",          "10.0.0.0/33", "10.0.0/8",
                                      "::1/129",   "10.0.0.1/",   "10.0.0.1/x",
                                      "host.name", "10.0.0.1 ",   "::1/1234"};
    struct network out;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!network_parse(bad[i], &out));
}

int main(void)
{
    RUN(ranges_hold_their_own);
    RUN(others_are_none);
    return check_result();
}
