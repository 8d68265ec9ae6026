/* format_json_test.c - all as mosquitto_sub 2.1 prints it. */
#include "cli/format_json.h"
#include "printed.h"

static bool prints(bool pretty, bool raw, const char *want)
{
    char *out = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&out, &size);
    bool printed = format_json(to, pretty, raw, &message, &NOW);
    fclose(to);
    bool same = CHECK_STR(out, want);
    free(out);
    return same && printed;
}

static void as_json(void)
{
    start("a\"b");
    properties();
    CHECK(prints(
        false, false,
        "{\"tst\":\"2026-11-20T07:20:49.999199+0000\",\"topic\":\"fmt/"
        "topic\",\"qos\":1,\"retain\":true,\"payloadlen\":3,\"mid\":7,"
        "\"properties\":{\"content-type\":\"text/plain\",\"user-properties\":"
        "[{\"k\":\"v\"},{\"k2\":\"v2\"}],\"response-topic\":\"re/sp\","
        "\"correlation-data\":\"corr\",\"payload-format-indicator\":1,"
        "\"message-expiry-interval\":1000},\"payload\":\"a\\\"b\"}"));
    start("{\"a\": [1, {\"b\":null}]}");
    message.qos = 0;
    CHECK(
        prints(true, true,
               "{\n\t\"tst\":\t\"2026-11-20T07:20:49.999199+0000\",\n\t"
               "\"topic\":\t\"fmt/topic\",\n\t\"qos\":\t0,\n\t\"retain\":\t"
               "true,\n\t\"payloadlen\":\t22,\n\t\"payload\":\t{\n\t\t\"a\":\t"
               "[1, {\n\t\t\t\t\"b\":\tnull\n\t\t\t}]\n\t}\n}"));
    start("no json");
    CHECK(!prints(false, true, ""));
}

/* An object each: a key may come twice. */
static void user_properties_in_their_order(void)
{
    struct mogi_properties p = mogi_properties_in(space, sizeof space);
    start("x");
    message.qos = 0;
    message.retain = false;
    REQUIRE(mogi_put_user(&p, mogi_text("k"), mogi_text("2")) == MOGI_OK);
    REQUIRE(mogi_put_number(&p, MOGI_MESSAGE_EXPIRY, 9) == MOGI_OK);
    REQUIRE(mogi_put_user(&p, mogi_text("k"), mogi_text("1")) == MOGI_OK);
    message.properties = mogi_properties_bytes(&p);
    CHECK(prints(
        true, false,
        "{\n\t\"tst\":\t\"2026-11-20T07:20:49.999199+0000\",\n\t"
        "\"topic\":\t\"fmt/topic\",\n\t\"qos\":\t0,\n\t\"retain\":\tfalse,\n\t"
        "\"payloadlen\":\t1,\n\t\"properties\":\t{\n\t\t\"user-properties\":\t"
        "[{\n\t\t\t\t\"k\":\t\"2\"\n\t\t\t}, {\n\t\t\t\t\"k\":\t\"1\"\n\t\t\t}]"
        ",\n\t\t\"message-expiry-interval\":\t9\n\t},\n\t\"payload\":\t\"x\""
        "\n}"));
}

int main(void)
{
    REQUIRE(setenv("TZ", "UTC", 1) == 0);
    RUN(as_json);
    RUN(user_properties_in_their_order);
    return check_result();
}
