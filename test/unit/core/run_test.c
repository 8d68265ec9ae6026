/* run_test.c - publishes that come together do what they do one by one. */
#include "bench.h"
#include "core/acl.h"
#include "core/bounds.h"
#include "core/state.h"

/* A publisher, and four who may listen. */
struct cast {
    struct bench *b;
    uint32_t from, to[4];
};

struct story {
    const char *name;
    enum protocol protocol; /* of the publisher */
    void (*options)(struct options *options);
    void (*enter)(struct cast *cast);
    void (*say)(struct writer *w, enum protocol protocol);
    uint32_t taken; /* publishes that need no look of their own */
};

/* --- what is said -------------------------------------------------------- */

static void say(struct writer *w, enum protocol protocol, const char *topic,
                struct publish_out p)
{
    p.topic = bytes_of(topic);
    publish_encode(&p, protocol, w);
}

static void say_text(struct writer *w, enum protocol protocol,
                     const char *topic, const char *text)
{
    say(w, protocol, topic, (struct publish_out){.payload = bytes_of(text)});
}

/* Sizes of one byte, two and none. */
static void say_five(struct writer *w, enum protocol protocol)
{
    static const uint8_t large[300];
    say_text(w, protocol, "t", "first");
    say_text(w, protocol, "t", "second");
    say(w, protocol, "t",
        (struct publish_out){.payload = bytes_at(large, sizeof large)});
    say_text(w, protocol, "t", "");
    say_text(w, protocol, "t", "fifth");
}

/* Something else stands between them. */
static void say_mixed(struct writer *w, enum protocol protocol)
{
    static const uint8_t shared[PAYLOAD_SHARED_BYTES];
    struct publish_out kept = {.payload = bytes_of("kept"), .retain = true};
    struct publish_out sure = {
        .payload = bytes_of("sure"), .qos = 1, .packet_id = 1};
    struct publish_out twice = {
        .payload = bytes_of("twice"), .qos = 2, .packet_id = 2};
    say_five(w, protocol);
    say_text(w, protocol, "u", "other");
    say_text(w, protocol, "u", "topic");
    say(w, protocol, "t", kept);
    say_text(w, protocol, "t", "behind it");
    say(w, protocol, "t", sure);
    say_text(w, protocol, "t", "and that");
    say_text(w, protocol, "t", "together");
    ping_encode(PACKET_PINGREQ, w);
    say_text(w, protocol, "t", "after the ping");
    say(w, protocol, "t", twice);
    say(w, protocol, "t",
        (struct publish_out){.payload = bytes_at(shared, sizeof shared)});
    say_text(w, protocol, "t", "small again");
    say_text(w, protocol, "tt", "longer");
}

/* The last ends the connection. */
static void say_bad(struct writer *w, enum protocol protocol)
{
    say_text(w, protocol, "t", "1");
    say_text(w, protocol, "t", "2");
    say_text(w, protocol, "t", "3");
    write_bytes(w, bytes_at("\x30\x01\0", 3));
}

/* Properties that pass, the same in two of three; then those that do not. */
static void say_properties(struct writer *w, enum protocol protocol)
{
    uint8_t space[64];
    struct writer user = writer_at(space, sizeof space);
    property_write_user(&user, bytes_of("k"), bytes_of("v"));
    struct publish_out p = {.forward = writer_bytes(&user),
                            .payload = bytes_of("1")};
    say(w, protocol, "t", p);
    say(w, protocol, "t", p);
    say_text(w, protocol, "t", "none");
    p.has_message_expiry = true;
    p.message_expiry_s = 60;
    say(w, protocol, "t", p);
    say(w, protocol, "t", p);
    p = (struct publish_out){.payload = bytes_of("2"), .topic_alias = 1};
    say(w, protocol, "t", p);
    say(w, protocol, "", p);
    say(w, protocol, "", p);
}

/* Text that is none, where that is looked at. */
static void say_format(struct writer *w, enum protocol protocol)
{
    uint8_t space[8];
    struct writer format = writer_at(space, sizeof space);
    property_write_number(&format, PROPERTY_PAYLOAD_FORMAT, 1);
    struct publish_out p = {.forward = writer_bytes(&format),
                            .payload = bytes_of("good")};
    say(w, protocol, "t", p);
    say(w, protocol, "t", p);
    p.payload = bytes_of("\xff");
    say(w, protocol, "t", p);
}

/* More than is taken at once, and more than a client's output holds. */
static void say_much(struct writer *w, enum protocol protocol)
{
    static const uint8_t payload[1000];
    for (int i = 0; i < 900; i++) {
        say(w, protocol, "t",
            (struct publish_out){.payload = bytes_at(payload, i % 7 * 150u)});
    }
}

/* --- who listens --------------------------------------------------------- */

static void enter(struct cast *cast, int i, struct visit v)
{
    static const char *const IDS[] = {"x", "y", "z", "w"};
    v.id = IDS[i];
    cast->to[i] = bench_enter(cast->b, v);
}

