/* source_test.c - who said something, written down and judged. */
#include "bench.h"
#include "core/session.h"
#include "core/source.h"
#include "core/state.h"

static struct acl_rule rules[] = {
    {{(const uint8_t *)"own/%u/%c", 9}, ACL_WRITE, true, 1}};
static struct acl acl = {.patterns = {.rules = rules, .count = 1}};

static struct bench *fenced(void)
{
    struct options options = bench_options();
    options.listener.acl = &acl;
    return bench_new(1, options);
}

static struct message message_of(const char *topic)
{
    return (struct message){.topic = bytes_of(topic),
                            .forward = bytes_of("forward"),
                            .payload = bytes_of("payload"),
                            .stamp = 7,
                            .retain = true};
}

static void a_source_travels_with_the_body(void)
{
    struct bench *b = fenced();
    struct shard *shard = b->shards[0];
    struct answer answer = {.user = bytes_of("ann"), .has_user = true};
    struct message m = message_of("own/ann/c");
    struct body *body =
        source_share_answer(shard, &m, 0, &answer, bytes_of("c"));
    CHECK(body != NULL && m.source_size > 0);
    CHECK(bytes_equal(m.forward, bytes_of("forward")));
    CHECK(bytes_equal(m.payload, bytes_of("payload")));
    CHECK(source_stands(shard, &m));
    struct message view = body->message;
    struct message copy = view;
    CHECK(copy.body == NULL && source_stands(shard, &copy));
    struct body *again = message_share(&copy, shard->pool);
    CHECK(again != body && source_stands(shard, &copy));
    CHECK(bytes_equal(copy.payload, bytes_of("payload")));
    view.topic = bytes_of("own/ann/d");
    CHECK(!source_stands(shard, &view));
    message_done(&copy);
    message_done(&m);
    body_unref(again);
    body_unref(body);
    bench_free(b);
}

static void a_session_is_a_source(void)
{
    struct bench *b = fenced();
    struct shard *shard = b->shards[0];
    (void)bench_enter(b, (struct visit){.id = "c"});
    struct session *session = session_find(shard, bytes_of("c"));
    struct answer answer = {.user = bytes_of("ann"), .has_user = true};
    grant_set(shard, session, 0, &answer);
    struct message m = message_of("own/ann/c");
    struct body *body = source_share(shard, &m, session);
    CHECK(m.source_size > 0 && source_stands(shard, &m));
    message_done(&m);
    body_unref(body);
    /* Rules of its own are not known later. */
    answer.acl = &acl;
    grant_set(shard, session, 0, &answer);
    m = message_of("x");
    body = source_share(shard, &m, session);
    CHECK(m.source_size == 0 && source_stands(shard, &m));
    message_done(&m);
    body_unref(body);
    bench_free(b);
}

static void nothing_is_written_without_need(void)
{
    static uint8_t text[UINT16_MAX];
    struct bench *b = bench_new(1, bench_options());
    struct answer answer = {.user = bytes_at(text, sizeof text),
                            .has_user = true};
    struct message m = message_of("x");
    struct body *body =
        source_share_answer(b->shards[0], &m, 0, &answer, bytes_of("c"));
    CHECK_EQ(m.source_size, 0);
    message_done(&m);
    body_unref(body);
    bench_free(b);
    b = fenced();
    m = message_of("x");
    body = source_share_answer(b->shards[0], &m, 0, &answer, bytes_of("c"));
    CHECK_EQ(m.source_size, 0);
    message_done(&m);
    body_unref(body);
    bench_free(b);
}

/* What is no source says nothing. */
static void any_bytes_may_come_from_disk(void)
{
    struct bench *b = fenced();
    for (uint16_t size = 1; size < 12; size++) {
        uint8_t bytes[16];
        memset(bytes, 0xff, sizeof bytes);
        struct message m = {.topic = bytes_of("x"),
                            .forward = bytes_at(bytes, 0),
                            .source_size = size};
        CHECK(source_stands(b->shards[0], &m));
    }
    bench_free(b);
}

int main(void)
{
    RUN(a_source_travels_with_the_body);
    RUN(a_session_is_a_source);
    RUN(nothing_is_written_without_need);
    RUN(any_bytes_may_come_from_disk);
    return check_result();
}
