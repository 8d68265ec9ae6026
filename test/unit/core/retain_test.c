/* retain_test.c - the tree against a plain loop over all topics. */
#include "core/retain.h"
#include "index.h"
#include "wire/topic.h"

#include <time.h>

enum { TOPICS = 300, SEEN_MAX = 1000 };

static struct pool *pool;
static struct retain *retain;

static void begin(void)
{
    pool = unit_pool();
    retain = retain_new(pool, test_key);
}

static void end(void)
{
    retain_free(retain);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* Retain one message; what retain_take says. */
static enum err set_for(const char *topic, const char *payload, uint64_t stamp,
                        uint64_t expires_ms, uint64_t limit)
{
    struct message m = {
        .topic = bytes_of(topic),
        .payload = bytes_of(payload),
        .stamp = stamp,
        .expires_ms = expires_ms,
        .retain = true,
    };
    struct body *body = message_share(&m, pool);
    REQUIRE(body != NULL);
    message_done(&m);
    enum err e = retain_take(retain, &body, limit);
    CHECK(body == NULL);
    return e;
}

static void set(const char *topic, const char *payload, uint64_t stamp)
{
    CHECK_EQ(set_for(topic, payload, stamp, 0, 0), OK);
}

static void check_payload(const char *topic, const char *want)
{
    struct body *body = retain_get(retain, bytes_of(topic));
    if (!CHECK((body != NULL) == (want != NULL)) || want == NULL) return;
    CHECK_BYTES(body->message.payload.data, body->message.payload.size, want,
                strlen(want));
}

static void newest_stays(void)
{
    begin();
    check_payload("a/b", NULL);
    set("a/b", "one", 10);
    check_payload("a/b", "one");
    check_payload("a", NULL);
    set("a/b", "two", 20);
    set("a/b", "late", 15);
    check_payload("a/b", "two");
    CHECK_EQ(retain_count(retain), 1);
    CHECK_EQ(retain_bytes(retain), 3);
    CHECK(!retain_clear(retain, bytes_of("a/b"), 19));
    CHECK(!retain_clear(retain, bytes_of("a"), 30));
    check_payload("a/b", "two");
    CHECK(retain_clear(retain, bytes_of("a/b"), 21));
    CHECK(!retain_clear(retain, bytes_of("a/b"), 22));
    check_payload("a/b", NULL);
    CHECK_EQ(retain_count(retain), 0);
    CHECK_EQ(retain_bytes(retain), 0);
    end();
}

static void limit_is_kept(void)
{
    begin();
    CHECK_EQ(set_for("a", "x", 1, 0, 2), OK);
    CHECK_EQ(set_for("b", "x", 2, 0, 2), OK);
    CHECK_EQ(set_for("c/d", "x", 3, 0, 2), ERR_FULL);
    check_payload("c/d", NULL);
    CHECK_EQ(set_for("b", "y", 4, 0, 2), OK);
    check_payload("b", "y");
    CHECK(retain_clear(retain, bytes_of("a"), 5));
    CHECK_EQ(set_for("c/d", "x", 6, 0, 2), OK);
    end();
}

/* The broker's figures take no room from those of clients. */
static void limit_is_of_clients(void)
{
    begin();
    CHECK_EQ(set_for("$SYS/broker/uptime", "x", 1, 0, 1), OK);
    CHECK_EQ(set_for("a", "x", 2, 0, 1), OK);
    CHECK_EQ(set_for("$SYS/broker/version", "x", 3, 0, 1), OK);
    CHECK_EQ(set_for("b", "x", 4, 0, 1), ERR_FULL);
    CHECK_EQ(set_for("$SYSTEM", "x", 5, 0, 1), ERR_FULL);
    CHECK(retain_clear(retain, bytes_of("$SYS/broker/uptime"), 6));
    CHECK_EQ(set_for("b", "x", 7, 0, 1), ERR_FULL);
    CHECK(retain_clear(retain, bytes_of("a"), 8));
    CHECK_EQ(set_for("b", "x", 9, 0, 1), OK);
    CHECK_EQ(retain_count(retain), 2);
    end();
}

struct seen {
    struct body *bodies[SEEN_MAX];
    size_t count;
};

static void see(struct body *body, void *context)
{
    struct seen *seen = context;
    REQUIRE(seen->count < SEEN_MAX);
    seen->bodies[seen->count++] = body;
}

static size_t seen_times(const struct seen *seen, struct bytes topic)
{
    size_t times = 0;
    for (size_t i = 0; i < seen->count; i++) {
        times += bytes_equal(seen->bodies[i]->message.topic, topic);
    }
    return times;
}

/* To look ahead at some changes nothing, and harms nothing. */
static void fetch_some(char (*names)[TEXT_MAX])
{
    struct bytes topics[RETAIN_FETCH_MAX];
    size_t count = test_random(RETAIN_FETCH_MAX + 1);
    for (size_t i = 0; i < count; i++)
        topics[i] = bytes_of(names[test_random(TOPICS)]);
    if (count > 0) topics[0] = bytes_of("#/+\377");
    retain_fetch(retain, topics, count);
}

static void churn_is_as_plain(void)
{
    begin();
    static char names[TOPICS][TEXT_MAX];
    for (int i = 0; i < TOPICS; i++)
        test_text(names[i], false);
    for (uint64_t step = 1; step <= 4000; step++) {
        const char *name = names[test_random(TOPICS)];
        if (test_random(5) < 3) {
            uint64_t expires_ms = test_random(3) == 0 ? step + 500 : 0;
            CHECK_EQ(set_for(name, "p", step, expires_ms, 0), OK);
        } else {
            retain_clear(retain, bytes_of(name), step);
        }
        if (step % 10 == 0) retain_sweep(retain, step, 40, NULL, NULL);
        if (step % 3 == 0) fetch_some(names);
        if (step % 4 != 0) continue;
        char text[TEXT_MAX];
        struct bytes filter = test_text(text, true);
        static struct seen seen;
        seen.count = 0;
        retain_match(retain, filter, step, see, &seen);
        size_t total = 0;
        for (int i = 0; i < TOPICS; i++) {
            bool twice = false;
            for (int j = 0; j < i && !twice; j++) {
                twice = strcmp(names[i], names[j]) == 0;
            }
            if (twice) continue;
            struct bytes topic = bytes_of(names[i]);
            struct body *body = retain_get(retain, topic);
            bool want = body != NULL &&
                        !message_expired(&body->message, step) &&
                        topic_matches(filter, topic);
            CHECK_EQ(seen_times(&seen, topic), want);
            total += want;
        }
        CHECK_EQ(seen.count, total);
    }
    CHECK(retain_count(retain) > 0);
    for (int i = 0; i < TOPICS; i++) {
        retain_clear(retain, bytes_of(names[i]), UINT64_MAX);
    }
    CHECK_EQ(retain_count(retain), 0);
    CHECK_EQ(retain_bytes(retain), 0);
    end();
}

static void sweep_drops_what_expired(void)
{
    begin();
    for (uint32_t i = 0; i < 1000; i++) {
        char name[TEXT_MAX];
        snprintf(name, sizeof name, "%u/%u/x", i % 7, i);
        CHECK_EQ(set_for(name, "p", 1, i % 2 == 0 ? 100 : 0, 0), OK);
        name[strlen(name) - 2] = 0;
        if (i % 3 == 0) CHECK_EQ(set_for(name, "q", 1, 100, 0), OK);
    }
    struct seen seen = {.count = 0};
    retain_sweep(retain, 99, SIZE_MAX, see, &seen);
    CHECK_EQ(seen.count, 0);
    int calls = 0;
    while (seen.count < 834 && calls < 1000) {
        size_t before = seen.count;
        retain_sweep(retain, 100, 16, NULL, NULL);
        seen.count = 1334 - (size_t)retain_count(retain);
        CHECK(seen.count - before <= 64);
        calls++;
    }
    CHECK_EQ(retain_count(retain), 500);
    CHECK(calls > 50);
    end();
}

static void leave(struct body *body, void *context)
{
    (void)body;
    (*(size_t *)context)++;
}

/* Levels without end, and a filter as deep: no recursion, linear time. */
static void depth_is_no_danger(void)
{
    begin();
    static char name[TOPIC_SIZE_MAX + 1], plus[TOPIC_SIZE_MAX + 1];
    memset(name, '/', TOPIC_SIZE_MAX);
    for (size_t i = 0; i < TOPIC_SIZE_MAX; i++)
        plus[i] = i % 2 ? '/' : '+';
    set(name, "p", 1);
    name[TOPIC_SIZE_MAX / 2] = 0;
    set(name, "p", 1);
    size_t count = 0;
    retain_match(retain, bytes_of("#"), 0, leave, &count);
    CHECK_EQ(count, 2);
    retain_match(retain, bytes_of("+/#"), 0, leave, &count);
    CHECK_EQ(count, 4);
    retain_match(retain, bytes_of(plus), 0, leave, &count);
    CHECK_EQ(count, 5);
    CHECK(retain_clear(retain, bytes_of(name), 2));
    name[TOPIC_SIZE_MAX / 2] = '/';
    CHECK(retain_clear(retain, bytes_of(name), 2));
    end();
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Messages of 64 bytes on topics of 20. What a lookup costs is what matches,
 * not what is stored. */
static void memory_and_time_are_bounded(void)
{
    enum { COUNT = 200000 };
    begin();
    static const char payload[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    size_t before = pool_bytes(pool);
    double start = seconds();
    for (int i = 0; i < COUNT; i++) {
        char name[TEXT_MAX];
        snprintf(name, sizeof name, "site/%03d/dev/%07d", i % 1000, i);
        set(name, payload, 1);
    }
    double done = seconds();
    size_t each = (pool_bytes(pool) - before) / COUNT;
    fprintf(stderr, "%zu bytes a message, set %.0f ns\n", each,
            (done - start) * 1e9 / COUNT);
    CHECK(each <= 300);
    size_t count = 0;
    for (int i = 0; i < 1000; i++) {
        char name[TEXT_MAX];
        snprintf(name, sizeof name, "site/%03d/+/%07d", i, i);
        retain_match(retain, bytes_of(name), 0, leave, &count);
    }
    CHECK_EQ(count, 1000);
    double matched = seconds();
    fprintf(stderr, "match of one: %.0f ns\n", (matched - done) * 1e6);
    before = pool_bytes(pool);
    retain_match(retain, bytes_of("site/007/dev/nobody"), 0, leave, &count);
    retain_match(retain, bytes_of("+/+/nobody/#"), 0, leave, &count);
    CHECK_EQ(count, 1000);
    CHECK_EQ(pool_bytes(pool), before);
    start = seconds();
    retain_match(retain, bytes_of("#"), 0, leave, &count);
    CHECK_EQ(count, 1000 + COUNT);
    fprintf(stderr, "match of all: %.0f ns each\n",
            (seconds() - start) * 1e9 / COUNT);
    end();
}

int main(void)
{
    RUN(newest_stays);
    RUN(limit_is_kept);
    RUN(limit_is_of_clients);
    RUN(churn_is_as_plain);
    RUN(sweep_drops_what_expired);
    RUN(depth_is_no_danger);
    RUN(memory_and_time_are_bounded);
    return check_result();
}
