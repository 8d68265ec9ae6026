/* value_test.c - what operators write. */
#include "broker/value.h"
#include "check.h"

static void booleans(void)
{
    bool value = false;
    CHECK(value_bool("true", &value) == NULL && value);
    CHECK(value_bool("No", &value) == NULL && !value);
    CHECK(value_bool("1", &value) == NULL && value);
    CHECK(value_bool("off", &value) == NULL && !value);
    CHECK(value_bool("truth", &value) != NULL);
    CHECK(value_bool("", &value) != NULL);
}

static void numbers(void)
{
    uint64_t value = 7;
    CHECK(value_number("0", &value) == NULL);
    CHECK_EQ(value, 0);
    CHECK(value_number("18446744073709551615", &value) == NULL);
    CHECK(value == UINT64_MAX);
    CHECK(value_number("18446744073709551616", &value) != NULL);
    CHECK(value_number("-1", &value) != NULL);
    CHECK(value_number("+1", &value) != NULL);
    CHECK(value_number("1 ", &value) != NULL);
    CHECK(value_number("0x10", &value) != NULL);
    CHECK(value_number("", &value) != NULL);
    CHECK(value == UINT64_MAX);
}

static void durations(void)
{
    uint32_t value = 7;
    CHECK(value_duration("90", &value) == NULL);
    CHECK_EQ(value, 90);
    CHECK(value_duration("12h", &value) == NULL);
    CHECK_EQ(value, 43200);
    CHECK(value_duration("14d", &value) == NULL);
    CHECK_EQ(value, 1209600);
    CHECK(value_duration("2w", &value) == NULL);
    CHECK_EQ(value, 1209600);
    CHECK(value_duration("1m", &value) == NULL);
    CHECK_EQ(value, 2592000);
    CHECK(value_duration("136y", &value) == NULL);
    CHECK(value_duration("137y", &value) != NULL);
    CHECK(value_duration("4294967295", &value) == NULL);
    CHECK(value_duration("4294967296", &value) != NULL);
    CHECK(value_duration("1d1", &value) != NULL);
    CHECK(value_duration("1x", &value) != NULL);
    CHECK(value_duration("d", &value) != NULL);
}

static void words(void)
{
    uint64_t index = 9;
    CHECK(value_word("oldest", "newest oldest", &index) == NULL);
    CHECK_EQ(index, 1);
    CHECK(value_word("NEWEST", "newest oldest", &index) == NULL);
    CHECK_EQ(index, 0);
    CHECK_STR(value_word("new", "newest oldest", &index), "newest oldest");
    CHECK(value_word("newest oldest", "newest oldest", &index) != NULL);
}

static void distances(void)
{
    CHECK_EQ(value_distance("", ""), 0);
    CHECK_EQ(value_distance("abc", "abc"), 0);
    CHECK_EQ(value_distance("abc", ""), 3);
    CHECK_EQ(value_distance("max_qso", "max_qos"), 1);
    CHECK_EQ(value_distance("listner", "listener"), 1);
    CHECK_EQ(value_distance("kitten", "sitting"), 3);
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CHECK(value_distance(longest, "x") > 100);
}

int main(void)
{
    RUN(booleans);
    RUN(numbers);
    RUN(durations);
    RUN(words);
    RUN(distances);
    return check_result();
}
