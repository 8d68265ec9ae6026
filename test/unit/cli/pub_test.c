#include "stage.h"

static void one_message(void)
{
    STAGE_START(pub_main, "", "pub", "-t", "a", "-m", "x", "-r");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x31\x04\x00\x01"
               "ax\xe0\x00");
    stage_ends(0, "");
}

static void waits_for_the_acknowledgement(void)
{
    STAGE_START(pub_main, "", "pub", "-t", "a", "-m", "x", "-q", "2",
                "--repeat", "2");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x34\x06\x00\x01"
               "a\x00\x01x");
    STAGE_SENDS("\x50\x02\x00\x01");
    STAGE_GETS("\x62\x02\x00\x01");
    STAGE_SENDS("\x70\x02\x00\x01");
    STAGE_GETS("\x34\x06\x00\x01"
               "a\x00\x02x");
    STAGE_SENDS("\x50\x02\x00\x02");
    STAGE_GETS("\x62\x02\x00\x02");
    STAGE_SENDS("\x70\x02\x00\x02");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "");
}

static void lines(void)
{
    STAGE_START(pub_main, "one\n\nlast", "pub", "-t", "a", "-l", "-q", "1");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x32\x08\x00\x01"
               "a\x00\x01one\x32\x05\x00\x01"
               "a\x00\x02\x32\x09\x00\x01"
               "a\x00\x03last");
    STAGE_SENDS("\x40\x02\x00\x01\x40\x02\x00\x02");
    STAGE_SENDS("\x40\x02\x00\x03");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "");
}

static void whole_input(void)
{
    STAGE_START(pub_main, "a\nb\n", "pub", "-t", "t", "-s");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x30\x07\x00\x01ta\nb\n\xe0\x00");
    stage_ends(0, "");
}

static void refused(void)
{
    STAGE_START(pub_main, "", "pub", "-t", "a", "-m", "x", "--quiet");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x04");
    stage_ends(4, "");
}

static void lost(void)
{
    STAGE_START(pub_main, "", "pub", "-t", "a", "-m", "x", "-q", "1",
                "--quiet");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x32\x06\x00\x01"
               "a\x00\x01x");
    shutdown(stage.peer, SHUT_WR);
    stage_ends(7, "");
}

int main(void)
{
    RUN(one_message);
    RUN(waits_for_the_acknowledgement);
    RUN(lines);
    RUN(whole_input);
    RUN(refused);
    RUN(lost);
    return check_result();
}
