/* tally_test.c - counts, rates, and what is forgotten. */
#include "broker/tally.h"
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

static struct tally_key key_of(uint32_t number)
{
    struct tally_key key = {{0}};
    memcpy(key.bytes, &number, sizeof number);
    return key;
}

static void counts_end_at_the_limit(void)
{
    struct tally *tally = tally_new();
    struct tally_limits limits = {.count = 2};
    struct tally_key a = key_of(1), b = key_of(2);
    CHECK_EQ(tally_enter(tally, &a, &limits, 5), TALLY_FINE);
    CHECK_EQ(tally_enter(tally, &a, &limits, 5), TALLY_FINE);
    CHECK_EQ(tally_enter(tally, &a, &limits, 5), TALLY_MANY);
    CHECK_EQ(tally_enter(tally, &b, &limits, 5), TALLY_FINE);
    tally_leave(tally, &a);
    CHECK_EQ(tally_enter(tally, &a, &limits, 5), TALLY_FINE);
    CHECK_EQ(tally_size(tally), 2);
    tally_free(tally);
    tally_free(NULL);
}

/* Four seconds' worth at once, then one each tenth of a second. */
static void rates_have_a_burst(void)
{
    struct tally *tally = tally_new();
    struct tally_limits limits = {.rate = 10};
    struct tally_key a = key_of(1);
    uint64_t now_ms = 1700000000000;
    for (int i = 0; i < 40; i++)
        CHECK_EQ(tally_enter(tally, &a, &limits, now_ms), TALLY_FINE);
    CHECK_EQ(tally_enter(tally, &a, &limits, now_ms), TALLY_FAST);
    CHECK_EQ(tally_enter(tally, &a, &limits, now_ms + 99), TALLY_FAST);
    CHECK_EQ(tally_enter(tally, &a, &limits, now_ms + 100), TALLY_FINE);
    CHECK_EQ(tally_enter(tally, &a, &limits, now_ms + 100), TALLY_FAST);
    now_ms += 60000;
    for (int i = 0; i < 40; i++)
        CHECK_EQ(tally_enter(tally, &a, &limits, now_ms), TALLY_FINE);
    CHECK_EQ(tally_enter(tally, &a, &limits, now_ms), TALLY_FAST);
    tally_free(tally);
}

/* A flood of addresses that each come once does not stay. */
static void who_has_gone_is_forgotten(void)
{
    struct tally *tally = tally_new();
    struct tally_limits limits = {.count = 5, .rate = 10};
    struct tally_key stays = key_of(UINT32_MAX);
    CHECK_EQ(tally_enter(tally, &stays, &limits, 1), TALLY_FINE);
    for (uint32_t i = 0; i < 200000; i++) {
        struct tally_key key = key_of(i);
        CHECK_EQ(tally_enter(tally, &key, &limits, i), TALLY_FINE);
        tally_leave(tally, &key);
    }
    CHECK(tally_size(tally) < 40000);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(tally_enter(tally, &stays, &limits, 200000), TALLY_FINE);
    CHECK_EQ(tally_enter(tally, &stays, &limits, 200000), TALLY_MANY);
    tally_free(tally);
}

/* Checks that failed, in any thread: they count in one only. */
static atomic_uint wrong;

static void *come_and_go(void *tally)
{
    struct tally_limits limits = {.count = 1000000};
    for (uint32_t i = 0; i < 20000; i++) {
        struct tally_key key = key_of(i % 100);
        if (tally_enter(tally, &key, &limits, i) != TALLY_FINE) {
            atomic_fetch_add(&wrong, 1);
        }
        tally_leave(tally, &key);
    }
    return NULL;
}

static void threads_agree(void)
{
    struct tally *tally = tally_new();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_create(&threads[i], NULL, come_and_go, tally) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&wrong), 0);
    struct tally_limits one = {.count = 1};
    for (uint32_t i = 0; i < 100; i++) {
        struct tally_key key = key_of(i);
        CHECK_EQ(tally_enter(tally, &key, &one, 20000), TALLY_FINE);
    }
    tally_free(tally);
}

int main(void)
{
    RUN(counts_end_at_the_limit);
    RUN(rates_have_a_burst);
    RUN(who_has_gone_is_forgotten);
    RUN(threads_agree);
    return check_result();
}
