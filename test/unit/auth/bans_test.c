/* bans_test.c - who fails too often is kept out, for a while, and alone. */
#include "auth/bans.h"
#include "check.h"

static const struct bans_options options = {3, 60, 100};

static struct bytes ipv4(uint8_t last)
{
    static uint8_t address[4] = {10, 0, 0, 0};
    address[3] = last;
    return bytes_at(address, 4);
}

static struct bans *bans_start(void)
{
    struct bans *bans = bans_new(&options);
    REQUIRE(bans != NULL);
    return bans;
}

static void too_many_in_a_window_ban(void)
{
    struct bans *bans = bans_start();
    CHECK_EQ(bans_failed(bans, ipv4(1), 1000), 0);
    CHECK_EQ(bans_failed(bans, ipv4(1), 1030), 0);
    CHECK_EQ(bans_left(bans, ipv4(1), 1030), 0);
    CHECK_EQ(bans_failed(bans, ipv4(1), 1059), 100);
    CHECK_EQ(bans_left(bans, ipv4(1), 1059), 100);
    CHECK_EQ(bans_left(bans, ipv4(2), 1059), 0);
    CHECK_EQ(bans_failed(bans, ipv4(1), 1060), 0);
    CHECK_EQ(bans_left(bans, ipv4(1), 1158), 1);
    CHECK_EQ(bans_left(bans, ipv4(1), 1159), 0);
    /* A new window, a new count. */
    CHECK_EQ(bans_failed(bans, ipv4(1), 1160), 0);
    CHECK_EQ(bans_failed(bans, ipv4(1), 1161), 0);
    CHECK_EQ(bans_failed(bans, ipv4(1), 1220), 0);
    bans_free(bans);
}

static void loopback_is_exempt(void)
{
    struct bans *bans = bans_start();
    const uint8_t v4[4] = {127, 1, 2, 3}, v6[16] = {[15] = 1};
    const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1};
    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQ(bans_failed(bans, bytes_at(v4, 4), 1000), 0);
        CHECK_EQ(bans_failed(bans, bytes_at(v6, 16), 1000), 0);
        CHECK_EQ(bans_failed(bans, bytes_at(mapped, 16), 1000), 0);
        CHECK_EQ(bans_failed(bans, bytes_at(NULL, 0), 1000), 0);
    }
    CHECK_EQ(bans_clear(bans, 1000), 0);
    bans_free(bans);
}

static void an_ipv6_subscriber_is_a_64(void)
{
    struct bans *bans = bans_start();
    uint8_t a[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2};
    CHECK_EQ(bans_failed(bans, bytes_at(a, 16), 1000), 0);
    a[15] = 7;
    CHECK_EQ(bans_failed(bans, bytes_at(a, 16), 1000), 0);
    a[8] = 9;
    CHECK_EQ(bans_failed(bans, bytes_at(a, 16), 1000), 100);
    a[7] = 3;
    CHECK_EQ(bans_left(bans, bytes_at(a, 16), 1000), 0);
    /* IPv4 within IPv6 is IPv4. */
    uint8_t b[16] = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 9};
    for (unsigned i = 0; i < 3; i++)
        (void)bans_failed(bans, bytes_at(b, 16), 1000);
    CHECK_EQ(bans_left(bans, ipv4(9), 1000), 100);
    bans_free(bans);
}

static void options_may_change(void)
{
    struct bans *bans = bans_start();
    struct bans_options off = {0, 60, 100};
    for (unsigned i = 0; i < 3; i++)
        (void)bans_failed(bans, ipv4(1), 1000);
    bans_set(bans, &off);
    CHECK_EQ(bans_left(bans, ipv4(1), 1001), 99);
    for (unsigned i = 0; i < 10; i++)
        CHECK_EQ(bans_failed(bans, ipv4(2), 1000), 0);
    CHECK_EQ(bans_clear(bans, 1001), 1);
    CHECK_EQ(bans_left(bans, ipv4(1), 1001), 0);
    bans_free(bans);
}

static void each_see(void *context, struct bytes address, uint32_t left_s)
{
    unsigned *seen = context;
    *seen |= 1U << address.data[3];
    CHECK_EQ(address.size, 4);
    CHECK_EQ(left_s, 90);
}

static void the_banned_are_listed(void)
{
    struct bans *bans = bans_start();
    for (unsigned i = 0; i < 3; i++) {
        (void)bans_failed(bans, ipv4(1), 1000);
        (void)bans_failed(bans, ipv4(4), 1000);
    }
    (void)bans_failed(bans, ipv4(5), 1000);
    unsigned seen = 0;
    CHECK_EQ(bans_each(bans, 1010, each_see, &seen), 2);
    CHECK_EQ(seen, 1U << 1 | 1U << 4);
    CHECK_EQ(bans_each(bans, 1100, each_see, &seen), 0);
    bans_free(bans);
}

/* More addresses than there is room for: who is banned stays, as long as there
 * are others to forget. */
static void many_addresses_have_a_bound(void)
{
    struct bans *bans = bans_start();
    for (unsigned i = 0; i < 3; i++)
        (void)bans_failed(bans, ipv4(1), 1000);
    for (uint32_t i = 0; i < 4 * BANS_SETS * BANS_WAYS; i++) {
        uint8_t address[4] = {11, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
                              (uint8_t)i};
        (void)bans_failed(bans, bytes_at(address, 4), 1000);
    }
    CHECK_EQ(bans_left(bans, ipv4(1), 1001), 99);
    bans_free(bans);
}

int main(void)
{
    RUN(too_many_in_a_window_ban);
    RUN(loopback_is_exempt);
    RUN(an_ipv6_subscriber_is_a_64);
    RUN(options_may_change);
    RUN(the_banned_are_listed);
    RUN(many_addresses_have_a_bound);
    return check_result();
}
