/* membership_test.c - a session is a member, on its own terms. */
#include "core/membership.h"
#include "core/session.h"
#include "core/state.h"
#include "members.h"

/* QoS and identifier are each member's own. */
static void options_of_member(void)
{
    struct bench *b = bench_new(3, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    struct subscribe_filter f = {
        .filter = bytes_of(GROUP), .qos = 0, .retain_as_published = true};
    bench_say(b, a, bench_filter(b, a, f, 42));
    EXPECT_SUBACK(b, a, 0);
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_of("x"),
                            .retain = true,
                            .qos = 1,
                            .packet_id = 1};
    bench_say(b, from, bench_publish(b, from, &p));
    struct publish got = EXPECT_MESSAGE(b, a, "t", "x");
    CHECK_EQ(got.qos, 0);
    CHECK(got.retain);
    CHECK_EQ(got.properties.subscription_id, 42);
    bench_free(b);
}

/* A second SUBSCRIBE changes it; UNSUBSCRIBE ends it. */
static void once_in_each_group(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    struct session *s = session_find(b->shards[0], bytes_of("a"));
    REQUIRE(s != NULL);
    CHECK(membership_find(s, bytes_of(GROUP)) == NULL);
    bench_want(b, a, GROUP, 0);
    bench_want(b, a, GROUP, 2);
    bench_want(b, a, "$share/h/t", 1);
    CHECK_EQ(s->ties->membership_count, 2);
    CHECK_EQ(s->subscription_count, 2);
    struct membership *membership = membership_find(s, bytes_of(GROUP));
    REQUIRE(membership != NULL);
    CHECK_EQ(membership->options.qos, 2);
    bench_say(b, a, bench_unfilter(b, a, GROUP));
    EXPECT_UNSUBACK(b, a, 0);
    CHECK(membership_find(s, bytes_of(GROUP)) == NULL);
    CHECK_EQ(s->subscription_count, 1);
    bench_free(b);
}

/* Who has a full window is asked again when it has said that there is room. */
static void busy_until_there_is_room(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    struct visit v = {.id = "a", .receive_max = 1};
    uint32_t a = bench_enter(b, v);
    v.id = "b";
    uint32_t other = bench_enter(b, v);
    bench_want(b, a, GROUP, 1);
    bench_want(b, other, GROUP, 1);
    struct session *s = session_find(b->shards[0], bytes_of("a"));
    REQUIRE(s != NULL);
    const struct membership *membership = membership_find(s, bytes_of(GROUP));
    members_tell(b, from, 2);
    CHECK(!s->busy && !membership->busy);
    members_tell(b, from, 1);
    CHECK(s->busy && membership->busy);
    bench_ack(b, a, PACKET_PUBACK, 1, 0);
    if (s->busy) bench_ack(b, a, PACKET_PUBACK, 2, 0);
    CHECK(!s->busy && !membership->busy);
    bench_free(b);
}

int main(void)
{
    RUN(options_of_member);
    RUN(once_in_each_group);
    RUN(busy_until_there_is_room);
    return check_result();
}
