/* proven_test.c - what was proven is known for a while, and only that. */
#include "auth/proven.h"
#include "check.h"

static void it_is_known_for_a_while(void)
{
    struct proven *proven = proven_new(60);
    REQUIRE(proven != NULL);
    struct bytes parts[] = {bytes_of("ann"), bytes_of("secret")};
    uint8_t key[PROVEN_KEY_SIZE];
    REQUIRE(proven_key(proven, parts, 2, key));
    CHECK(!proven_has(proven, key, 100));
    proven_add(proven, key, 100);
    CHECK(proven_has(proven, key, 100));
    CHECK(proven_has(proven, key, 159));
    CHECK(!proven_has(proven, key, 160));
    proven_add(proven, key, 200);
    CHECK(proven_has(proven, key, 259));
    proven_free(proven);
    proven_free(NULL);
}

static void other_parts_are_other_keys(void)
{
    struct proven *proven = proven_new(60), *other = proven_new(60);
    REQUIRE(proven != NULL && other != NULL);
    struct bytes parts[] = {bytes_of("ann"), bytes_of("secret")};
    struct bytes moved[] = {bytes_of("anns"), bytes_of("ecret")};
    uint8_t key[PROVEN_KEY_SIZE], with[PROVEN_KEY_SIZE];
    REQUIRE(proven_key(proven, parts, 2, key));
    REQUIRE(proven_key(proven, moved, 2, with));
    CHECK(memcmp(key, with, sizeof key) != 0);
    REQUIRE(proven_key(proven, parts, 2, with));
    CHECK(memcmp(key, with, sizeof key) == 0);
    /* The key is drawn anew for each cache. */
    REQUIRE(proven_key(other, parts, 2, with));
    CHECK(memcmp(key, with, sizeof key) != 0);
    proven_free(proven);
    proven_free(other);
}

/* More than there is room for: the cache forgets, and never mistakes. */
static void a_full_cache_forgets(void)
{
    struct proven *proven = proven_new(1000);
    REQUIRE(proven != NULL);
    uint8_t key[PROVEN_KEY_SIZE] = {0};
    for (uint8_t i = 1; i <= PROVEN_WAYS + 1; i++) {
        key[31] = i;
        proven_add(proven, key, i);
    }
    unsigned known = 0;
    for (uint8_t i = 1; i <= PROVEN_WAYS + 1; i++) {
        key[31] = i;
        known += proven_has(proven, key, 10);
    }
    CHECK_EQ(known, PROVEN_WAYS);
    key[31] = 1;
    CHECK(!proven_has(proven, key, 10));
    key[31] = 99;
    CHECK(!proven_has(proven, key, 10));
    proven_free(proven);
}

int main(void)
{
    RUN(it_is_known_for_a_while);
    RUN(other_parts_are_other_keys);
    RUN(a_full_cache_forgets);
    return check_result();
}
