#include "check.h"
#include "cli/json.h"

static bool prints(const char *text, bool pretty, const char *want)
{
    char *out = NULL;
    size_t size = 0;
    if (!CHECK(json_valid(bytes_of(text)))) return false;
    FILE *to = open_memstream(&out, &size);
    json_print(to, bytes_of(text), pretty, 0);
    fclose(to);
    bool same = CHECK_STR(out, want);
    free(out);
    return same;
}

static void compact(void)
{
    CHECK(prints(" { \"a\" : [ 1 , 2,{}, [] ] ,\"b\":null}\n", false,
                 "{\"a\":[1,2,{},[]],\"b\":null}"));
    CHECK(prints("[true,false]", false, "[true,false]"));
    CHECK(prints("\"\\u00e9\\ud83d\\ude00\\/\\n\\u0001\"", false,
                 "\"\xc3\xa9\xf0\x9f\x98\x80/\\n\\u0001\""));
}

static void spread(void)
{
    CHECK(prints("{\"a\":[1,{\"b\":2}],\"c\":{}}", true,
                 "{\n\t\"a\":\t[1, {\n\t\t\t\"b\":\t2\n\t\t}],\n"
                 "\t\"c\":\t{\n\t}\n}"));
}

static void numbers(void)
{
    CHECK(prints("[0,-1,1e3,0.1,1.50,12345678901234567890,-0,2147483648]",
                 false,
                 "[0,-1,1000,0.1,1.5,1.2345678901234567e+19,0,2147483648]"));
    CHECK(prints("1e999", false, "null"));
}

static void invalid(void)
{
    static const char *const bad[] = {
        "",       " ",    "{",        "[1,]",      "{\"a\":1,}",  "{a:1}",
        "1 2",    "01",   "1.",       ".5",        "-",           "1e",
        "nul",    "\"a",  "\"\\x\"",  "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\n\"", "\xff", "\"\xff\"", "[1 2]",     "{\"a\" 1}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!CHECK(!json_valid(bytes_of(bad[i])))) {
            fprintf(stderr, "    text %s\n", bad[i]);
        }
    }
    CHECK(!json_valid(bytes_at("1\0", 2)));
}

/* Deep nesting is refused before the stack ends. */
static void nesting(void)
{
    static char deep[100001];
    memset(deep, '[', sizeof deep - 1);
    CHECK(!json_valid(bytes_of(deep)));
    memset(deep, '[', 900);
    memset(deep + 900, ']', 900);
    CHECK(json_valid(bytes_at(deep, 1800)));
}

static void strings(void)
{
    char *out = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&out, &size);
    json_print_string(to, bytes_at("a\"\\\b\t\x1f\0\xff", 8));
    fclose(to);
    CHECK_STR(out, "\"a\\\"\\\\\\b\\t\\u001f\\u0000\xff\"");
    free(out);
}

int main(void)
{
    RUN(compact);
    RUN(spread);
    RUN(numbers);
    RUN(invalid);
    RUN(nesting);
    RUN(strings);
    return check_result();
}
