/* mount_test.c - topics and filters inside, and as clients see them. */
#include "bench.h"
#include "core/conn.h"
#include "core/mount.h"
#include "core/state.h"

static struct bench *b;
static const struct conn *inside, *outside;

static void open_both(void)
{
    static struct options_listener listeners[2];
    struct options options = bench_options();
    listeners[0] = listeners[1] = options.listener;
    memcpy(listeners[1].mount_point, "mnt/", 5);
    options.listeners = listeners;
    options.listener_count = 2;
    b = bench_new(1, options);
    uint32_t a = b->conn_count++;
    b->conns[a] = (struct bench_conn){.open = true};
    buffer_init(&b->conns[a].heard, b->paper);
    bench_step(
        b, 0, (struct event){.kind = EVENT_OPENED, .conn = {a}, .listener = 1});
    inside = conn_find(b->shards[0], (struct conn_id){a});
    outside = conn_find(b->shards[0], (struct conn_id){bench_open(b, 0)});
}

static bool text_is(struct bytes text, const char *want)
{
    return bytes_equal(text, bytes_of(want));
}

static void topics(void)
{
    open_both();
    struct shard *shard = b->shards[0];
    struct bytes topic = bytes_of("a/b");
    CHECK_EQ(mount_topic(shard, inside, &topic), OK);
    CHECK(text_is(topic, "mnt/a/b"));
    CHECK(mount_strip(shard, 1, &topic) && text_is(topic, "a/b"));
    topic = bytes_of("a/b");
    CHECK_EQ(mount_topic(shard, outside, &topic), OK);
    CHECK(text_is(topic, "a/b"));
    CHECK(mount_strip(shard, 0, &topic) && text_is(topic, "a/b"));
    CHECK(!mount_strip(shard, 1, &topic));
    topic = bytes_of("mnt/");
    CHECK(!mount_strip(shard, 1, &topic));
    topic = bytes_of("mn");
    CHECK(!mount_strip(shard, 1, &topic));
    bench_free(b);
}

static void filters(void)
{
    static const struct {
        const char *said, *meant;
    } list[] = {
        {"#", "mnt/#"},
        {"+/a", "mnt/+/a"},
        {"$share/g/a/#", "$share/g/mnt/a/#"},
        {"$SYS/#", "mnt/$SYS/#"},
    };
    open_both();
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct bytes filter = bytes_of(list[i].said);
        CHECK_EQ(mount_filter(b->shards[0], inside, &filter), OK);
        CHECK(text_is(filter, list[i].meant));
        filter = bytes_of(list[i].said);
        CHECK_EQ(mount_filter(b->shards[0], outside, &filter), OK);
        CHECK(text_is(filter, list[i].said));
    }
    bench_free(b);
}

static void too_long(void)
{
    static uint8_t text[65535];
    memset(text, 't', sizeof text);
    open_both();
    struct bytes topic = bytes_at(text, sizeof text - 4);
    CHECK_EQ(mount_topic(b->shards[0], inside, &topic), OK);
    CHECK_EQ(topic.size, sizeof text);
    topic = bytes_at(text, sizeof text - 3);
    CHECK_EQ(mount_topic(b->shards[0], inside, &topic), ERR_TOPIC);
    CHECK_EQ(mount_filter(b->shards[0], inside, &topic), ERR_FILTER);
    CHECK_EQ(mount_topic(b->shards[0], outside, &topic), OK);
    bench_free(b);
}

int main(void)
{
    RUN(topics);
    RUN(filters);
    RUN(too_long);
    return check_result();
}
