/* json_test.c - what is read, and what is refused and why. */
#include "auth/json.h"
#include "check.h"

static void values_are_read(void)
{
    const char *why;
    struct bytes text = bytes_of(
        " {\"a\":\"x\\\\u0000\",\"A\":1.5e3,\"l\":[[],{}],\"n\":null} ");
    cJSON *tree = json_read(text, &why);
    REQUIRE(tree != NULL);
    CHECK_STR(json_text(tree, "a"), "x\\u0000");
    CHECK(json_text(tree, "A") == NULL);
    CHECK(json_text(tree, "b") == NULL);
    uint64_t number = 0;
    CHECK(json_number(json_member(tree, "A"), &number));
    CHECK_EQ(number, 1500);
    CHECK(!json_number(json_member(tree, "a"), &number));
    CHECK(!json_number(json_member(tree, "z"), &number));
    CHECK(cJSON_IsArray(json_member(tree, "l")));
    cJSON_Delete(tree);
}

static void numbers_are_bounded(void)
{
    static const struct {
        const char *text;
        bool fine;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},
        {"1700000000.9", true, 1700000000},
        {"9007199254740992", true, 9007199254740992},
        {"-1", false, 0},
        {"1e300", false, 0},
        {"1e999", false, 0},
        {"\"5\"", false, 0},
        {"true", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        cJSON *tree = json_read(bytes_of(cases[i].text), &why);
        REQUIRE(tree != NULL);
        uint64_t value = 0;
        CHECK_EQ(json_number(tree, &value), cases[i].fine);
        CHECK_EQ(value, cases[i].value);
        cJSON_Delete(tree);
    }
}

static void check_refused(struct bytes text, const char *because)
{
    const char *why = NULL;
    uint8_t *copy = check_guard(text.data, text.size);
    cJSON *tree = json_read(bytes_at(copy, text.size), &why);
    CHECK(tree == NULL);
    CHECK_STR(why, because);
    cJSON_Delete(tree);
    check_guard_free(copy, text.size);
}

static void odd_text_is_refused(void)
{
    check_refused(bytes_of(""), "it is not JSON");
    check_refused(bytes_of("{"), "it is not JSON");
    check_refused(bytes_of("{} {}"), "it is not JSON");
    check_refused(bytes_of("{\"a\":1,}"), "it is not JSON");
    check_refused(bytes_of("\"\\"), "it is not JSON");
    check_refused(bytes_of("\"\\ud800\""), "it is not JSON");
    check_refused(bytes_at("1\0", 2), "it is not UTF-8");
    check_refused(bytes_at("\"\xff\"", 3), "it is not UTF-8");
    check_refused(bytes_of("\"a\\u0000b\""), "it holds a NUL");
    check_refused(bytes_of("\"\\\\\\u0000\""), "it holds a NUL");
    check_refused(bytes_of("{\"a\":1,\"a\":2}"), "a name stands in it twice");
    check_refused(bytes_of("[{\"a\":1,\"\\u0061\":2}]"),
                  "a name stands in it twice");
}

static void text_of(char *text, size_t count, const char *unit)
{
    size_t size = strlen(unit);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, unit, size);
    text[count * size] = '\0';
}

static void size_is_bounded(void)
{
    static char text[JSON_SIZE_MAX + 2];
    text_of(text, JSON_DEPTH_MAX + 1, "[");
    check_refused(bytes_of(text), "it is nested too deeply");
    text_of(text, JSON_DEPTH_MAX, "[");
    check_refused(bytes_of(text), "it is not JSON");
    text_of(text, JSON_SIZE_MAX + 1, " ");
    check_refused(bytes_of(text), "it is too large");
    size_t size = 0;
    for (unsigned i = 0; i <= JSON_MEMBERS_MAX; i++) {
        size += (size_t)snprintf(text + size, 16, "%c\"%u\":1",
                                 i == 0 ? '{' : ',', i);
    }
    (void)snprintf(text + size, 2, "}");
    check_refused(bytes_of(text), "an object in it has too many members");
    text_of(text, 20, "\"[[\",");
    text[strlen(text) - 1] = '\0';
    check_refused(bytes_of(text), "it is not JSON"); /* but is not too deep */
}

static void an_object_may_be_asked_for(void)
{
    const char *why;
    cJSON *tree = json_read_object(bytes_of("{}"), &why);
    CHECK(tree != NULL && why == NULL);
    cJSON_Delete(tree);
    CHECK(json_read_object(bytes_of("[]"), &why) == NULL);
    CHECK_STR(why, "it is no JSON object");
}

int main(void)
{
    RUN(values_are_read);
    RUN(numbers_are_bounded);
    RUN(odd_text_is_refused);
    RUN(size_is_bounded);
    RUN(an_object_may_be_asked_for);
    return check_result();
}
