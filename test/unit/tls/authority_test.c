#include "scene.h"
#include "tls/authority.h"

static const int64_t now_s = 2000000000; /* in 2033 */
static struct tls_trouble trouble;

static struct tls_authority *opened(void)
{
    struct tls_authority *a;
    enum err e = tls_authority_open(scene_path("lab"), &a, &trouble);
    if (e != OK) fprintf(stderr, "%s\n", trouble.text);
    REQUIRE(e == OK);
    return a;
}

static int mode_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (int)(about.st_mode & 0777) : -1;
}

static void init(void)
{
    struct tls_authority *a;
    CHECK_EQ(tls_authority_open(scene_path("lab"), &a, &trouble), ERR_CONFIG);
    CHECK(strstr(trouble.text, "ca.crt") != NULL);
    CHECK_EQ(tls_authority_init(scene_path("lab"), TLS_KEY_P256, 1000, now_s,
                                false, &a, &trouble),
             OK);
    tls_authority_free(a);
    CHECK_EQ(mode_of(scene_path("lab")), 0700);
    CHECK_EQ(mode_of(scene_path("lab/ca.key")), 0600);
    CHECK_EQ(mode_of(scene_path("lab/ca.crl")), 0644);
    CHECK_EQ(tls_authority_init(scene_path("lab"), TLS_KEY_P256, 1000, now_s,
                                false, &a, &trouble),
             ERR_IO);
    CHECK(strstr(trouble.text, "exists already") != NULL);
    CHECK(a == NULL);
    CHECK_EQ(tls_authority_init(scene_path("no/lab"), TLS_KEY_P256, 1000, now_s,
                                false, &a, &trouble),
             ERR_IO);
    tls_authority_free(opened());
}

static enum err issue(struct tls_authority *a, enum tls_purpose purpose,
                      const char *name, unsigned days, bool replace,
                      struct tls_made *made)
{
    struct tls_wish w = {.purpose = purpose,
                         .name = name,
                         .hosts = &name,
                         .host_count = purpose == TLS_FOR_SERVER ? 1 : 0,
                         .days = days,
                         .replace = replace};
    return tls_authority_issue(a, &w, now_s, made, &trouble);
}

static void issues(void)
{
    struct tls_authority *a = opened();
    struct tls_made made;
    CHECK_EQ(issue(a, TLS_FOR_CLIENT, "lamp", 10, false, &made), OK);
    CHECK_STR(made.cert, scene_path("lab/clients/lamp.crt"));
    CHECK_STR(made.key, scene_path("lab/clients/lamp.key"));
    CHECK_EQ(made.until_s, now_s + 10 * SCENE_DAY_S);
    CHECK_EQ(mode_of(made.key), 0600);
    CHECK_EQ(issue(a, TLS_FOR_CLIENT, "lamp", 10, false, &made), ERR_CONFIG);
    CHECK(strstr(trouble.text, "exists already") != NULL);
    CHECK_EQ(issue(a, TLS_FOR_CLIENT, "lamp", 20, true, &made), OK);
    CHECK_EQ(issue(a, TLS_FOR_SERVER, "*.example.org", 10, false, &made), OK);
    CHECK_STR(made.cert, scene_path("lab/servers/wildcard.example.org.crt"));
    CHECK_EQ(issue(a, TLS_FOR_SERVER, "::1", 10, false, &made), OK);
    /* Not longer than the CA. */
    CHECK_EQ(issue(a, TLS_FOR_CLIENT, "long", 5000, false, &made), OK);
    CHECK_EQ(made.until_s, now_s + 1000 * SCENE_DAY_S);
    tls_authority_free(a);
}

static void names_stay_in_the_folder(void)
{
    static const char *const bad[] = {"",    ".",       "..",  "../x",
                                      "a/b", ".hidden", "a\nb"};
    struct tls_authority *a = opened();
    struct tls_made made;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(issue(a, TLS_FOR_CLIENT, bad[i], 10, true, &made), ERR_CONFIG);
    }
    tls_authority_free(a);
}

static struct tls_issued seen[16];
static size_t seen_count;

static void take(void *context, const struct tls_issued *one)
{
    (void)context;
    REQUIRE(seen_count < 16);
    seen[seen_count++] = *one;
}

static void lists(void)
{
    static const char *const names[] = {NULL,   "*.example.org", "::1",
                                        "lamp", "lamp",          "long"};
    struct tls_authority *a = opened();
    seen_count = 0;
    CHECK_EQ(tls_authority_list(a, take, NULL, &trouble), OK);
    CHECK_EQ(seen_count, 6);
    CHECK_EQ(seen[0].purpose, TLS_FOR_CA);
    for (size_t i = 1; i < 6; i++) {
        CHECK_STR(seen[i].name, names[i]);
        CHECK_EQ(seen[i].purpose, i < 3 ? TLS_FOR_SERVER : TLS_FOR_CLIENT);
        CHECK(!seen[i].revoked);
    }
    CHECK_STR(seen[2].hosts, "::1");
    CHECK_EQ(seen[0].until_s, now_s + 1000 * SCENE_DAY_S);
    tls_authority_free(a);
}

static void revokes(void)
{
    struct tls_authority *a = opened();
    size_t count;
    CHECK_EQ(tls_authority_revoke(a, "nobody", now_s, &count, &trouble),
             ERR_CONFIG);
    CHECK(strstr(trouble.text, "nobody") != NULL);
    /* The one that was replaced as well. */
    CHECK_EQ(tls_authority_revoke(a, "lamp", now_s, &count, &trouble), OK);
    CHECK_EQ(count, 2);
    CHECK_EQ(tls_authority_revoke(a, "lamp", now_s, &count, &trouble), OK);
    CHECK_EQ(count, 0);
    tls_authority_free(a);
    a = opened();
    seen_count = 0;
    CHECK_EQ(tls_authority_list(a, take, NULL, &trouble), OK);
    for (size_t i = 0; i < seen_count; i++) {
        CHECK_EQ(seen[i].revoked, strcmp(seen[i].name, "lamp") == 0);
    }
    /* The CA itself is no client. */
    CHECK_EQ(tls_authority_revoke(a, seen[0].name, now_s, &count, &trouble),
             ERR_CONFIG);
    tls_authority_free(a);
}

/* What another CA has signed is not ours any more. */
static void a_new_one_begins_anew(void)
{
    struct tls_authority *a;
    CHECK_EQ(tls_authority_init(scene_path("lab"), TLS_KEY_P256, 10, now_s,
                                true, &a, &trouble),
             OK);
    seen_count = 0;
    size_t count;
    CHECK_EQ(tls_authority_list(a, take, NULL, &trouble), OK);
    CHECK_EQ(seen_count, 1);
    CHECK_EQ(seen[0].purpose, TLS_FOR_CA);
    CHECK_EQ(tls_authority_revoke(a, "long", now_s, &count, &trouble),
             ERR_CONFIG);
    tls_authority_free(a);
}

int main(void)
{
    scene_set();
    RUN(init);
    RUN(issues);
    RUN(names_stay_in_the_folder);
    RUN(lists);
    RUN(revokes);
    RUN(a_new_one_begins_anew);
    scene_clear();
    return check_result();
}
