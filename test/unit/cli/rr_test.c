/* rr_test.c - a request and its response, byte by byte. */
#include "stage.h"

#define CONNECT_5 "\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x01\x00\x00"
#define SUBSCRIBE                                                              \
    "\x82\x09\x00\x01\x00\x00\x03"                                             \
    "ans\x00"
#define REQUEST                                                                \
    "\x30\x0d\x00\x03"                                                         \
    "ask\x06\x08\x00\x03"                                                      \
    "ansx"

/* As far as the request. */
static void asked(void)
{
    STAGE_GETS(CONNECT_5);
    STAGE_SENDS("\x20\x03\x00\x00\x00");
    STAGE_GETS(SUBSCRIBE);
    STAGE_SENDS("\x90\x04\x00\x01\x00\x00");
    STAGE_GETS(REQUEST);
}

static void a_request_says_where_to_answer(void)
{
    STAGE_START(rr_main, "", "rr", "-t", "ask", "-e", "ans", "-m", "x", "-v");
    asked();
    STAGE_SENDS("\x30\x08\x00\x03"
                "ans\x00yo");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "ans yo\n");
}

static void before_5_it_is_known(void)
{
    STAGE_START(rr_main, "x", "rr", "-t", "ask", "-e", "ans", "-s", "-V", "311",
                "-R");
    STAGE_GETS(STAGE_CONNECT);
    STAGE_SENDS("\x20\x02\x00\x00");
    STAGE_GETS("\x82\x08\x00\x01\x00\x03"
               "ans\x00");
    STAGE_SENDS("\x90\x03\x00\x01\x00");
    STAGE_GETS("\x30\x06\x00\x03"
               "askx");
    STAGE_SENDS("\x31\x08\x00\x03"
                "ansold");
    STAGE_SENDS("\x30\x07\x00\x03"
                "ansyo");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "yo\n");
}

/* Correlation data of another is no answer; none at all may be one. */
static void answers_to_others_are_left_out(void)
{
    STAGE_START(rr_main, "", "rr", "-t", "ask", "-e", "ans", "-n", "-D",
                "publish", "correlation-data", "me");
    STAGE_GETS(CONNECT_5);
    STAGE_SENDS("\x20\x03\x00\x00\x00");
    STAGE_GETS(SUBSCRIBE);
    STAGE_SENDS("\x90\x04\x00\x01\x00\x00");
    STAGE_GETS("\x30\x11\x00\x03"
               "ask\x0b\x09\x00\x02me\x08\x00\x03"
               "ans");
    STAGE_SENDS("\x30\x0d\x00\x03"
                "ans\x05\x09\x00\x02yo"
                "no");
    STAGE_SENDS("\x30\x0e\x00\x03"
                "ans\x05\x09\x00\x02me"
                "yes");
    STAGE_GETS("\xe0\x00");
    stage_ends(0, "yes\n");
}

static void no_answer_in_time(void)
{
    STAGE_START(rr_main, "", "rr", "-t", "ask", "-e", "ans", "-m", "x", "-W",
                "1", "--quiet");
    asked();
    STAGE_GETS("\xe0\x01\x04");
    stage_ends(27, "");
}

static void who_may_not_listen_does_not_ask(void)
{
    STAGE_START(rr_main, "", "rr", "-t", "ask", "-e", "ans", "-m", "x",
                "--quiet");
    STAGE_GETS(CONNECT_5);
    STAGE_SENDS("\x20\x03\x00\x00\x00");
    STAGE_GETS(SUBSCRIBE);
    STAGE_SENDS("\x90\x04\x00\x01\x00\x87");
    STAGE_GETS("\xe0\x00");
    stage_ends(1, "");
}

static void a_broker_that_leaves(void)
{
    STAGE_START(rr_main, "", "rr", "-t", "ask", "-e", "ans", "-m", "x",
                "--quiet");
    asked();
    shutdown(stage.peer, SHUT_WR);
    stage_ends(7, "");
}

static void requests_that_cannot_be(void)
{
    char name[] = "rr", topic[] = "-t", a[] = "a", *argv[] = {name, topic, a};
    FILE *quiet = freopen("/dev/null", "w", stderr);
    CHECK(quiet != NULL);
    CHECK_EQ(rr_main(3, argv), 1);
}

int main(void)
{
    RUN(a_request_says_where_to_answer);
    RUN(before_5_it_is_known);
    RUN(answers_to_others_are_left_out);
    RUN(no_answer_in_time);
    RUN(who_may_not_listen_does_not_ask);
    RUN(a_broker_that_leaves);
    RUN(requests_that_cannot_be);
    return check_result();
}
