#include "check.h"
#include "mogi/tiny.h"

static void put_and_walk(void)
{
    uint8_t space[40];
    struct mogi_properties p = mogi_properties_in(space, sizeof space);
    CHECK_EQ(mogi_put_number(&p, MOGI_PAYLOAD_FORMAT, 1), MOGI_OK);
    CHECK_EQ(mogi_put_number(&p, MOGI_MESSAGE_EXPIRY, 258), MOGI_OK);
    CHECK_EQ(mogi_put_text(&p, MOGI_CONTENT_TYPE, mogi_text("ab")), MOGI_OK);
    CHECK_EQ(mogi_put_user(&p, mogi_text("k"), mogi_text("v")), MOGI_OK);
    CHECK_EQ(mogi_put_number(&p, MOGI_SUBSCRIPTION_ID, 128), MOGI_OK);
    static const uint8_t want[] = "\x01\x01\x02\x00\x00\x01\x02\x03\x00\x02"
                                  "ab\x26\x00\x01k\x00\x01v\x0b\x80\x01";
    struct mogi_bytes region = mogi_properties_bytes(&p);
    CHECK_BYTES(region.data, region.size, want, sizeof want - 1);

    struct mogi_property found;
    CHECK(mogi_property_find(region, MOGI_SUBSCRIPTION_ID, &found));
    CHECK_EQ(found.number, 128);
    CHECK(!mogi_property_find(region, MOGI_TOPIC_ALIAS, &found));
    size_t count = 0;
    while (mogi_property_next(&region, &found)) {
        count += 1;
        if (found.id != MOGI_USER_PROPERTY) continue;
        CHECK_BYTES(found.key.data, found.key.size, "k", 1);
        CHECK_BYTES(found.text.data, found.text.size, "v", 1);
    }
    CHECK_EQ(count, 5);
    CHECK_EQ(region.size, 0);
}

static void put_refuses(void)
{
    uint8_t space[4];
    struct mogi_properties p = mogi_properties_in(space, sizeof space);
    CHECK_EQ(mogi_put_number(&p, MOGI_CONTENT_TYPE, 1), MOGI_ERROR_ARGUMENT);
    CHECK_EQ(mogi_put_number(&p, (enum mogi_property_id)0x7f, 1),
             MOGI_ERROR_ARGUMENT);
    CHECK_EQ(mogi_put_number(&p, MOGI_TOPIC_ALIAS, 65536), MOGI_ERROR_ARGUMENT);
    CHECK_EQ(mogi_put_text(&p, MOGI_TOPIC_ALIAS, mogi_text("a")),
             MOGI_ERROR_ARGUMENT);
    CHECK_EQ(mogi_put_text(&p, MOGI_USER_PROPERTY, mogi_text("a")),
             MOGI_ERROR_ARGUMENT);
    CHECK_EQ(mogi_put_number(&p, MOGI_MESSAGE_EXPIRY, 1), MOGI_ERROR_TOO_LARGE);
    CHECK_EQ(p.used, 0);
    static uint8_t large[65536];
    struct mogi_bytes text = {large, sizeof large};
    CHECK_EQ(mogi_put_text(&p, MOGI_CONTENT_TYPE, text), MOGI_ERROR_ARGUMENT);
}

int main(void)
{
    RUN(put_and_walk);
    RUN(put_refuses);
    return check_result();
}
