#include "stage.h"

#define SUBSCRIBE                                                              \
    "\x82\x06\x00\x01\x00\x01"                                                 \
    "a\x00"

static void accepted(void)
{
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS(SUBSCRIBE);
    STAGE_SENDS("\x90\x03\x00\x01\x00");
}

static void prints_and_ends_by_count(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "-C", "2", "-v");
    accepted();
    STAGE_SENDS("\x30\x04\x00\x01"
                "ax\x30\x03\x00\x01"
                "a\x30\x04\x00\x01"
                "az");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "a x\na (null)\n");
}

static void plain_leaves_empty_out(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "-C", "3");
    accepted();
    STAGE_SENDS("\x30\x03\x00\x01"
                "a\x30\x04\x00\x01"
                "ax\x30\x03\x00\x01"
                "a");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "x\n");
}

static void times_out(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "-W", "1", "--quiet");
    accepted();
    STAGE_GETS("\xe0\x00");
    stage_ends(27, "");
}

static void ends_on_a_signal(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "-N");
    accepted();
    STAGE_SENDS("\x32\x06\x00\x01"
                "a\x00\x05x");
    STAGE_GETS("\x40\x02\x00\x05");
    REQUIRE(kill(stage.pid, SIGINT) == 0);
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "x");
}

static void filters_out(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "-T", "b/#", "-R", "-C", "1",
                "-F", "%t=%p");
    accepted();
    STAGE_SENDS("\x30\x06\x00\x03"
                "b/cx\x31\x04\x00\x01"
                "ar\x30\x04\x00\x01"
                "ay");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "a=y\n");
}

static void retained_only(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "--retained-only");
    accepted();
    STAGE_SENDS("\x31\x04\x00\x01"
                "ar\x30\x04\x00\x01"
                "ay");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "r\n");
}

static void removes_retained(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "--remove-retained", "-C", "1");
    accepted();
    STAGE_SENDS("\x31\x04\x00\x01"
                "ar");
    STAGE_GETS("\x33\x05\x00\x01"
               "a\x00\x02");
    STAGE_SENDS("\x40\x02\x00\x02");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "r\n");
}

static void denied(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "--quiet");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS(SUBSCRIBE);
    STAGE_SENDS("\x90\x03\x00\x01\x80");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "");
}

static void refused(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "--quiet");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x05");
    stage_ends(5, "");
}

/* The connection is made anew, and so is the subscription. */
static void comes_back(void)
{
    STAGE_START(sub_main, "", "sub", "-t", "a", "-C", "1");
    accepted();
    close(stage.peer);
    stage.peer = accept(stage.server, NULL, NULL);
    REQUIRE(stage.peer >= 0);
    stage_patience(stage.peer);
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x82\x06\x00\x02\x00\x01"
               "a\x00");
    STAGE_SENDS("\x90\x03\x00\x02\x00\x30\x04\x00\x01"
                "ax");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "x\n");
}

int main(void)
{
    RUN(prints_and_ends_by_count);
    RUN(plain_leaves_empty_out);
    RUN(times_out);
    RUN(ends_on_a_signal);
    RUN(filters_out);
    RUN(retained_only);
    RUN(removes_retained);
    RUN(denied);
    RUN(refused);
    RUN(comes_back);
    return check_result();
}
