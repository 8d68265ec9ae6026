/* courtesy_test.c - others run before a thread sleeps, unless they take too
 * long too often. */
#include "broker/courtesy.h"
#include "check.h"

enum { SHORT_NS = 1000, LONG_NS = COURTESY_LONG_NS };

/* `count` of them, each of `took_ns`. Returns the time after. */
static uint64_t courtesies(struct courtesy *courtesy, uint64_t now_ns,
                           unsigned count, uint64_t took_ns)
{
    for (unsigned i = 0; i < count; i++) {
        courtesy_account(courtesy, now_ns, now_ns + took_ns);
        now_ns += took_ns;
    }
    return now_ns;
}

static void short_ones_go_on(void)
{
    struct courtesy courtesy = {0};
    CHECK(courtesy_due(&courtesy, 0));
    uint64_t now_ns = courtesies(&courtesy, 0, 1000, LONG_NS - 1);
    CHECK(courtesy_due(&courtesy, now_ns));
}

/* Without credit the first long one is the last for a while. */
static void a_long_one_ends_them(void)
{
    struct courtesy courtesy = {0};
    uint64_t now_ns = courtesies(&courtesy, 7, 1, LONG_NS);
    CHECK(!courtesy_due(&courtesy, now_ns));
    CHECK(!courtesy_due(&courtesy, now_ns + COURTESY_PAUSE_NS - 1));
    now_ns += COURTESY_PAUSE_NS;
    CHECK(courtesy_due(&courtesy, now_ns));
    /* It begins anew. */
    now_ns = courtesies(&courtesy, now_ns, 1, SHORT_NS);
    CHECK(courtesy_due(&courtesy, now_ns));
    now_ns = courtesies(&courtesy, now_ns, 1, LONG_NS);
    CHECK(!courtesy_due(&courtesy, now_ns));
}

/* Enough short ones pay for a long one. */
static void a_long_one_is_paid_for(void)
{
    struct courtesy courtesy = {0};
    uint64_t now_ns = 0;
    for (unsigned i = 0; i < 100; i++) {
        now_ns = courtesies(&courtesy, now_ns, COURTESY_PRICE, SHORT_NS);
        now_ns = courtesies(&courtesy, now_ns, 1, LONG_NS);
        CHECK(courtesy_due(&courtesy, now_ns));
    }
    now_ns = courtesies(&courtesy, now_ns, COURTESY_PRICE - 1, SHORT_NS);
    now_ns = courtesies(&courtesy, now_ns, 1, 5 * (uint64_t)LONG_NS);
    CHECK(!courtesy_due(&courtesy, now_ns));
}

/* However long it went well, it ends soon when it does not. */
static void credit_is_bounded(void)
{
    struct courtesy courtesy = {0};
    uint64_t now_ns = courtesies(&courtesy, 0, 100000, SHORT_NS);
    unsigned count = 0;
    for (; courtesy_due(&courtesy, now_ns); count++)
        now_ns = courtesies(&courtesy, now_ns, 1, LONG_NS);
    CHECK(count == COURTESY_CREDIT_MAX / COURTESY_PRICE + 1);
}

/* It returns, whoever runs. */
static void yield_returns(void)
{
    for (unsigned i = 0; i < 100; i++)
        courtesy_yield();
    CHECK(true);
}

int main(void)
{
    RUN(short_ones_go_on);
    RUN(a_long_one_ends_them);
    RUN(a_long_one_is_paid_for);
    RUN(credit_is_bounded);
    RUN(yield_returns);
    return check_result();
}
