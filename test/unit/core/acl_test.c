/* acl_test.c - who may do what, by lists written down here. */
#include "check.h"
#include "core/acl.h"
#include "wire/topic.h"

/* --- filters -------------------------------------------------------------- */

static const char *const filters[] = {
    "#",     "+",    "+/#",   "x/#",   "+/+",   "a",      "a/#",    "a/+",
    "a/+/#", "a/b",  "a/b/#", "+/b",   "+/b/#", "b/#",    "/",      "+/",
    "/+",    "a//b", "a/b/c", "a/+/c", "$SYS",  "$SYS/#", "$SYS/+", "$x/+/c",
};

static const char *const names[] = {
    "/b",  "/b/c", "b/",     "a",      "b",       "/",     "/a",    "a/",
    "a/b", "b/b",  "a/b/c",  "a/x/c",  "a//b",    "b/x/c", "x",     "x/y/z",
    "//",  "$SYS", "$SYS/a", "$x/a/c", "a/b/c/d", "x/b",   "x/b/c", "x/",
};

enum {
    FILTERS = sizeof filters / sizeof *filters,
    NAMES = sizeof names / sizeof *names
};

/* All that the two functions say, against what matching says of many names:
 * a name that both match must be an overlap, one that is matched by the narrow
 * alone must not be covered. The names have witnesses for all pairs. */
static void filters_compare_as_they_match(void)
{
    for (size_t i = 0; i < FILTERS; i++) {
        for (size_t k = 0; k < FILTERS; k++) {
            struct bytes a = bytes_of(filters[i]), b = bytes_of(filters[k]);
            bool both = false, outside = false;
            for (size_t n = 0; n < NAMES; n++) {
                bool in_a = topic_matches(a, bytes_of(names[n]));
                bool in_b = topic_matches(b, bytes_of(names[n]));
                both = both || (in_a && in_b);
                outside = outside || (in_b && !in_a);
            }
            CHECK(acl_overlaps(a, b) == both);
            CHECK(acl_covers(a, b) == !outside);
            if (acl_overlaps(a, b) == both && acl_covers(a, b) == !outside) {
                continue;
            }
            fprintf(stderr, "    %s and %s\n", filters[i], filters[k]);
        }
    }
}

/* --- lists ---------------------------------------------------------------- */

#define RULE(text, what)                                                       \
    {                                                                          \
        .filter = {(const uint8_t *)(text), sizeof(text) - 1},                 \
        .access = (what)                                                       \
    }
#define PATTERN(text, what)                                                    \
    {                                                                          \
        .filter = {(const uint8_t *)(text), sizeof(text) - 1},                 \
        .access = (what), .pattern = true                                      \
    }
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct acl_rule for_nobody[] = {RULE("public/#", ACL_READ)};
static const struct acl_rule for_ann[] = {
    RULE("a/#", ACL_READWRITE),
    RULE("a/secret/#", ACL_DENY),
    RULE("out/+", ACL_WRITE),
    RULE("in/+", ACL_READ),
};
static const struct acl_rule for_bob[] = {
    RULE("#", ACL_READWRITE),
    RULE("$SYS/broker/uptime", ACL_READWRITE),
};
static const struct acl_rule for_all[] = {
    PATTERN("users/%u/#", ACL_READWRITE),
    PATTERN("clients/x%c", ACL_WRITE),
    PATTERN("%u/top", ACL_READ),
    RULE("100%u/#", ACL_READ),
};
static const struct acl_section users[] = {
    {{(const uint8_t *)"ann", 3}, for_ann, COUNT(for_ann)},
    {{(const uint8_t *)"bob", 3}, for_bob, COUNT(for_bob)},
};
static const struct acl list = {
    .anonymous = {.rules = for_nobody, .count = COUNT(for_nobody)},
    .users = users,
    .user_count = COUNT(users),
    .patterns = {.rules = for_all, .count = COUNT(for_all)},
};

static bool may(const char *user, const char *id, enum acl_action action,
                const char *text)
{
    struct acl_who who = {.has_user = user != NULL, .client_id = bytes_of(id)};
    if (user != NULL) who.user = bytes_of(user);
    return acl_judge(&list, &who, action, bytes_of(text)).allowed;
}

static void without_a_list_all_is_allowed(void)
{
    struct acl_who who = {.client_id = bytes_of("c")};
    struct acl_verdict v =
        acl_judge(NULL, &who, ACL_PUBLISH, bytes_of("anything"));
    CHECK(v.allowed && v.rule == NULL);
}

