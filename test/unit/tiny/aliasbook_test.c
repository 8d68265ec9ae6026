#include "rig.h"
#include "tiny/aliasbook.h"

static struct rig r;

static bool is(uint16_t alias, const char *topic)
{
    struct bytes found;
    if (!aliasbook_get(&r.t, alias, &found)) return topic == NULL;
    return topic != NULL && bytes_equal(found, bytes_of(topic));
}

/* 32 bytes: entries of 4 and the topic. */
static void set_replace_overflow(void)
{
    rig_init(&r);
    CHECK(is(1, NULL));
    CHECK(aliasbook_set(&r.t, 1, bytes_of("aaaa")));
    CHECK(aliasbook_set(&r.t, 2, bytes_of("bb")));
    CHECK(aliasbook_set(&r.t, 3, bytes_of("cccccccc")));
    CHECK(is(1, "aaaa") && is(2, "bb") && is(3, "cccccccc"));
    CHECK(aliasbook_set(&r.t, 1, bytes_of("A")));
    CHECK(is(1, "A") && is(2, "bb") && is(3, "cccccccc"));
    CHECK(!aliasbook_set(&r.t, 4, bytes_of("ddddddd")));
    CHECK(is(4, NULL) && is(1, "A"));
    CHECK(aliasbook_set(&r.t, 3, bytes_of("c")));
    CHECK(aliasbook_set(&r.t, 4, bytes_of("ddddddd")));
    CHECK(is(1, "A") && is(2, "bb") && is(3, "c") && is(4, "ddddddd"));
}

int main(void)
{
    RUN(set_replace_overflow);
    return check_result();
}
