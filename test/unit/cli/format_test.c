#include "check.h"
#include "cli/format.h"

static uint8_t space[256];
static struct mogi_message message;
/* 2026-11-20T07:20:49.999199012Z */
static const struct timespec NOW = {.tv_sec = 1795159249, .tv_nsec = 999199012};

static void start(const char *payload)
{
    memset(&message, 0, sizeof message);
    message.topic = mogi_text("fmt/topic");
    message.payload = mogi_text(payload);
    message.qos = 1;
    message.retain = true;
    message.packet_id = 7;
}

static void properties(void)
{
    struct mogi_properties p = mogi_properties_in(space, sizeof space);
    enum mogi_error e = MOGI_OK;
    e |= mogi_put_text(&p, MOGI_CONTENT_TYPE, mogi_text("text/plain"));
    e |= mogi_put_user(&p, mogi_text("k"), mogi_text("v"));
    e |= mogi_put_user(&p, mogi_text("k2"), mogi_text("v2"));
    e |= mogi_put_text(&p, MOGI_RESPONSE_TOPIC, mogi_text("re/sp"));
    e |= mogi_put_text(&p, MOGI_CORRELATION_DATA, mogi_text("corr"));
    e |= mogi_put_number(&p, MOGI_PAYLOAD_FORMAT, 1);
    e |= mogi_put_number(&p, MOGI_MESSAGE_EXPIRY, 1000);
    REQUIRE(e == MOGI_OK);
    message.properties = mogi_properties_bytes(&p);
}

static bool prints(const char *format, bool pretty, const char *want)
{
    char error[128];
    char *out = NULL;
    size_t size = 0;
    if (!CHECK(format_check(format, error, sizeof error))) return false;
    FILE *to = open_memstream(&out, &size);
    bool printed = format_print(to, format, pretty, &message, &NOW);
    fclose(to);
    bool same = CHECK_STR(out, want);
    free(out);
    return same && printed;
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
    CHECK(
        format_print(to, "\\\\\\n\\r\\t\\v\\a\\e\\0x", false, &message, &NOW));
    fclose(to);
    CHECK_BYTES(out, size, "\\\n\r\t\v\a\033\0x", 9);
    free(out);
}

static void as_json(void)
{
    start("a\"b");
    properties();
    CHECK(prints(
        "%j", false,
        "{\"tst\":\"2026-11-20T07:20:49.999199Z+0000\",\"topic\":\"fmt/"
        "topic\",\"qos\":1,\"retain\":1,\"payloadlen\":3,\"mid\":7,"
        "\"properties\":{\"content-type\":\"text/plain\",\"user-properties\":"
        "{\"k\":\"v\",\"k2\":\"v2\"},\"response-topic\":\"re/sp\","
        "\"correlation-data\":\"corr\",\"payload-format-indicator\":1,"
        "\"message-expiry-interval\":1000},\"payload\":\"a\\\"b\"}"));
    start("{\"a\": [1, {\"b\":null}]}");
    message.qos = 0;
    CHECK(prints("%J", true,
                 "{\n\t\"tst\":\t\"2026-11-20T07:20:49.999199Z+0000\",\n\t"
                 "\"topic\":\t\"fmt/topic\",\n\t\"qos\":\t0,\n\t\"retain\":\t"
                 "1,\n\t\"payloadlen\":\t22,\n\t\"payload\":\t{\n\t\t\"a\":\t"
                 "[1, {\n\t\t\t\t\"b\":\tnull\n\t\t\t}]\n\t}\n}"));
    start("no json");
    CHECK(!prints("<%J>", false, "<>"));
}

static void wrong_formats(void)
{
    static const struct {
        const char *format;
        const char *error;
    } wrong[] = {{"%t%", "Error: Incomplete format specifier.\n"},
                 {"%5", "Error: Incomplete format specifier.\n"},
                 {"%.", "Error: Incomplete format specifier.\n"},
                 {"%-", "Error: Incomplete format specifier.\n"},
                 {"@", "Error: Incomplete format specifier.\n"},
                 {"%z", "Error: Invalid format specifier 'z'.\n"},
                 {"%0-5l", "Error: Invalid format specifier '-'.\n"},
                 {"\\q", "Error: Invalid escape specifier 'q'.\n"},
                 {"\\", "Error: Incomplete escape specifier.\n"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char error[128] = "";
        CHECK(!format_check(wrong[i].format, error, sizeof error));
        CHECK_STR(error, wrong[i].error);
    }
}

int main(void)
{
    REQUIRE(setenv("TZ", "UTC", 1) == 0);
    tzset();
    RUN(about_the_message);
    RUN(about_properties);
    RUN(about_time);
    RUN(escapes);
    RUN(as_json);
    RUN(wrong_formats);
    return check_result();
}
