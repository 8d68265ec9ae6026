#include "cli/format.h"
#include "printed.h"

/* What the payload would have to be, for what was printed last. */
static const char *wrong;

static bool prints(const char *format, bool pretty, const char *want)
{
    char error[128];
    char *out = NULL;
    size_t size = 0;
    if (!CHECK(format_check(format, error, sizeof error))) return false;
    FILE *to = open_memstream(&out, &size);
    wrong = format_print(to, format, pretty, &message, &NOW);
    fclose(to);
    bool same = CHECK_STR(out, want);
    free(out);
    return same && wrong == NULL;
}

/* All as mosquitto_sub 2.0.11 prints it. */
static void about_the_message(void)
{
    start("hello w\"o\\rld");
    CHECK(prints("%t %p %q %r %l %m", false,
                 "fmt/topic hello w\"o\\rld 1 1 13 7"));
    CHECK(prints("%%|%10t|%-12t|%5.3t|%.3t|%012t", false,
                 "%| fmt/topic|fmt/topic   |  fmt|fmt|   fmt/topic"));
    CHECK(prints("%5l|%-5l|%05l|%05m|%5m|%-5m|%5q%5r", false,
                 "   13|13   |00013|00007|    7|7    |11"));
    start("ab");
    CHECK(prints("%x|%X|%5p|%-5p|%05p|%6x|%-6x|%06X|%1p", false,
                 "6162|6162|   ab|ab   |000ab|  6162|6162  |006162|a"));
    start("");
    CHECK(prints("%p|%x|%l", false, "||0"));
}

static void about_properties(void)
{
    start("x");
    properties();
    CHECK(prints("%A|%C|%D|%E|%F|%P|%R|%S", false,
                 "|text/plain|corr|1000|1|k:v k2:v2|re/sp|"));
    CHECK(prints("%5F|%-5F|%05F|%12C|%-12C|%5.2C|%2.2R|%5A|%05A|%-3S|", false,
                 "    1|1    |00001|  text/plain|text/plain  |   te|re|     "
                 "|00000|   |"));
}

static void about_time(void)
{
    start("x");
    CHECK(prints("@Y-@m-@dT@H:@M:@S.@N@@ %I|%26I|%U", false,
                 "2026-11-20T07:20:49.999199012@ 2026-11-20T07:20:49+0000|"
                 "  2026-11-20T07:20:49+0000|1795159249.999199012"));
}

static void escapes(void)
{
    char *out = NULL;
    size_t size = 0;
    start("x");
    FILE *to = open_memstream(&out, &size);
    CHECK(format_print(to, "\\\\\\n\\r\\t\\v\\a\\e\\0x", false, &message,
                       &NOW) == NULL);
    fclose(to);
    CHECK_BYTES(out, size, "\\\n\r\t\v\a\033\0x", 9);
    free(out);
}

static void wrong_formats(void)
{
    static const struct {
        const char *format;
        const char *error;
    } bad[] = {{"%t%", "Error: Incomplete format specifier.\n"},
               {"%5", "Error: Incomplete format specifier.\n"},
               {"%.", "Error: Incomplete format specifier.\n"},
               {"%-", "Error: Incomplete format specifier.\n"},
               {"@", "Error: Incomplete format specifier.\n"},
               {"%z", "Error: Invalid format specifier 'z'.\n"},
               {"%0-5l", "Error: Invalid format specifier '-'.\n"},
               {"\\q", "Error: Invalid escape specifier 'q'.\n"},
               {"\\", "Error: Incomplete escape specifier.\n"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char error[128] = "";
        CHECK(!format_check(bad[i].format, error, sizeof error));
        CHECK_STR(error, bad[i].error);
    }
}

/* As mosquitto_sub 2.1 prints it. */
static void hexadecimal_in_groups(void)
{
    start("message");
    CHECK(prints("%.1x", false, "6 d 6 5 7 3 7 3 6 1 6 7 6 5"));
    CHECK(prints("%.2x|%.2:X", false,
                 "6d 65 73 73 61 67 65|6D:65:73:73:61:67:65"));
    CHECK(prints("%.4.x|%.20x|%.0x", false,
                 "6d65.7373.6167.65|6d657373616765|6d657373616765"));
    CHECK(prints("%24.2x|%-24.2x|", false,
                 "    6d 65 73 73 61 67 65|6d 65 73 73 61 67 65    |"));
    start("");
    CHECK(prints("<%.2x>", false, "<>"));
}

static void numbers_of_ieee_754(void)
{
    static const uint8_t two[] = {0x58, 0x39, 0xb4, 0xc8,
                                  0x76, 0xbe, 0x05, 0x40};
    static const uint8_t one[] = {0xf4, 0xfd, 0x34, 0x3f};
    start("x");
    message.payload = (struct mogi_bytes){two, sizeof two};
    CHECK(prints("%.3d|%8.2d|%-8.2d|%08.2d|%d", false,
                 "2.718|    2.72|2.72    |00002.72|2.718000"));
    CHECK(!prints("<%f>", false, "<>"));
    CHECK_STR(wrong, "a float (4 bytes)");
    message.payload = (struct mogi_bytes){one, sizeof one};
    CHECK(prints("%.3f", false, "0.707"));
    CHECK(!prints("<%d>", false, "<>"));
    CHECK_STR(wrong, "a double (8 bytes)");
}

int main(void)
{
    REQUIRE(setenv("TZ", "UTC", 1) == 0);
    tzset();
    RUN(about_the_message);
    RUN(about_properties);
    RUN(about_time);
    RUN(escapes);
    RUN(wrong_formats);
    RUN(hexadecimal_in_groups);
    RUN(numbers_of_ieee_754);
    return check_result();
}
