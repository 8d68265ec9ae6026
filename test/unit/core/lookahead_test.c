/* lookahead_test.c - to look ahead changes nothing, and happens where it pays.
 */
#include "bench.h"
#include "core/conn.h"
#include "core/lookahead.h"
#include "core/state.h"

enum { ROOM = 1 << 16, MANY = 10000 };

static uint8_t room[ROOM];

/* Some packets in one read. */
struct read {
    struct writer w;
};

static struct read read_new(void)
{
    return (struct read){writer_at(room, sizeof room)};
}

static void read_publish(struct read *read, const char *topic,
                         const char *payload)
{
    struct publish_out p = {.topic = bytes_of(topic),
                            .payload = bytes_of(payload)};
    publish_encode(&p, MQTT_50, &read->w);
}

/* The same, to be kept; its topic is "t/" and `number`. */
static void read_keep(struct read *read, int number)
{
    char topic[16];
    snprintf(topic, sizeof topic, "t/%d", number);
    struct publish_out p = {
        .retain = true, .topic = bytes_of(topic), .payload = bytes_of("1")};
    publish_encode(&p, MQTT_50, &read->w);
}

static uint32_t enter(struct bench *b, const char *id)
{
    struct visit v = {.id = id};
    return bench_enter(b, v);
}

/* All of a read arrives in its order, the same topic twice too. */
static void nothing_is_changed(void)
{
    struct bench *b = bench_new(1, bench_options());
    shard_look_ahead(b->shards[0]);
    uint32_t from = enter(b, "from"), to = enter(b, "to");
    bench_want(b, to, "a/b", 0);
    bench_want(b, to, "a/+", 0);
    bench_want(b, to, "c/#", 0);
    struct read read = read_new();
    static const char *const TOPICS[] = {"a/b", "c", "x", "a/x", "c/d", "a/b"};
    for (int i = 0; i < 6; i++)
        read_publish(&read, TOPICS[i], "1");
    bench_say(b, from, writer_bytes(&read.w));
    static const char *const HEARD[] = {"a/b", "c", "a/x", "c/d", "a/b"};
    for (int i = 0; i < 5; i++)
        EXPECT_MESSAGE(b, to, HEARD[i], "1");
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* Who subscribes and unsubscribes in the middle of a read is served by what
 * holds at each publish. */
static void changes_in_between_count(void)
{
    struct bench *b = bench_new(1, bench_options());
    shard_look_ahead(b->shards[0]);
    uint32_t self = enter(b, "self");
    struct read read = read_new();
    struct subscribe_filter f = {.filter = bytes_of("t/+")};
    read_publish(&read, "t/1", "early");
    write_bytes(&read.w, bench_filter(b, self, f, 0));
    read_publish(&read, "t/1", "now");
    write_bytes(&read.w, bench_unfilter(b, self, "t/+"));
    read_publish(&read, "t/1", "late");
    bench_say(b, self, writer_bytes(&read.w));
    EXPECT_SUBACK(b, self, 0);
    EXPECT_MESSAGE(b, self, "t/1", "now");
    EXPECT_UNSUBACK(b, self, 0);
    EXPECT_QUIET(b, self);
    bench_free(b);
}

/* What is no topic is looked at and refused, what came before it arrives. */
static void malformed_is_still_malformed(void)
{
    static const struct bytes BAD[] = {
        {(const uint8_t *)"\x30\x04\0\x01+\0", 6},
        {(const uint8_t *)"\x30\x04\0\x01\xff\0", 6},
        {(const uint8_t *)"\x30\x03\0\xff+", 5},
        {(const uint8_t *)"\x30\x01\0", 3},
        {(const uint8_t *)"\x30\xff\xff\xff\xff\x01", 6},
        {(const uint8_t *)"\0\0", 2},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct bench *b = bench_new(1, bench_options());
        shard_look_ahead(b->shards[0]);
        uint32_t from = enter(b, "from"), to = enter(b, "to");
        bench_want(b, to, "#", 0);
        struct read read = read_new();
        read_publish(&read, "good", "1");
        write_bytes(&read.w, BAD[i]);
        read_publish(&read, "lost", "1");
        bench_say(b, from, writer_bytes(&read.w));
        CHECK(!b->conns[from].open);
        EXPECT_MESSAGE(b, to, "good", "1");
        EXPECT_QUIET(b, to);
        bench_free(b);
    }
}

/* Publishes of topics in turn, several times, 100 in a read. */
static void publish_all(struct bench *b, uint32_t from, int first, int count)
{
    for (int i = 0; i < count; i += 100) {
        struct read read = read_new();
        for (int k = i; k < i + 100; k++) {
            char topic[16];
            snprintf(topic, sizeof topic, "t/%d", first + k);
            read_publish(&read, topic, "1");
        }
        bench_say(b, from, writer_bytes(&read.w));
    }
}

/* Is a publish of `number` looked at now? */
static bool looks(struct bench *b, uint32_t number)
{
    struct shard *shard = b->shards[0];
    struct read read = read_new();
    read_publish(&read, "t/5000", "1");
    struct bytes in = writer_bytes(&read.w);
    const struct conn *conn = conn_find(shard, (struct conn_id){number});
    CHECK_EQ(lookahead(shard, conn, in), in.size);
    struct bytes topic = bytes_at(in.data + 4, 6);
    if (!shard->lookahead.looked) return false;
    CHECK(lookahead_hash(shard, topic) != 0);
    lookahead_end(shard);
    CHECK(!shard->lookahead.looked);
    return true;
}

/* In a small index nobody looks ahead, nor in a large one for topics that are
 * resolved already; else they do. */
static void only_where_it_pays(void)
{
    struct options options = bench_options();
    struct bench *b = bench_new(1, options);
    struct shard *shard = b->shards[0];
    uint32_t from = enter(b, "from"), to = enter(b, "to");
    publish_all(b, from, 0, 1000);
    CHECK(!looks(b, from));
    for (int i = 0; i < MANY; i++) {
        char filter[16];
        snprintf(filter, sizeof filter, "t/%d", i);
        bench_want(b, to, filter, 0);
    }
    for (int i = 0; i < 4; i++)
        publish_all(b, from, 0, 100);
    uint64_t resolved = topics_resolved_count(shard->topics);
    publish_all(b, from, 0, 100);
    CHECK(topics_resolved_count(shard->topics) < resolved + 20);
    CHECK(!looks(b, from));
    publish_all(b, from, 1000, 1000);
    CHECK(looks(b, from));
    bench_free(b);
}

/* Are `count` messages looked at that `from` keeps next? */
static bool keeps_look(struct bench *b, uint32_t from, int first, int count)
{
    struct shard *shard = b->shards[0];
    struct read one = read_new();
    read_keep(&one, 0);
    bench_say(b, from, writer_bytes(&one.w));
    struct read read = read_new();
    for (int i = 0; i < count; i++)
        read_keep(&read, first + i);
    const struct conn *conn = conn_find(shard, (struct conn_id){from});
    struct bytes in = writer_bytes(&read.w);
    CHECK_EQ(lookahead(shard, conn, in), in.size);
    bool looked = shard->lookahead.looked;
    if (looked) lookahead_end(shard);
    return looked;
}

/* Of many messages that are kept, those that were not met a moment ago. */
static void only_where_kept_is_far(void)
{
    struct options options = bench_options();
    struct bench *b = bench_new(1, options);
    uint32_t from = enter(b, "from");
    CHECK(!keeps_look(b, from, 20, 2));
    for (int i = 0; i < MANY; i += 100) {
        struct read read = read_new();
        for (int k = i; k < i + 100; k++)
            read_keep(&read, k);
        bench_say(b, from, writer_bytes(&read.w));
    }
    CHECK_EQ(retain_count(b->shards[0]->retain), MANY);
    CHECK(!keeps_look(b, from, 20, 1));
    CHECK(keeps_look(b, from, 20, 2));
    CHECK(!keeps_look(b, from, 20, 2));
    CHECK(keeps_look(b, from, 20, 4));
    CHECK(!looks(b, from));
    bench_free(b);
}

int main(void)
{
    RUN(nothing_is_changed);
    RUN(changes_in_between_count);
    RUN(malformed_is_still_malformed);
    RUN(only_where_it_pays);
    RUN(only_where_kept_is_far);
    return check_result();
}
