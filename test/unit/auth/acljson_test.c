/* acljson_test.c - rules in both forms: what they allow, what is refused. */
#include "auth/acljson.h"
#include "auth/json.h"
#include "check.h"

static const char *read_text(const char *text, const struct acl **out)
{
    const char *why;
    cJSON *json = json_read(bytes_of(text), &why);
    REQUIRE(json != NULL);
    why = acljson_read(json, out);
    cJSON_Delete(json);
    return why;
}

static const struct acl_who anna = {
    .user = {(const uint8_t *)"anna", 4},
    .has_user = true,
    .client_id = {(const uint8_t *)"c1", 2},
};

static bool may(const struct acl *acl, enum acl_action action, const char *text)
{
    return acl_judge(acl, &anna, action, bytes_of(text)).allowed;
}

static void a_list_is_read(void)
{
    const struct acl *acl;
    REQUIRE(CHECK_STR(
        read_text("[{\"permission\":\"allow\",\"action\":\"publish\","
                  "\"topic\":\"a/${clientid}/#\"},"
                  "{\"permission\":\"allow\",\"action\":\"subscribe\","
                  "\"topic\":\"b/${username}\"},"
                  "{\"permission\":\"deny\",\"action\":\"all\","
                  "\"topic\":\"c/secret\"},"
                  "{\"permission\":\"allow\",\"action\":\"all\","
                  "\"topic\":\"c/#\"}]",
                  &acl),
        NULL));
    CHECK(may(acl, ACL_PUBLISH, "a/c1/x"));
    CHECK(!may(acl, ACL_PUBLISH, "a/c2/x"));
    CHECK(!may(acl, ACL_SUBSCRIBE, "a/c1/x"));
    CHECK(!may(acl, ACL_RECEIVE, "a/c1/x"));
    CHECK(may(acl, ACL_SUBSCRIBE, "b/anna"));
    CHECK(may(acl, ACL_RECEIVE, "b/anna"));
    CHECK(!may(acl, ACL_PUBLISH, "b/anna"));
    CHECK(!may(acl, ACL_SUBSCRIBE, "b/bert"));
    CHECK(may(acl, ACL_PUBLISH, "c/d"));
    CHECK(may(acl, ACL_RECEIVE, "c/d"));
    CHECK(!may(acl, ACL_PUBLISH, "c/secret"));
    CHECK(!may(acl, ACL_RECEIVE, "c/secret"));
    CHECK(!may(acl, ACL_PUBLISH, "d"));
    acl_unref(acl);
}

static void an_object_is_read(void)
{
    const struct acl *acl;
    REQUIRE(CHECK_STR(read_text("{\"deny\":[\"a/no\"],\"pub\":[\"a/+\",\"%c\"],"
                                "\"subscribe\":[\"b\"],\"all\":[\"c\"]}",
                                &acl),
                      NULL));
    CHECK(may(acl, ACL_PUBLISH, "a/x"));
    CHECK(may(acl, ACL_PUBLISH, "c1"));
    CHECK(!may(acl, ACL_PUBLISH, "a/no"));
    CHECK(!may(acl, ACL_PUBLISH, "b"));
    CHECK(may(acl, ACL_RECEIVE, "b"));
    CHECK(may(acl, ACL_PUBLISH, "c") && may(acl, ACL_RECEIVE, "c"));
    acl_unref(acl);
    /* A denial that stands last counts as well: members have no order. */
    REQUIRE(read_text("{\"all\":[\"#\"],\"deny\":[\"a\"]}", &acl) == NULL);
    CHECK(!may(acl, ACL_PUBLISH, "a"));
    CHECK(may(acl, ACL_PUBLISH, "b"));
    acl_unref(acl);
}

/* As lists end where the first match decides. */
static void a_last_denial_of_all_is_left_out(void)
{
    const struct acl *acl;
    REQUIRE(read_text("[{\"permission\":\"allow\",\"action\":\"pubsub\","
                      "\"topic\":\"a\"},{\"permission\":\"deny\","
                      "\"action\":\"all\",\"topic\":\"#\"}]",
                      &acl) == NULL);
    CHECK(may(acl, ACL_PUBLISH, "a"));
    CHECK(!may(acl, ACL_PUBLISH, "b"));
    acl_unref(acl);
}

static void nothing_allows_nothing(void)
{
    static const char *const texts[] = {"[]", "{}", "{\"all\":[]}"};
    for (size_t i = 0; i < 3; i++) {
        const struct acl *acl;
        REQUIRE(read_text(texts[i], &acl) == NULL);
        CHECK(!may(acl, ACL_PUBLISH, "a"));
        CHECK(!may(acl, ACL_SUBSCRIBE, "a"));
        acl_unref(acl);
    }
}

