/* standing_test.c - the same parts give the same number, others another. */
#include "auth/standing.h"
#include "check.h"

static uint64_t of(const char *a, const char *b)
{
    struct bytes parts[] = {bytes_of(a), bytes_of(b)};
    return standing_of(parts, 2);
}

static void numbers_tell_apart(void)
{
    CHECK(of("ann", "x") == of("ann", "x"));
    CHECK(of("ann", "x") != of("ann", "y"));
    CHECK(of("ann", "x") != of("bob", "x"));
    CHECK(of("ab", "c") != of("a", "bc"));
    CHECK(of("a", "b") != of("b", "a"));
    CHECK(of("", "") != 0);
    CHECK(standing_of(NULL, 0) != 0);
}

static void numbers_are_found(void)
{
    uint64_t numbers[] = {UINT64_MAX, 5, 7, 1};
    standing_sort(numbers, 4);
    CHECK(standing_has(numbers, 4, 1));
    CHECK(standing_has(numbers, 4, 7));
    CHECK(standing_has(numbers, 4, UINT64_MAX));
    CHECK(!standing_has(numbers, 4, 6));
    CHECK(!standing_has(NULL, 0, 6));
}

int main(void)
{
    RUN(numbers_tell_apart);
    RUN(numbers_are_found);
    return check_result();
}
