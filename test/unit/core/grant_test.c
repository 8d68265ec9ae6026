/* grant_test.c - what sessions may do, remembered and forgotten. */
#include "bench.h"
#include "core/grant.h"
#include "core/session.h"
#include "core/state.h"

static int holders; /* of the list below, in the broker */

static void on_ref(void *owner)
{
    *(int *)owner += 1;
}

static void on_unref(void *owner)
{
    *(int *)owner -= 1;
}

static struct acl_rule rules[] = {
    {{(const uint8_t *)"own/%u", 6}, ACL_READWRITE, true, 1}};
static struct acl acl = {.patterns = {.rules = rules, .count = 1},
                         .owner = &holders,
                         .ref = on_ref,
                         .unref = on_unref};

static struct session *visitor(struct bench *b, const char *id)
{
    struct visit v = {.id = id};
    (void)bench_enter(b, v);
    return session_find(b->shards[0], bytes_of(id));
}

static bool may(struct bench *b, const struct session *session,
                const char *topic)
{
    struct shard *shard = b->shards[0];
    uint64_t hash = hot_hash(&shard->hot, bytes_of(topic));
    bool asked = grant_allows(shard, session, ACL_PUBLISH, bytes_of(topic), 0);
    for (int i = 0; i < 2; i++) {
        CHECK(grant_allows(shard, session, ACL_PUBLISH, bytes_of(topic),
                           hash) == asked);
    }
    return asked;
}

static void reload(struct bench *b)
{
    bench_step(b, 0,
               (struct event){.kind = EVENT_RELOADED, .options = &b->options});
}

static void without_rules_nothing_is_kept(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct session *a = visitor(b, "a");
    CHECK(a->granted && a->grant == NULL);
    CHECK(!b->shards[0]->grants.fenced);
    CHECK(b->shards[0]->grants.verdicts == NULL);
    CHECK(may(b, a, "anything"));
    bench_free(b);
}

static void verdicts_end_with_a_reload(void)
{
    struct options options = bench_options();
    options.listener.acl = &acl;
    struct bench *b = bench_new(1, options);
    struct session *a = visitor(b, "a");
    CHECK(!may(b, a, "x"));
    b->options.listener.acl = NULL;
    reload(b);
    CHECK(may(b, a, "x"));
    b->options.listener.acl = &acl;
    reload(b);
    CHECK(!may(b, a, "x"));
    bench_free(b);
}

/* A new grant is not judged by what is remembered of the old. */
static void verdicts_are_of_one_grant(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct session *a = visitor(b, "a");
    struct session *c = visitor(b, "c");
    struct answer answer = {
        .user = bytes_of("ann"), .has_user = true, .acl = &acl};
    grant_set(b->shards[0], a, 0, &answer);
    CHECK_EQ(holders, 1);
    CHECK(may(b, a, "own/ann") && !may(b, a, "own/bob"));
    CHECK(may(b, c, "own/ann"));
    answer.user = bytes_of("bob");
    grant_set(b->shards[0], a, 0, &answer);
    CHECK_EQ(holders, 1);
    CHECK(!may(b, a, "own/ann") && may(b, a, "own/bob"));
    grant_drop(b->shards[0], a);
    CHECK_EQ(holders, 0);
    CHECK(!a->granted && a->grant == NULL);
    grant_drop(b->shards[0], a);
    bench_free(b);
}

static void all_comes_back(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct answer answer = {.acl = &acl, .expires_ms = b->now_ms + 5000};
    grant_set(b->shards[0], visitor(b, "a"), 0, &answer);
    grant_set(b->shards[0], visitor(b, "c"), 0, &answer);
    bench_cut(b, 0);
    CHECK_EQ(holders, 1);
    bench_free(b);
    CHECK_EQ(holders, 0);
}

static void an_end_comes_once(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = 60};
    uint32_t a = bench_enter(b, v);
    struct session *session = session_find(b->shards[0], bytes_of("a"));
    struct answer answer = {.expires_ms = b->now_ms + 5000};
    grant_set(b->shards[0], session, 0, &answer);
    bench_wait(b, 4999);
    EXPECT_QUIET(b, a);
    bench_wait(b, 1);
    EXPECT_CLOSED(b, a, REASON_NOT_AUTHORIZED);
    bench_wait(b, 10000);
    CHECK(session->conn == NULL && session->grant != NULL);
    bench_free(b);
}

/* Who brings a will is judged before it has a session. */
static void wills_are_judged_by_the_answer(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = b->shards[0];
    struct bytes id = bytes_of("a");
    struct answer answer = {.user = bytes_of("ann"), .has_user = true};
    CHECK(grant_would_allow(shard, 0, &answer, id, bytes_of("x")));
    answer.acl = &acl;
    CHECK(!grant_would_allow(shard, 0, &answer, id, bytes_of("x")));
    CHECK(grant_would_allow(shard, 0, &answer, id, bytes_of("own/ann")));
    bench_free(b);
}

/* A session that came from disk waits for its client to be judged. */
static void without_a_grant_nothing_is_decided(void)
{
    struct options options = bench_options();
    options.listener.acl = &acl;
    struct bench *b = bench_new(1, options);
    struct session *a = session_new(b->shards[0], bytes_of("a"));
    struct message m = {.topic = bytes_of("x")};
    CHECK(!a->granted);
    CHECK(grant_shows(b->shards[0], a, &m));
    bench_free(b);
}

int main(void)
{
    RUN(without_rules_nothing_is_kept);
    RUN(verdicts_end_with_a_reload);
    RUN(verdicts_are_of_one_grant);
    RUN(all_comes_back);
    RUN(an_end_comes_once);
    RUN(wills_are_judged_by_the_answer);
    RUN(without_a_grant_nothing_is_decided);
    return check_result();
}
