/* The generator: its published numbers, bounds, fairness, independence. */
#include "base/rng.h"
#include "check.h"

/* From the state 1, 2, 3, 4, as the authors' own program prints them: the first
 * is rotl(2 * 5, 7) * 9. */
static void first_numbers(void)
{
    struct rng rng = {{1, 2, 3, 4}};
    CHECK_EQ(rng_next(&rng), 11520);
    CHECK_EQ(rng_next(&rng), 0);
    CHECK_EQ(rng_next(&rng), 1509978240);
    CHECK_EQ(rng_next(&rng), 1215971899390074240);
}

static void seeds(void)
{
    struct rng a, b, c;
    rng_init(&a, 1);
    rng_init(&b, 1);
    rng_init(&c, 2);
    /* The first output of splitmix64 from 0, as published. */
    struct rng zero;
    rng_init(&zero, 0);
    CHECK_EQ(zero.s[0], (intmax_t)0xe220a8397b1dcdafu);
    int equal = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t drawn = rng_next(&a);
        CHECK_EQ(drawn, rng_next(&b));
        equal += drawn == rng_next(&c);
    }
    CHECK_EQ(equal, 0);
}

static void bounds(void)
{
    struct rng rng;
    rng_init(&rng, 3);
    unsigned counts[6] = {0};
    for (int i = 0; i < 60000; i++) {
        uint64_t drawn = rng_below(&rng, 6);
        REQUIRE(drawn < 6);
        counts[drawn]++;
    }
    for (int i = 0; i < 6; i++) {
        CHECK(counts[i] > 9500 && counts[i] < 10500);
    }
    CHECK_EQ(rng_below(&rng, 1), 0);
    /* Two thirds of 2^64: without drawing again, the lower half would come
     * twice as often as the upper. */
    uint64_t bound = UINT64_MAX / 3 * 2;
    int lower = 0;
    for (int i = 0; i < 10000; i++) {
        lower += rng_below(&rng, bound) < bound / 2;
    }
    CHECK(lower > 4700 && lower < 5300);
    int ends = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t drawn = rng_between(&rng, 5, 7);
        REQUIRE(drawn >= 5 && drawn <= 7);
        ends += drawn != 6;
    }
    CHECK(ends > 500 && ends < 850);
    CHECK_EQ(rng_between(&rng, 8, 8), 8);
    rng_between(&rng, 0, UINT64_MAX);
}

static void chances(void)
{
    struct rng rng;
    rng_init(&rng, 4);
    int hits = 0;
    for (int i = 0; i < 10000; i++) {
        hits += rng_chance(&rng, 1, 4);
        CHECK(rng_chance(&rng, 4, 4));
        CHECK(!rng_chance(&rng, 0, 4));
    }
    CHECK(hits > 2300 && hits < 2700);
}

static void fills(void)
{
    struct rng rng;
    rng_init(&rng, 6);
    uint8_t bytes[24] = {0};
    rng_fill(&rng, bytes + 1, 21);
    CHECK_EQ(bytes[0], 0);
    CHECK_EQ(bytes[22], 0);
    int zeros = 0;
    for (int i = 1; i < 22; i++) {
        zeros += bytes[i] == 0;
    }
    CHECK(zeros < 4);
}

int main(void)
{
    RUN(first_numbers);
    RUN(seeds);
    RUN(bounds);
    RUN(chances);
    RUN(fills);
    return check_result();
}