static void enter_nobody(struct cast *cast)
{
    (void)cast;
}

static void enter_two(struct cast *cast)
{
    enter(cast, 0, (struct visit){.protocol = MQTT_311});
    enter(cast, 1, (struct visit){.protocol = MQTT_311});
    bench_want(cast->b, cast->to[0], "t", 0);
    bench_want(cast->b, cast->to[1], "#", 2);
}

static void enter_wild(struct cast *cast)
{
    enter(cast, 0, (struct visit){.protocol = MQTT_311});
    bench_want(cast->b, cast->to[0], "#", 1);
}

static void enter_both_versions(struct cast *cast)
{
    enter_two(cast);
    enter(cast, 2, (struct visit){.protocol = MQTT_50});
    bench_want(cast->b, cast->to[2], "+", 1);
}

static void enter_new(struct cast *cast)
{
    enter(cast, 0, (struct visit){0});
    bench_want(cast->b, cast->to[0], "t", 1);
}

static void enter_alias(struct cast *cast)
{
    enter_new(cast);
    enter(cast, 1, (struct visit){.alias_max = 5});
    bench_want(cast->b, cast->to[1], "t", 0);
}

static void enter_small(struct cast *cast)
{
    enter_new(cast);
    enter(cast, 1, (struct visit){.packet_max = 20});
    bench_want(cast->b, cast->to[1], "t", 0);
}

static void enter_numbered(struct cast *cast)
{
    enter_new(cast);
    struct subscribe_filter f = {.filter = bytes_of("#")};
    bench_say(cast->b, cast->to[0], bench_filter(cast->b, cast->to[0], f, 77));
    EXPECT_SUBACK(cast->b, cast->to[0], 0);
}

static void enter_group(struct cast *cast)
{
    enter_two(cast);
    enter(cast, 2, (struct visit){0});
    bench_want(cast->b, cast->to[2], "$share/g/t", 0);
}

static void enter_away(struct cast *cast)
{
    enter_new(cast);
    enter(cast, 1, (struct visit){.keep = true, .expiry_s = 100});
    bench_want(cast->b, cast->to[1], "t", 1);
    bench_cut(cast->b, cast->to[1]);
}

static void enter_stuck(struct cast *cast)
{
    enter_new(cast);
    cast->b->conns[cast->to[0]].stuck = true;
}

static void enter_itself(struct cast *cast)
{
    enter_new(cast);
    bench_want(cast->b, cast->from, "t", 0);
}

static void enter_no_local(struct cast *cast)
{
    enter_new(cast);
    struct subscribe_filter f = {.filter = bytes_of("t"), .no_local = true};
    bench_say(cast->b, cast->from, bench_filter(cast->b, cast->from, f, 0));
    EXPECT_SUBACK(cast->b, cast->from, 0);
}

/* --- what is configured -------------------------------------------------- */

static void option_none(struct options *options)
{
    (void)options;
}

static void option_duplicates(struct options *options)
{
    options->allow_duplicate_messages = true;
}

static void option_upgrade(struct options *options)
{
    options->upgrade_outgoing_qos = true;
}

static void option_size(struct options *options)
{
    options->message_size_limit = 200;
}

static void option_rate(struct options *options)
{
    options->max_packets_per_second = 4;
}

static void option_format(struct options *options)
{
    options->check_payload_format = true;
}

static struct acl_rule rules[] = {
    {.filter = {(const uint8_t *)"t", 1}, .access = ACL_WRITE},
    {.filter = {(const uint8_t *)"u", 1}, .access = ACL_READWRITE},
};
static int holders;

static void on_hold(void *owner)
{
    *(int *)owner += 1;
}

static const struct acl acl = {.anonymous = {.rules = rules, .count = 2},
                               .owner = &holders,
                               .ref = on_hold,
                               .unref = on_hold};

static void option_rules(struct options *options)
{
    options->listener.acl = &acl;
}

static void option_mount(struct options *options)
{
    (void)snprintf(options->listener.mount_point,
                   sizeof options->listener.mount_point, "m/");
}

/* --- together and apart -------------------------------------------------- */

