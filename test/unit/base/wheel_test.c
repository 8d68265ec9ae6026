/* The wheel, against a plain list of deadlines that is searched each time. */
#include "base/rng.h"
#include "base/wheel.h"
#include "check.h"

enum { TIMERS = 200 };

struct reference {
    struct timer timer;
    uint64_t due_ms; /* 0: not set */
    uint64_t order;
};

static struct reference timers[TIMERS];
static uint64_t orders;

static void set(struct wheel *wheel, struct reference *r, uint64_t deadline_ms)
{
    wheel_set(wheel, &r->timer, deadline_ms);
    r->due_ms = deadline_ms < wheel->now_ms ? wheel->now_ms : deadline_ms;
    r->order = ++orders;
}

static struct reference *earliest(void)
{
    struct reference *best = NULL;
    for (int i = 0; i < TIMERS; i++) {
        struct reference *r = &timers[i];
        if (r->due_ms == 0) continue;
        if (best == NULL || r->due_ms < best->due_ms ||
            (r->due_ms == best->due_ms && r->order < best->order)) {
            best = r;
        }
    }
    return best;
}

static size_t count_set(void)
{
    size_t count = 0;
    for (int i = 0; i < TIMERS; i++) {
        count += timers[i].due_ms != 0;
    }
    return count;
}

static void timers_reset(void)
{
    for (int i = 0; i < TIMERS; i++) {
        timer_init(&timers[i].timer);
        timers[i].due_ms = 0;
    }
}

/* Take out all that is due at `now_ms`; each is the reference's earliest. */
static void drain(struct wheel *wheel, uint64_t now_ms)
{
    struct timer *due;
    while ((due = wheel_due(wheel, now_ms)) != NULL) {
        struct reference *want = earliest();
        REQUIRE(want != NULL && due == &want->timer);
        REQUIRE(want->due_ms <= now_ms);
        REQUIRE(due->deadline_ms == 0);
        want->due_ms = 0;
    }
    struct reference *left = earliest();
    REQUIRE(left == NULL || left->due_ms > now_ms);
    REQUIRE(wheel->now_ms == now_ms);
}

static void check_next(const struct wheel *wheel)
{
    struct reference *first = earliest();
    uint64_t next_ms = wheel_next(wheel);
    REQUIRE(wheel->count == count_set());
    if (first == NULL) {
        REQUIRE(next_ms == WHEEL_NEVER);
    } else {
        REQUIRE(next_ms <= first->due_ms);
        REQUIRE(next_ms >= wheel->now_ms);
    }
}

/* A number of up to `bits` bits, small ones as likely as large ones. */
static uint64_t any_span(struct rng *rng, unsigned bits)
{
    uint64_t width = rng_between(rng, 0, bits);
    return width == 0 ? 0 : rng_next(rng) >> (64 - width);
}

static uint64_t capped_sum(uint64_t a, uint64_t b)
{
    uint64_t most = WHEEL_NEVER - 1;
    return b > most - a ? most : a + b;
}

static void random_world(uint64_t seed, unsigned deadline_bits,
                         unsigned jump_bits)
{
    static struct wheel wheel;
    struct rng rng;
    rng_init(&rng, seed);
    timers_reset();
    uint64_t now_ms = any_span(&rng, 42) + 1;
    wheel_init(&wheel, now_ms);
    for (int step = 0; step < 3000; step++) {
        struct reference *r = &timers[rng_below(&rng, TIMERS)];
        if (rng_chance(&rng, 1, 6)) {
            wheel_clear(&wheel, &r->timer);
            r->due_ms = 0;
        } else if (rng_chance(&rng, 1, 10)) {
            set(&wheel, r, 1 + rng_below(&rng, now_ms)); /* the past */
        } else {
            set(&wheel, r, capped_sum(now_ms, any_span(&rng, deadline_bits)));
        }
        check_next(&wheel);
        if (!rng_chance(&rng, 1, 5)) continue;
        now_ms = capped_sum(now_ms, any_span(&rng, jump_bits));
        drain(&wheel, now_ms);
        check_next(&wheel);
    }
    /* In the end all of them come out, with nothing left behind. */
    drain(&wheel, WHEEL_NEVER - 1);
    CHECK_EQ(wheel.count, 0);
    CHECK_EQ(wheel_next(&wheel), WHEEL_NEVER);
}

static void random_near(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        random_world(seed, 8, 6);
    }
}

static void random_hours(void)
{
    for (uint64_t seed = 11; seed <= 20; seed++) {
        random_world(seed, 24, 20);
    }
}

static void random_anything(void)
{
    for (uint64_t seed = 21; seed <= 40; seed++) {
        random_world(seed, 64, 50);
    }
}

/* Sleeping until wheel_next and no longer reaches a deadline exactly, and in
 * at most one wake-up per level. */
static void next_converges(void)
{
    static struct wheel wheel;
    struct rng rng;
    rng_init(&rng, 5);
    for (int round = 0; round < 2000; round++) {
        uint64_t start_ms = any_span(&rng, 45) + 1;
        uint64_t deadline_ms = start_ms + any_span(&rng, 45);
        struct timer timer;
        timer_init(&timer);
        wheel_init(&wheel, start_ms);
        wheel_set(&wheel, &timer, deadline_ms);
        int wakes = 0;
        uint64_t now_ms = wheel_next(&wheel);
        while (wheel_due(&wheel, now_ms) == NULL) {
            wakes++;
            REQUIRE(wakes < WHEEL_LEVELS);
            now_ms = wheel_next(&wheel);
        }
        CHECK_EQ(now_ms, deadline_ms);
    }
}

static void equal_deadlines_keep_order(void)
{
    static struct wheel wheel;
    timers_reset();
    wheel_init(&wheel, 1000);
    set(&wheel, &timers[0], 500000); /* far: a high level */
    set(&wheel, &timers[1], 500000);
    CHECK(wheel_due(&wheel, 499990) == NULL);
    set(&wheel, &timers[2], 500000); /* near: the lowest */
    set(&wheel, &timers[0], 500000); /* set again: the last now */
    CHECK(wheel_due(&wheel, 499999) == NULL);
    CHECK(wheel_due(&wheel, 500000) == &timers[1].timer);
    CHECK(wheel_due(&wheel, 500000) == &timers[2].timer);
    CHECK(wheel_due(&wheel, 500000) == &timers[0].timer);
    CHECK(wheel_due(&wheel, 500000) == NULL);
}

static void clock_steps_back(void)
{
    static struct wheel wheel;
    timers_reset();
    wheel_init(&wheel, 10000);
    set(&wheel, &timers[0], 10005);
    CHECK(wheel_due(&wheel, 3) == NULL);
    CHECK_EQ(wheel.now_ms, 10000);
    CHECK(wheel_due(&wheel, 10005) == &timers[0].timer);
    wheel_clear(&wheel, &timers[0].timer);
    wheel_clear(&wheel, &timers[1].timer);
    CHECK_EQ(wheel.count, 0);
}

int main(void)
{
    RUN(random_near);
    RUN(random_hours);
    RUN(random_anything);
    RUN(next_converges);
    RUN(equal_deadlines_keep_order);
    RUN(clock_steps_back);
    return check_result();
}