static void rules_are_of_users(void)
{
    CHECK(may("ann", "c", ACL_PUBLISH, "a/x"));
    CHECK(may("ann", "c", ACL_RECEIVE, "a"));
    CHECK(!may("ann", "c", ACL_PUBLISH, "public/x"));
    CHECK(!may("ann", "c", ACL_RECEIVE, "public/x"));
    CHECK(may(NULL, "c", ACL_RECEIVE, "public/x"));
    CHECK(!may(NULL, "c", ACL_PUBLISH, "public/x"));
    CHECK(!may(NULL, "c", ACL_RECEIVE, "a/x"));
    CHECK(!may("eve", "c", ACL_RECEIVE, "a/x"));
    CHECK(!may("", "c", ACL_RECEIVE, "public/x"));
    CHECK(!may("ann\0", "c", ACL_RECEIVE, "b"));
}

static void reading_is_not_writing(void)
{
    CHECK(may("ann", "c", ACL_PUBLISH, "out/1"));
    CHECK(!may("ann", "c", ACL_RECEIVE, "out/1"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "out/1"));
    CHECK(may("ann", "c", ACL_RECEIVE, "in/1"));
    CHECK(may("ann", "c", ACL_SUBSCRIBE, "in/1"));
    CHECK(!may("ann", "c", ACL_PUBLISH, "in/1"));
}

static void what_denies_wins(void)
{
    CHECK(!may("ann", "c", ACL_PUBLISH, "a/secret/x"));
    CHECK(!may("ann", "c", ACL_RECEIVE, "a/secret"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "a/secret/#"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "a/secret/+"));
    CHECK(may("ann", "c", ACL_SUBSCRIBE, "a/#"));
    CHECK(may("ann", "c", ACL_SUBSCRIBE, "#"));
}

static void the_rule_that_decides_is_told(void)
{
    struct acl_who ann = {bytes_of("ann"), true, bytes_of("c")};
    struct acl_verdict v;
    v = acl_judge(&list, &ann, ACL_PUBLISH, bytes_of("a/secret/x"));
    CHECK(!v.allowed && v.rule == &for_ann[1]);
    v = acl_judge(&list, &ann, ACL_PUBLISH, bytes_of("out/x"));
    CHECK(v.allowed && v.rule == &for_ann[2]);
    v = acl_judge(&list, &ann, ACL_PUBLISH, bytes_of("nowhere"));
    CHECK(!v.allowed && v.rule == NULL);
}

static void filters_need_something_to_read(void)
{
    CHECK(may("ann", "c", ACL_SUBSCRIBE, "+/x"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "b/#"));
    CHECK(may("ann", "c", ACL_SUBSCRIBE, "$share/g/a/x"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "$share/a/b/x"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "$share/g/a/secret/x"));
}

static void sys_must_be_named(void)
{
    CHECK(may("bob", "c", ACL_RECEIVE, "anything"));
    CHECK(!may("bob", "c", ACL_RECEIVE, "$SYS/broker/version"));
    CHECK(may("bob", "c", ACL_RECEIVE, "$SYS/broker/uptime"));
    CHECK(may("bob", "c", ACL_SUBSCRIBE, "$SYS/#"));
    CHECK(!may("ann", "c", ACL_SUBSCRIBE, "$SYS/#"));
}

static void patterns_are_filled_in(void)
{
    CHECK(may("eve", "c", ACL_PUBLISH, "users/eve/x"));
    CHECK(!may("eve", "c", ACL_PUBLISH, "users/bob/x"));
    CHECK(!may("eve", "c", ACL_PUBLISH, "users/eve2/x"));
    CHECK(!may("eve", "c", ACL_PUBLISH, "users/ev/x"));
    CHECK(!may(NULL, "c", ACL_PUBLISH, "users//x"));
    CHECK(may(NULL, "c7", ACL_PUBLISH, "clients/xc7"));
    CHECK(!may(NULL, "c7", ACL_PUBLISH, "clients/x%c"));
    CHECK(may("eve", "c", ACL_SUBSCRIBE, "users/#"));
    CHECK(!may("eve", "c", ACL_SUBSCRIBE, "users/bob/#"));
    /* What is no pattern means itself. */
    CHECK(may("eve", "c", ACL_RECEIVE, "100%u/x"));
    CHECK(!may("eve", "c", ACL_RECEIVE, "100eve/x"));
}

