/* httpcache_test.c - what is remembered, for how long, and what gives way. */
#include "auth/httpcache.h"
#include "check.h"

/* Rules that count who uses them. */
static int users;

static void rules_ref(void *owner)
{
    (void)owner;
    users += 1;
}

static void rules_unref(void *owner)
{
    (void)owner;
    users -= 1;
}

static const struct acl rules = {
    .owner = &users, .ref = rules_ref, .unref = rules_unref};

static void grants_are_remembered(void)
{
    struct httpcache *cache = httpcache_new(10);
    REQUIRE(cache != NULL);
    uint8_t key[HTTPCACHE_KEY_SIZE], other[HTTPCACHE_KEY_SIZE];
    struct httpcache_grant grant = {&rules, 77}, found;
    CHECK(httpcache_key(cache, bytes_of("question"), key));
    CHECK(httpcache_key(cache, bytes_of("questioN"), other));
    CHECK(!httpcache_find(cache, key, 100, &found));
    httpcache_add(cache, key, 100, &grant);
    CHECK_EQ(users, 1);
    CHECK(httpcache_find(cache, key, 109, &found));
    CHECK(found.acl == &rules);
    CHECK_EQ(found.expires_s, 77);
    CHECK_EQ(users, 2);
    acl_unref(found.acl);
    CHECK(!httpcache_find(cache, other, 109, &found));
    CHECK(!httpcache_find(cache, key, 110, &found));
    httpcache_add(cache, key, 200, &(struct httpcache_grant){NULL, 0});
    CHECK_EQ(users, 0);
    CHECK(httpcache_find(cache, key, 200, &found));
    CHECK(found.acl == NULL);
    httpcache_add(cache, key, 200, &grant);
    httpcache_free(cache);
    CHECK_EQ(users, 0);
}

static void the_oldest_gives_way(void)
{
    struct httpcache *cache = httpcache_new(1000);
    struct httpcache_grant grant = {&rules, 0}, found;
    uint8_t key[HTTPCACHE_KEY_SIZE] = {0};
    for (uint8_t i = 0; i <= HTTPCACHE_WAYS; i++) {
        key[31] = i;
        httpcache_add(cache, key, 100 + i, &grant);
    }
    CHECK_EQ(users, HTTPCACHE_WAYS);
    for (uint8_t i = 0; i <= HTTPCACHE_WAYS; i++) {
        key[31] = i;
        CHECK_EQ(httpcache_find(cache, key, 110, &found), i > 0);
        if (i > 0) acl_unref(found.acl);
    }
    httpcache_free(cache);
    CHECK_EQ(users, 0);
}

static void keys_differ_by_process(void)
{
    struct httpcache *a = httpcache_new(1), *b = httpcache_new(1);
    uint8_t x[HTTPCACHE_KEY_SIZE], y[HTTPCACHE_KEY_SIZE];
    CHECK(httpcache_key(a, bytes_of("q"), x));
    CHECK(httpcache_key(b, bytes_of("q"), y));
    CHECK(memcmp(x, y, sizeof x) != 0);
    CHECK(httpcache_key(a, bytes_of("q"), y));
    CHECK_BYTES(x, sizeof x, y, sizeof y);
    httpcache_free(a);
    httpcache_free(b);
    httpcache_free(NULL);
}

int main(void)
{
    RUN(grants_are_remembered);
    RUN(the_oldest_gives_way);
    RUN(keys_differ_by_process);
    return check_result();
}
