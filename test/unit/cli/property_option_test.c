#include "check.h"
#include "cli/property_option.h"

static struct arguments a;

/* Words as after -D; the number of words taken, or -1. */
static int take(const char *one, const char *two, const char *three,
                const char *four)
{
    static char words[4][64];
    char *argv[5] = {words[0], words[0], words[1], words[2], words[3]};
    const char *given[4] = {one, two, three, four};
    int argc = 1;
    memset(&a, 0, sizeof a);
    for (int i = 0; i < 4 && given[i] != NULL; i++, argc++) {
        snprintf(words[i], sizeof words[i], "%s", given[i]);
    }
    int index = 1;
    bool taken = property_option_take(&a, argc, argv, &index);
    return taken ? index : -1;
}

static bool region_is(enum arguments_region region, const char *want,
                      size_t size)
{
    struct mogi_bytes b = arguments_region_bytes(&a, region);
    bool same = CHECK_BYTES(b.data, b.size, want, size);
    arguments_fini(&a);
    return same;
}

static void good(void)
{
    CHECK_EQ(take("publish", "content-type", "ab", NULL), 3);
    CHECK_EQ(a.client.connect.version, MOGI_MQTT_50);
    CHECK(region_is(REGION_PUBLISH,
                    "\x03\x00\x02"
                    "ab",
                    5));
    CHECK_EQ(take("connect", "user-property", "k", "v"), 4);
    CHECK(region_is(REGION_CONNECT, "\x26\x00\x01k\x00\x01v", 7));
    CHECK_EQ(take("will", "will-delay-interval", "258", NULL), 3);
    CHECK(region_is(REGION_WILL, "\x18\x00\x00\x01\x02", 5));
    CHECK_EQ(take("subscribe", "subscription-identifier", "128", NULL), 3);
    CHECK(region_is(REGION_SUBSCRIBE, "\x0b\x80\x01", 3));
    CHECK_EQ(take("disconnect", "session-expiry-interval", "1", NULL), 3);
    CHECK(region_is(REGION_DISCONNECT, "\x11\x00\x00\x00\x01", 5));
    CHECK_EQ(take("PUBLISH", "Payload-Format-Indicator", "1", NULL), 3);
    CHECK(region_is(REGION_PUBLISH, "\x01\x01", 2));
}

static void bad(void)
{
    CHECK_EQ(take("publish", "content-type", NULL, NULL), -1);
    CHECK(strstr(a.error, "not enough arguments") != NULL);
    CHECK_EQ(take("publish", "user-property", "k", NULL), -1);
    CHECK(strstr(a.error, "not enough arguments") != NULL);
    CHECK_EQ(take("foo", "content-type", "x", NULL), -1);
    CHECK(strstr(a.error, "Invalid command") != NULL);
    CHECK_EQ(take("publish", "foo", "x", NULL), -1);
    CHECK(strstr(a.error, "Invalid property name") != NULL);
    CHECK_EQ(take("publish", "will-delay-interval", "1", NULL), -1);
    CHECK_STR(a.error, "Error: will-delay-interval property not allowed for "
                       "publish in --property argument.\n\n");
    CHECK_EQ(take("publish", "subscription-identifier", "1", NULL), -1);
    CHECK_EQ(take("publish", "payload-format-indicator", "300", NULL), -1);
    CHECK_STR(a.error, "Error: Property value (300) out of range for property "
                       "payload-format-indicator.\n\n");
    arguments_fini(&a);
    CHECK_EQ(take("publish", "topic-alias", "1x", NULL), -1);
    CHECK_STR(a.error, "Error: Property value '1x' not a number.\n\n");
    arguments_fini(&a);
}

int main(void)
{
    RUN(good);
    RUN(bad);
    return check_result();
}
