#include "check.h"
#include "wire/topic.h"

static bool name(const char *text)
{
    return topic_name_valid(bytes_of(text));
}

static bool filter(const char *text)
{
    return topic_filter_valid(bytes_of(text));
}

static bool matches(const char *f, const char *n)
{
    return topic_matches(bytes_of(f), bytes_of(n));
}

/* [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.0-1] */
static void names(void)
{
    CHECK(name("a"));
    CHECK(name("/"));
    CHECK(name("a//b"));
    CHECK(name("$SYS/broker"));
    CHECK(name("ACCOUNTS PAYABLE"));
    CHECK(!name(""));
    CHECK(!name("#"));
    CHECK(!name("a/+"));
    CHECK(!name("a+"));
    CHECK(!topic_name_valid(bytes_at("a\0b", 3)));
}

static void sizes(void)
{
    static char text[TOPIC_SIZE_MAX + 1];
    memset(text, '/', sizeof text);
    CHECK(topic_name_valid(bytes_at(text, TOPIC_SIZE_MAX)));
    CHECK(!topic_name_valid(bytes_at(text, TOPIC_SIZE_MAX + 1)));
    CHECK(topic_filter_valid(bytes_at(text, TOPIC_SIZE_MAX)));
    CHECK(!topic_filter_valid(bytes_at(text, TOPIC_SIZE_MAX + 1)));
    memcpy(text, "$share/g", 8);
    CHECK(topic_subscription_valid(bytes_at(text, TOPIC_SIZE_MAX)));
    CHECK(!topic_subscription_valid(bytes_at(text, TOPIC_SIZE_MAX + 1)));
    CHECK(topic_matches(bytes_at(text, TOPIC_SIZE_MAX),
                        bytes_at(text, TOPIC_SIZE_MAX)));
    CHECK(!topic_matches(bytes_at(text, TOPIC_SIZE_MAX),
                         bytes_at(text, TOPIC_SIZE_MAX - 1)));
}

/* [MQTT-4.7.1-1] [MQTT-4.7.1-2] */
static void filters(void)
{
    CHECK(filter("#"));
    CHECK(filter("+"));
    CHECK(filter("/"));
    CHECK(filter("/#"));
    CHECK(filter("+/+"));
    CHECK(filter("+/tennis/#"));
    CHECK(filter("sport/+/player1"));
    CHECK(!filter(""));
    CHECK(!filter("sport/tennis#"));
    CHECK(!filter("sport/tennis/#/ranking"));
    CHECK(!filter("#/"));
    CHECK(!filter("##"));
    CHECK(!filter("+#"));
    CHECK(!filter("sport+"));
    CHECK(!filter("+sport"));
    CHECK(!filter("a/++/b"));
    CHECK(!filter("a/#b"));
    CHECK(!topic_filter_valid(bytes_at("a\0", 2)));
    CHECK(topic_has_wildcard(bytes_of("a/#")));
    CHECK(topic_has_wildcard(bytes_of("+/a")));
    CHECK(!topic_has_wildcard(bytes_of("a/b")));
    CHECK(!topic_has_wildcard(bytes_of("")));
}

static void share_refused(const char *text)
{
    struct bytes group;
    struct bytes rest;
    CHECK_EQ(topic_share_split(bytes_of(text), &group, &rest), ERR_FILTER);
}

/* [MQTT-4.8.2-1] [MQTT-4.8.2-2] */
static void shares(void)
{
    struct bytes group;
    struct bytes rest;
    struct bytes text = bytes_of("$share/group/a/+/#");
    CHECK_EQ(topic_share_split(text, &group, &rest), OK);
    CHECK_BYTES(group.data, group.size, "group", 5);
    CHECK_BYTES(rest.data, rest.size, "a/+/#", 5);
    CHECK_EQ(topic_share_split(bytes_of("$share/g//"), &group, &rest), OK);
    CHECK_BYTES(rest.data, rest.size, "/", 1);
    share_refused("$share//x");
    share_refused("$share/a+/x");
    share_refused("$share/#/x");
    share_refused("$share/+/x");
    share_refused("$share/a");
    share_refused("$share/a/");
    share_refused("$share/");
    share_refused("$share/a/x#");
    share_refused("$share");
    share_refused("a/b");
    share_refused("abcdefg/group/x");
    share_refused("$Share/group/x");
    CHECK(topic_is_shared(bytes_of("$share/")));
    CHECK(!topic_is_shared(bytes_of("$share")));
    CHECK(!topic_is_shared(bytes_of("$SHARE/a/b")));
    CHECK(topic_subscription_valid(bytes_of("a/#")));
    CHECK(topic_subscription_valid(bytes_of("$share/a/#")));
    CHECK(!topic_subscription_valid(bytes_of("$share//#")));
    CHECK(!topic_subscription_valid(bytes_of("a#")));
}

/* The examples of MQTT 5.0, 4.7.1 and 4.7.3, and what lies between them. */
static void matching(void)
{
    CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1"));
    CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
    CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/a/b"));
    CHECK(!matches("sport/tennis/player1/#", "sport/tennis/player10"));
    CHECK(matches("sport/#", "sport"));
    CHECK(matches("sport/#", "sport/"));
    CHECK(matches("#", "a/b"));
    CHECK(matches("#", "/"));
    CHECK(matches("sport/tennis/+", "sport/tennis/player1"));
    CHECK(!matches("sport/tennis/+", "sport/tennis/player1/ranking"));
    CHECK(!matches("sport/+", "sport"));
    CHECK(matches("sport/+", "sport/"));
    CHECK(matches("+/+", "/finance"));
    CHECK(matches("/+", "/finance"));
    CHECK(!matches("+", "/finance"));
    CHECK(matches("a//b", "a//b"));
    CHECK(matches("a/+/b", "a//b"));
    CHECK(!matches("a/b", "a//b"));
    CHECK(!matches("accounts", "ACCOUNTS"));
    CHECK(!matches("/a", "a"));
    CHECK(!matches("a", "a/"));
    CHECK(matches("+/#", "a"));
    CHECK(matches("a/+/#", "a/b"));
    CHECK(!matches("a/+/#", "a"));
}

/* [MQTT-4.7.2-1] */
static void dollar_topics(void)
{
    CHECK(!matches("#", "$SYS/uptime"));
    CHECK(!matches("+/uptime", "$SYS/uptime"));
    CHECK(!matches("+", "$SYS"));
    CHECK(matches("$SYS/#", "$SYS/uptime"));
    CHECK(matches("$SYS/#", "$SYS"));
    CHECK(matches("$SYS/+", "$SYS/uptime"));
    CHECK(matches("#", "a/$SYS"));
    CHECK(matches("+/+", "a/$SYS"));
}

static void levels(void)
{
    static const char *const WANT[] = {"a", "", "b", ""};
    struct topic_levels at = topic_levels_of(bytes_of("a//b/"));
    struct bytes level;
    for (size_t i = 0; i < 4; i++) {
        CHECK(topic_level_next(&at, &level));
        CHECK_BYTES(level.data, level.size, WANT[i], strlen(WANT[i]));
        CHECK_EQ(at.done, i == 3);
    }
    CHECK(!topic_level_next(&at, &level));
    at = topic_levels_of(bytes_of(""));
    CHECK(topic_level_next(&at, &level));
    CHECK_EQ(level.size, 0);
    CHECK(!topic_level_next(&at, &level));
}

int main(void)
{
    RUN(names);
    RUN(sizes);
    RUN(filters);
    RUN(shares);
    RUN(matching);
    RUN(dollar_topics);
    RUN(levels);
    return check_result();
}
