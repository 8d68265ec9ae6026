/* banlist_test.c - what SIGUSR1 and SIGUSR2 write. */
#include "broker/banlist.h"
#include "logged.h"

static void bans_are_shown_and_lifted(void)
{
    static const struct bans_options options = {1, 60, 100};
    static const uint8_t four[4] = {192, 0, 2, 7};
    static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 9, 9};
    struct bans *bans = bans_new(&options);
    REQUIRE(bans != NULL);
    struct logged l;
    logged_open(&l);
    CHECK_EQ(bans_failed(bans, bytes_at(four, 4), 1000), 100);
    banlist_show(bans, l.log, 1010);
    banlist_lift(bans, l.log, 1010);
    /* Who has an IPv6 network is shown with all of it. */
    CHECK_EQ(bans_failed(bans, bytes_at(six, 16), 1020), 100);
    banlist_show(bans, l.log, 1021);
    banlist_lift(bans, l.log, 1022);
    banlist_show(bans, l.log, 1022);
    CHECK_STR(logged_close(&l),
              "notice: banned: 192.0.2.7, for 90 s more\n"
              "notice: 1 addresses are banned\n"
              "notice: the bans of 1 addresses are lifted\n"
              "notice: banned: [2001:db8:1:2::]/64, for 99 s more\n"
              "notice: 1 addresses are banned\n"
              "notice: the bans of 1 addresses are lifted\n"
              "notice: 0 addresses are banned\n");
    bans_free(bans);
}

int main(void)
{
    RUN(bans_are_shown_and_lifted);
    return check_result();
}
