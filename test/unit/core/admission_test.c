/* admission_test.c - questions and answers, and whom they are about. The plays
 * in test/play/grant/ show what clients see. */
#include "bench.h"
#include "core/admission.h"
#include "core/ask.h"
#include "core/conn.h"
#include "core/session.h"
#include "core/state.h"

static struct bench *asking(uint16_t count)
{
    struct options options = bench_options();
    options.listener.ask = true;
    return bench_new(count, options);
}

static void answer(struct bench *b, uint32_t number, uint32_t ask,
                   const struct answer *answer)
{
    bench_step(b, b->conns[number].shard,
               (struct event){.kind = EVENT_GRANTED,
                              .conn = {number},
                              .ask = ask,
                              .answer = answer});
    bench_settle(b);
}

static void answers_are_numbered(void)
{
    struct bench *b = asking(1);
    struct answer yes = {.verdict = ANSWER_ACCEPT};
    struct answer no = {.verdict = ANSWER_REFUSE, .why = ERR_CREDENTIALS};
    uint32_t a = bench_knock(b, (struct visit){.id = "a"});
    uint32_t first = b->asked;
    CHECK(first != 0);
    uint32_t c = bench_knock(b, (struct visit){.id = "c"});
    CHECK(b->asked != first);
    answer(b, a, b->asked, &no);
    answer(b, c, first, &no);
    EXPECT_QUIET(b, a);
    EXPECT_QUIET(b, c);
    answer(b, a, first, &yes);
    EXPECT_CONNACK(b, a, 0);
    answer(b, a, first, &no);
    EXPECT_QUIET(b, a);
    answer(b, c, b->asked, &no);
    EXPECT_CONNACK(b, c, REASON_BAD_CREDENTIALS);
    EXPECT_CLOSED(b, c, 0);
    answer(b, c, b->asked, &yes);
    bench_free(b);
}

/* Numbers begin again, and 0 is none. */
static void numbers_wrap(void)
{
    struct bench *b = asking(1);
    b->shards[0]->asked = UINT32_MAX - 1;
    (void)bench_knock(b, (struct visit){.id = "a"});
    CHECK_EQ(b->asked, UINT32_MAX);
    (void)bench_knock(b, (struct visit){.id = "c"});
    CHECK_EQ(b->asked, 1);
    bench_free(b);
}

/* A connection is asked about at home, once. */
static void asked_at_home(void)
{
    struct bench *b = asking(3);
    char id[16];
    struct visit v = {.id = bench_id(b, 2, 0, id), .at = 0};
    uint32_t a = bench_knock(b, v);
    CHECK_EQ(b->conns[a].shard, 2);
    CHECK_EQ(b->shards[0]->asked, 0);
    CHECK_EQ(b->shards[2]->asked, 1);
    struct answer yes = {.verdict = ANSWER_ACCEPT};
    answer(b, a, b->asked, &yes);
    EXPECT_CONNACK(b, a, 0);
    bench_free(b);
}

/* What was needed to get in is given back when it is in. */
static void memory_comes_back(void)
{
    struct bench *b = asking(1);
    uint32_t a = bench_knock(b, (struct visit){.id = "a"});
    struct conn *conn = conn_find(b->shards[0], (struct conn_id){a});
    CHECK(admission_holds(conn));
    CHECK(conn_admission(conn)->packet.size > 0);
    struct answer yes = {.verdict = ANSWER_ACCEPT};
    answer(b, a, b->asked, &yes);
    EXPECT_CONNACK(b, a, 0);
    CHECK(!admission_holds(conn) && conn_admission(conn) == NULL);
    uint32_t c = bench_knock(b, (struct visit){.id = "c"});
    bench_cut(b, c);
    (void)bench_knock(b, (struct visit){.id = "d"});
    bench_free(b);
}

/* The broker ends while somebody waits. */
static void stopping(void)
{
    struct bench *b = asking(1);
    uint32_t a = bench_knock(b, (struct visit){.id = "a"});
    bench_step(b, 0, (struct event){.kind = EVENT_STOPPED});
    bench_settle(b);
    EXPECT_CONNACK(b, a, REASON_SERVER_UNAVAILABLE);
    EXPECT_CLOSED(b, a, 0);
    struct answer yes = {.verdict = ANSWER_ACCEPT};
    answer(b, a, b->asked, &yes);
    CHECK(session_find(b->shards[0], bytes_of("a")) == NULL);
    bench_free(b);
}

int main(void)
{
    RUN(answers_are_numbered);
    RUN(numbers_wrap);
    RUN(asked_at_home);
    RUN(memory_comes_back);
    RUN(stopping);
    return check_result();
}