/* Nobody gets at others' topics by a name with a wildcard in it. */
static void names_are_no_wildcards(void)
{
    const struct acl *acl;
    REQUIRE(read_text("{\"all\":[\"a/${username}/x\"]}", &acl) == NULL);
    static const char *const names[] = {"+", "#", "a/b", ""};
    for (size_t i = 0; i < 4; i++) {
        struct acl_who who = {.user = bytes_of(names[i]), .has_user = true};
        char topic[32];
        (void)snprintf(topic, sizeof topic, "a/%s/x", names[i]);
        CHECK(!acl_judge(acl, &who, ACL_PUBLISH, bytes_of("a/anna/x")).allowed);
        CHECK(!acl_judge(acl, &who, ACL_RECEIVE, bytes_of("a/b/x")).allowed);
    }
    acl_unref(acl);
}

#define RULE(members) "[{" members "}]"
#define HEAD          "\"permission\":\"allow\",\"action\":\"publish\""

static const struct {
    const char *text, *because;
} bad[] = {
    {"5", "its rules are neither list nor object"},
    {"null", "its rules are neither list nor object"},
    {"\"#\"", "its rules are neither list nor object"},
    {"[5]", "its rules have one without permission or action"},
    {RULE("\"action\":\"publish\",\"topic\":\"a\",\"x\":1"),
     "its rules have one without permission or action"},
    {RULE("\"permission\":\"allow\",\"action\":\"read\",\"topic\":\"a\""),
     "its rules have one without permission or action"},
    {RULE("\"permission\":\"allow\",\"action\":\"deny\",\"topic\":\"a\""),
     "its rules have one without permission or action"},
    {RULE("\"permission\":\"yes\",\"action\":\"all\",\"topic\":\"a\""),
     "its rules have a permission other than allow and deny"},
    {RULE("\"permission\":\"deny\",\"action\":\"publish\",\"topic\":\"a\""),
     "its rules deny one way only: deny \"all\""},
    {RULE(HEAD ",\"topic\":\"a\",\"qos\":[0]"),
     "its rules have one with more than permission, action, topic"},
    {RULE(HEAD ",\"x\":1"), "its rules have a topic that is no text"},
    {RULE(HEAD ",\"topic\":\"\""), "its rules have a topic that is no filter"},
    {RULE(HEAD ",\"topic\":\"a#\""),
     "its rules have a topic that is no filter"},
    {RULE(HEAD ",\"topic\":\"$share/g/a\""),
     "its rules have a $share: name the filter behind it"},
    {RULE(HEAD ",\"topic\":\"eq a/#\""),
     "its rules have an \"eq\", which is not known here"},
    {RULE(HEAD ",\"topic\":\"a/${certCN}\""),
     "its rules have a placeholder that is not known"},
    {RULE(HEAD ",\"topic\":\"a/${usernam\""),
     "its rules have a placeholder that is not known"},
    {"{\"publish\":\"a\"}",
     "its rules are neither publish, subscribe, all nor deny"},
    {"{\"read\":[\"a\"]}",
     "its rules are neither publish, subscribe, all nor deny"},
    {"{\"pub\":[5]}", "its rules have a topic that is no text"},
};

static void others_are_refused(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct acl *acl;
        CHECK_STR(read_text(bad[i].text, &acl), bad[i].because);
        CHECK(acl == NULL);
    }
}

static void rules_are_bounded(void)
{
    static char text[8 * ACLJSON_RULES_MAX];
    size_t size = 0;
    for (unsigned more = 0; more < 2; more++) {
        size = (size_t)snprintf(text, sizeof text, "{\"all\":[\"a\"");
        for (unsigned i = 1; i < ACLJSON_RULES_MAX + more; i++)
            size += (size_t)snprintf(text + size, 8, ",\"a\"");
        (void)snprintf(text + size, 8, "]}");
        const struct acl *acl;
        CHECK_STR(read_text(text, &acl),
                  more == 0 ? NULL : "it has too many rules");
        acl_unref(acl);
    }
}

static void a_reference_keeps_it(void)
{
    const struct acl *acl;
    REQUIRE(read_text("{\"all\":[\"a\"]}", &acl) == NULL);
    const struct acl *again = acl_ref(acl);
    acl_unref(acl);
    CHECK(may(again, ACL_PUBLISH, "a"));
    acl_unref(again);
}

int main(void)
{
    RUN(a_list_is_read);
    RUN(an_object_is_read);
    RUN(a_last_denial_of_all_is_left_out);
    RUN(nothing_allows_nothing);
    RUN(names_are_no_wildcards);
    RUN(others_are_refused);
    RUN(rules_are_bounded);
    RUN(a_reference_keeps_it);
    return check_result();
}