static void names_cannot_widen_patterns(void)
{
    CHECK(!may("+", "c", ACL_PUBLISH, "users/bob/x"));
    CHECK(!may("+", "c", ACL_PUBLISH, "users/+/x"));
    CHECK(!may("#", "c", ACL_PUBLISH, "users/bob"));
    CHECK(!may("a/b", "c", ACL_PUBLISH, "users/a/b"));
    CHECK(!may("", "c", ACL_PUBLISH, "users//x"));
    CHECK(!may("$SYS", "c", ACL_RECEIVE, "$SYS/top"));
    CHECK(may("x", "c", ACL_RECEIVE, "x/top"));
    CHECK(!may(NULL, "a/b", ACL_PUBLISH, "clients/xa/b"));
    CHECK(!may(NULL, "+", ACL_PUBLISH, "clients/xy"));
}

static void two_lists_add_up(void)
{
    static const struct acl_rule rules[] = {RULE("b/#", ACL_READ),
                                            RULE("a/b", ACL_DENY)};
    struct acl extra = {.patterns = {.rules = rules, .count = 2}};
    struct acl_who ann = {bytes_of("ann"), true, bytes_of("c")};
    CHECK(acl_judge_both(&list, &extra, &ann, ACL_RECEIVE, bytes_of("b"))
              .allowed);
    CHECK(acl_judge_both(&list, &extra, &ann, ACL_RECEIVE, bytes_of("a/c"))
              .allowed);
    CHECK(!acl_judge_both(&list, &extra, &ann, ACL_RECEIVE, bytes_of("a/b"))
               .allowed);
    CHECK(
        !acl_judge_both(&list, &extra, &ann, ACL_PUBLISH, bytes_of("a/secret"))
             .allowed);
    /* One list alone still forbids what it does not allow. */
    CHECK(!acl_judge_both(NULL, &extra, &ann, ACL_RECEIVE, bytes_of("c"))
               .allowed);
    CHECK(acl_judge_both(NULL, &extra, &ann, ACL_RECEIVE, bytes_of("b/c"))
              .allowed);
}

static void users_are_found_by_their_bytes(void)
{
    static const char *const sorted[] = {"", "a", "aa", "ab", "b", "ba"};
    struct acl_rule rule = RULE("t", ACL_WRITE);
    struct acl_section sections[COUNT(sorted)];
    for (size_t i = 0; i < COUNT(sorted); i++) {
        sections[i] = (struct acl_section){bytes_of(sorted[i]), &rule, 1};
        if (i == 0) continue;
        CHECK(acl_user_compare(sections[i - 1].user, sections[i].user) < 0);
        CHECK(acl_user_compare(sections[i].user, sections[i - 1].user) > 0);
    }
    for (size_t count = 0; count <= COUNT(sorted); count++) {
        struct acl acl = {.users = sections, .user_count = count};
        for (size_t i = 0; i < COUNT(sorted); i++) {
            struct acl_who who = {bytes_of(sorted[i]), true, bytes_of("c")};
            bool allowed =
                acl_judge(&acl, &who, ACL_PUBLISH, bytes_of("t")).allowed;
            CHECK(allowed == (i < count));
        }
    }
}

static int refs;

static void on_ref(void *owner)
{
    *(int *)owner += 1;
}

static void on_unref(void *owner)
{
    *(int *)owner -= 1;
}

static void references_reach_the_owner(void)
{
    struct acl acl = {.owner = &refs, .ref = on_ref, .unref = on_unref};
    CHECK(acl_ref(&acl) == &acl);
    CHECK_EQ(refs, 1);
    acl_unref(&acl);
    CHECK_EQ(refs, 0);
    CHECK(acl_ref(NULL) == NULL);
    acl_unref(NULL);
    CHECK(acl_ref(&list) == &list);
    acl_unref(&list);
}

int main(void)
{
    RUN(filters_compare_as_they_match);
    RUN(without_a_list_all_is_allowed);
    RUN(rules_are_of_users);
    RUN(reading_is_not_writing);
    RUN(what_denies_wins);
    RUN(the_rule_that_decides_is_told);
    RUN(filters_need_something_to_read);
    RUN(sys_must_be_named);
    RUN(patterns_are_filled_in);
    RUN(names_cannot_widen_patterns);
    RUN(two_lists_add_up);
    RUN(users_are_found_by_their_bytes);
    RUN(references_reach_the_owner);
    return check_result();
}
