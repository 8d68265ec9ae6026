/* wills_test.c - a will that comes too early, twice, not at all. */
#include "check.h"
#include "sim/wills.h"

/* Actor 0 is here with will 0. */
static struct wills *here(uint64_t delay_ms, bool lasting)
{
    struct wills *wills = wills_new();
    wills_connecting(wills, 0);
    CHECK_EQ(wills_leave(wills, 0, delay_ms, lasting), 0);
    wills_greeted(wills, 0, false);
    return wills;
}

static void check_end(struct wills *wills, const char *error)
{
    CHECK_STR(wills_error(wills), error);
    wills_free(wills);
}

static void the_lost_have_one(void)
{
    struct wills *wills = here(0, true);
    wills_lost(wills, 0, false);
    wills_came(wills, 0, 0);
    wills_end(wills);
    check_end(wills, "");
    wills = here(0, true);
    wills_lost(wills, 0, false);
    wills_end(wills);
    CHECK_STR(wills_claim(wills), "undertaker saw publish \"w/0\" \"0\"\n");
    check_end(wills, "will 0 of actor 0 is missing");
    wills = here(0, true);
    wills_lost(wills, 0, false);
    wills_came(wills, 0, 0);
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came twice");
}

static void nobody_else_has(void)
{
    struct wills *wills = here(0, true);
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came while its client is here");
    wills = here(0, true);
    wills_came(wills, 1, 0);
    check_end(wills, "will 0 of actor 1 was left by nobody");
    wills = here(0, true);
    wills_leaving(wills, 0);
    wills_lost(wills, 0, false);
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came after DISCONNECT");
    wills = here(0, true);
    wills_leaving(wills, 0);
    wills_left(wills, 0);
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came after it was called off");
}

static void it_waits_for_its_time(void)
{
    struct wills *wills = here(3000, true);
    wills_now(wills, 1000);
    wills_lost(wills, 0, false);
    wills_now(wills, 3999);
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came before its time");
    wills = here(3000, true);
    wills_now(wills, 1000);
    wills_lost(wills, 0, false);
    wills_end(wills);
    CHECK_STR(wills_error(wills), "");
    wills_now(wills, 4000);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
    wills = here(3000, true);
    wills_lost(wills, 0, true);
    wills_now(wills, 4000);
    wills_end(wills);
    check_end(wills, "");
    /* It does not wait longer than the session lasts. */
    wills = here(3000, false);
    wills_lost(wills, 0, false);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
}

static void who_returns_calls_it_off(void)
{
    struct wills *wills = here(3000, true);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_greeted(wills, 0, true);
    wills_now(wills, 9000);
    wills_end(wills);
    CHECK_STR(wills_error(wills), "");
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came after it was called off");
    /* Not if the session was not there; nor without a delay. */
    wills = here(3000, true);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_greeted(wills, 0, false);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
    wills = here(0, true);
    wills_connecting(wills, 0);
    wills_greeted(wills, 0, true);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
    wills = here(3000, true);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_came(wills, 0, 0);
    wills_greeted(wills, 0, true);
    check_end(wills, "will 0 of actor 0 came though its client was back");
}

static void a_take_over_has_one_once_it_is_heard(void)
{
    struct wills *wills = here(0, true);
    wills_taken(wills, 0);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_end(wills);
    /* Time jumps over CONNECT, and it begins again. */
    wills_jumped(wills);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_end(wills);
    CHECK_STR(wills_error(wills), "");
    wills_greeted(wills, 0, true);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
    wills = here(0, true);
    wills_taken(wills, 0);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_came(wills, 0, 0);
    wills_greeted(wills, 0, true);
    wills_end(wills);
    CHECK_STR(wills_error(wills), "");
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came twice");
    /* A delay is over at once where the session is. */
    wills = here(3000, false);
    wills_taken(wills, 0);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_greeted(wills, 0, false);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
    wills = here(3000, true);
    wills_taken(wills, 0);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_greeted(wills, 0, true);
    wills_came(wills, 0, 0);
    check_end(wills, "will 0 of actor 0 came after it was called off");
}

static void a_crash_leaves_what_is_on_disk(void)
{
    struct wills *wills = here(2000, true);
    wills_crashed(wills);
    wills_now(wills, 2000);
    wills_end(wills);
    CHECK_STR(wills_error(wills), "");
    wills_came(wills, 0, 0);
    check_end(wills, "");
    wills = here(2000, true);
    wills_sealed(wills, 0);
    wills_crashed(wills);
    wills_lost(wills, 0, false);
    wills_now(wills, 2000);
    wills_end(wills);
    check_end(wills, "will 0 of actor 0 is missing");
    /* That it was called off may not be on disk, though it was. */
    wills = here(2000, true);
    wills_sealed(wills, 0);
    wills_lost(wills, 0, false);
    wills_connecting(wills, 0);
    wills_greeted(wills, 0, true);
    wills_crashed(wills);
    wills_came(wills, 0, 0);
    check_end(wills, "");
}

int main(void)
{
    RUN(the_lost_have_one);
    RUN(nobody_else_has);
    RUN(it_waits_for_its_time);
    RUN(who_returns_calls_it_off);
    RUN(a_take_over_has_one_once_it_is_heard);
    RUN(a_crash_leaves_what_is_on_disk);
    return check_result();
}
