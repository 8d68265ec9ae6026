/* watch_test.c - each topic has its line, in the order of their first messages.
 */
#include "check.h"
#include "cli/watch.h"

#include <stdlib.h>

static struct watch w;

static const char *went(const char *topic)
{
    static char text[64];
    FILE *to = fmemopen(text, sizeof text, "w");
    REQUIRE(to != NULL);
    if (topic != NULL) watch_go(&w, to, mogi_text(topic));
    watch_leave(&w, to);
    fclose(to);
    return text;
}

static void a_screen_is_cleared(void)
{
    char text[64];
    FILE *to = fmemopen(text, sizeof text, "w");
    REQUIRE(to != NULL);
    watch_begin(to, "localhost");
    fclose(to);
    CHECK_STR(text, "\033[2J\033[1;1HBroker: localhost\n");
    CHECK_STR(went(NULL), "\033[2;1H");
}

static void a_topic_keeps_its_line(void)
{
    CHECK_STR(went("a"), "\033[2;1H\033[K\033[3;1H");
    CHECK_STR(went("b"), "\033[3;1H\033[K\033[4;1H");
    CHECK_STR(went("a"), "\033[2;1H\033[K\033[4;1H");
    CHECK_STR(went("ab"), "\033[4;1H\033[K\033[5;1H");
    watch_fini(&w);
}

static void too_many_share_one(void)
{
    char topic[8];
    for (int i = 0; i < WATCH_TOPICS_MAX; i++) {
        snprintf(topic, sizeof topic, "%d", i);
        went(topic);
    }
    CHECK_STR(went("999"), "\033[1001;1H\033[K\033[1003;1H");
    CHECK_STR(went("x"), "\033[1002;1H\033[K\033[1003;1H");
    CHECK_STR(went("y"), "\033[1002;1H\033[K\033[1003;1H");
    CHECK_STR(went("0"), "\033[2;1H\033[K\033[1003;1H");
    watch_fini(&w);
}

int main(void)
{
    RUN(a_screen_is_cleared);
    RUN(a_topic_keeps_its_line);
    RUN(too_many_share_one);
    return check_result();
}