static const struct story STORIES[] = {
    {"plain", MQTT_311, option_none, enter_two, say_five, 4},
    {"plain, 5.0", MQTT_50, option_none, enter_new, say_five, 4},
    {"to nobody", MQTT_31, option_none, enter_nobody, say_five, 4},
    {"mixed", MQTT_311, option_none, enter_two, say_mixed, 7},
    {"malformed", MQTT_311, option_none, enter_two, say_bad, 2},
    {"versions", MQTT_311, option_none, enter_both_versions, say_five, 0},
    {"properties", MQTT_50, option_none, enter_new, say_properties, 1},
    {"much", MQTT_50, option_none, enter_new, say_much, 597},
    {"much to who is stuck", MQTT_50, option_none, enter_stuck, say_much, 597},
    {"alias", MQTT_50, option_none, enter_alias, say_mixed, 1},
    {"packet size", MQTT_50, option_none, enter_small, say_five, 3},
    {"identifier", MQTT_50, option_none, enter_numbered, say_mixed, 0},
    {"group", MQTT_311, option_none, enter_group, say_mixed, 1},
    {"away", MQTT_50, option_none, enter_away, say_mixed, 1},
    {"to itself", MQTT_50, option_none, enter_itself, say_mixed, 7},
    {"no local", MQTT_50, option_none, enter_no_local, say_mixed, 7},
    {"duplicates", MQTT_50, option_duplicates, enter_numbered, say_five, 0},
    {"upgrade", MQTT_311, option_upgrade, enter_two, say_five, 0},
    {"size limit", MQTT_311, option_size, enter_two, say_five, 2},
    {"rate", MQTT_311, option_rate, enter_two, say_five, 0},
    {"format", MQTT_50, option_format, enter_new, say_format, 0},
    {"any format", MQTT_50, option_none, enter_new, say_format, 2},
    {"rules", MQTT_311, option_rules, enter_wild, say_mixed, 1},
    {"mount point", MQTT_311, option_mount, enter_two, say_mixed, 0},
};

static struct cast cast_new(const struct story *story, uint16_t shards)
{
    struct options options = bench_options();
    story->options(&options);
    struct cast cast = {.b = bench_new(shards, options)};
    struct visit v = {.id = "from", .protocol = story->protocol};
    cast.from = bench_enter(cast.b, v);
    story->enter(&cast);
    return cast;
}

/* Say all of it, in one read or packet by packet, and let time pass. Returns
 * how many publishes were looked at, if there is one shard. */
static uint64_t cast_say(const struct cast *cast, const struct story *story,
                         bool apart)
{
    static uint8_t room[1 << 19];
    struct writer w = writer_at(room, sizeof room);
    story->say(&w, story->protocol);
    REQUIRE(!w.failed);
    struct bytes all = writer_bytes(&w);
    struct bench *b = cast->b;
    (void)shard_stamp(b->shards[0]);
    uint64_t clock = b->shards[0]->clock;
    if (!apart) bench_say(b, cast->from, all);
    struct frame frame;
    for (; apart && all.size > 0; all = bytes_skip(all, frame.size)) {
        enum err e = frame_next(all, story->protocol, PACKET_SIZE_MAX, &frame);
        REQUIRE(e == OK || e == ERR_MORE);
        if (!b->conns[cast->from].open) break;
        bench_say(b, cast->from, bytes_at(all.data, frame.size));
    }
    clock = b->shards[0]->clock - clock;
    for (uint32_t i = 0; i < b->conn_count; i++)
        b->conns[i].stuck = false;
    bench_settle(b);
    bench_wait(b, 60000);
    return clock;
}

/* Both have heard, been told and counted the same. What is answered by several
 * shards may be in another order, but nothing that is delivered. */
static void cast_compare(const struct cast *one, const struct cast *other)
{
    const struct bench *a = one->b, *b = other->b;
    REQUIRE(a->conn_count == b->conn_count);
    for (uint32_t i = 0; i < a->conn_count; i++) {
        CHECK_EQ(a->conns[i].open, b->conns[i].open);
        CHECK_EQ(a->conns[i].paused, b->conns[i].paused);
        if (i == one->from && a->count > 1) continue;
        CHECK(bytes_equal(buffer_bytes(&a->conns[i].heard),
                          buffer_bytes(&b->conns[i].heard)));
    }
    for (unsigned i = 0; i < NOTE_KINDS; i++)
        CHECK_EQ(a->notes[i], b->notes[i]);
    CHECK_EQ(a->posts, b->posts);
    for (uint16_t shard = 0; shard < a->count; shard++) {
        for (unsigned i = 0; i < STAT_COUNT; i++) {
            CHECK_EQ(a->shards[shard]->stats.v[i],
                     b->shards[shard]->stats.v[i]);
        }
    }
}

static void together_as_apart(void)
{
    for (size_t i = 0; i < sizeof STORIES / sizeof STORIES[0]; i++) {
        const struct story *story = &STORIES[i];
        int before = check_failures;
        for (uint16_t shards = 1; shards <= BENCH_SHARDS; shards += 2) {
            struct cast together = cast_new(story, shards);
            struct cast apart = cast_new(story, shards);
            uint64_t looked = cast_say(&together, story, false);
            uint64_t all = cast_say(&apart, story, true);
            if (shards == 1) CHECK_EQ(all - looked, story->taken);
            cast_compare(&together, &apart);
            bench_free(together.b);
            bench_free(apart.b);
        }
        if (check_failures > before)
            fprintf(stderr, "    in \"%s\"\n", story->name);
    }
}

int main(void)
{
    RUN(together_as_apart);
    return check_result();
}
