/* topic_option_test.c - topics, filters, and URLs with a topic. */
#include "check.h"
#include "cli/topic_option.h"

static struct arguments a;
static const char *items[3][4];

static void begin(enum arguments_command command)
{
    free(a.url);
    a = (struct arguments){.command = command,
                           .topics = {items[0], 0},
                           .filters_out = {items[1], 0},
                           .unsubscribes = {items[2], 0}};
}

static void a_topic_is_no_filter(void)
{
    begin(ARGUMENTS_PUB);
    CHECK(topic_option_topic(&a, "a/b"));
    CHECK_STR(a.topic, "a/b");
    CHECK(!topic_option_topic(&a, "a/+"));
    CHECK_STR(a.error, "Error: Invalid publish topic 'a/+', does it contain "
                       "'+' or '#'?\n");
    CHECK(!topic_option_topic(&a, "\xff"));
    CHECK_STR(a.error, "Error: Malformed UTF-8 in -t argument.\n\n");
    begin(ARGUMENTS_RR);
    CHECK(topic_option_topic(&a, "a") && topic_option_response(&a, "b"));
    CHECK_STR(a.response_topic, "b");
    CHECK(!topic_option_response(&a, "b/#"));
    CHECK_STR(a.error, "Error: Invalid response topic 'b/#', does it contain "
                       "'+' or '#'?\n");
    CHECK(topic_option_will(&a, "w"));
    CHECK_STR(a.will_topic, "w");
    CHECK(!topic_option_will(&a, "+"));
}

static void filters_are_gathered(void)
{
    begin(ARGUMENTS_SUB);
    CHECK(topic_option_topic(&a, "a/#") && topic_option_topic(&a, "+"));
    CHECK_EQ(a.topics.count, 2);
    CHECK_STR(a.topics.items[1], "+");
    CHECK(topic_option_filter_out(&a, "x/+"));
    CHECK(topic_option_unsubscribe(&a, "y"));
    CHECK_STR(a.filters_out.items[0], "x/+");
    CHECK_STR(a.unsubscribes.items[0], "y");
    CHECK(!topic_option_topic(&a, "a#"));
    CHECK(!topic_option_filter_out(&a, "++"));
    CHECK(!topic_option_unsubscribe(&a, "#/a"));
    CHECK_STR(a.error, "Error: Invalid unsubscribe topic '#/a', are all '+' "
                       "and '#' wildcards correct?\n");
}

static void urls(void)
{
    begin(ARGUMENTS_PUB);
    CHECK(topic_option_url(&a, "MQTTS://u:p@[::1]:99/a/b"));
    CHECK_STR(a.client.host, "::1");
    CHECK_EQ(a.client.port, 99);
    CHECK_STR(a.user_name, "u");
    CHECK_STR(a.password, "p");
    CHECK_STR(a.topic, "a/b");
    CHECK(a.tls_by_url);
    CHECK(topic_option_url(&a, "mqtt://h/t"));
    CHECK_EQ(a.client.port, 1883);
    CHECK_STR(a.client.host, "h");
    CHECK(!a.tls_by_url);
}

static void wrong_urls(void)
{
    static const struct {
        const char *url, *error;
    } wrong[] = {
        {"http://h/t", "Error: Unsupported URL scheme.\n\n"},
        {"mqtt:/h/t", "Error: Unsupported URL scheme.\n\n"},
        {"mqtt://h", "Error: Invalid URL for -L argument specified - topic "
                     "missing.\n"},
        {"ws://h", "Error: Invalid URL for -L argument specified - topic "
                   "missing.\n"},
        {"ws://h/t", "Error: ws:// and wss:// are not in this version of mogi; "
                     "use mqtt:// or mqtts://.\n\n"},
        {"mqtt://h:0/t", "Error: Invalid port given: 0\n"},
        {"mqtt://h/+", "Error: Invalid publish topic '+', does it contain '+' "
                       "or '#'?\n"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin(ARGUMENTS_PUB);
        CHECK(!topic_option_url(&a, wrong[i].url));
        CHECK_STR(a.error, wrong[i].error);
    }
}

int main(void)
{
    RUN(a_topic_is_no_filter);
    RUN(filters_are_gathered);
    RUN(urls);
    RUN(wrong_urls);
    free(a.url);
    return check_result();
}
