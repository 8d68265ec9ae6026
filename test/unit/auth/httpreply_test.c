/* httpreply_test.c - what a web server's answers mean. */
#include "auth/httpreply.h"
#include "check.h"

enum { NOW_S = 1000 };

static struct httpreply reply_of(long status, const char *body)
{
    struct httpreply reply;
    size_t size = strlen(body);
    uint8_t *copy = check_guard(body, size);
    httpreply_read(status, bytes_at(copy, size), false, NOW_S, &reply);
    check_guard_free(copy, size);
    return reply;
}

static const struct {
    long status;
    const char *body;
    enum httpreply_verdict verdict;
} cases[] = {
    {200, "", HTTPREPLY_ALLOW},
    {200, " \r\n", HTTPREPLY_ALLOW},
    {200, "ok", HTTPREPLY_ALLOW},
    {200, "allow\n", HTTPREPLY_ALLOW},
    {204, "", HTTPREPLY_ALLOW},
    {200, "{\"result\":\"allow\"}", HTTPREPLY_ALLOW},
    {200, "{\"result\":\"deny\"}", HTTPREPLY_DENY},
    {200, "{\"result\":\"ignore\"}", HTTPREPLY_IGNORE},
    {200, "{\"ok\":true}", HTTPREPLY_ALLOW},
    {200, "{\"ok\":false,\"error\":\"x\"}", HTTPREPLY_DENY},
    {200, "{\"result\":\"deny\",\"ok\":true}", HTTPREPLY_DENY},
    {200, "{\"result\":\"allow\",\"is_superuser\":false}", HTTPREPLY_ALLOW},
    {200, "{\"result\":\"allow\",\"client_attrs\":{}}", HTTPREPLY_ALLOW},
    {400, "", HTTPREPLY_DENY},
    {401, "{\"result\":\"allow\"}", HTTPREPLY_DENY},
    {403, "", HTTPREPLY_DENY},
    {404, "", HTTPREPLY_DENY},
    {499, "ok", HTTPREPLY_DENY},
    {407, "", HTTPREPLY_BROKEN},
    {408, "", HTTPREPLY_BROKEN},
    {429, "", HTTPREPLY_BROKEN},
    {100, "", HTTPREPLY_BROKEN},
    {201, "ok", HTTPREPLY_BROKEN},
    {206, "ok", HTTPREPLY_BROKEN},
    {301, "ok", HTTPREPLY_BROKEN},
    {302, "{\"result\":\"allow\"}", HTTPREPLY_BROKEN},
    {500, "ok", HTTPREPLY_BROKEN},
    {503, "", HTTPREPLY_BROKEN},
    {200, "<html>Log in to our wireless network</html>", HTTPREPLY_BROKEN},
    {200, "true", HTTPREPLY_BROKEN},
    {200, "okay", HTTPREPLY_BROKEN},
    {200, "[\"allow\"]", HTTPREPLY_BROKEN},
    {200, "{}", HTTPREPLY_BROKEN},
    {200, "{\"result\":\"Allow\"}", HTTPREPLY_BROKEN},
    {200, "{\"result\":true}", HTTPREPLY_BROKEN},
    {200, "{\"result\":1,\"ok\":true}", HTTPREPLY_BROKEN},
    {200, "{\"result\":\"deny\",\"result\":\"allow\"}", HTTPREPLY_BROKEN},
    {200, "{\"ok\":\"true\"}", HTTPREPLY_BROKEN},
    {200, "{\"ok\":1}", HTTPREPLY_BROKEN},
    {200, "{\"result\":\"allow\"", HTTPREPLY_BROKEN},
    {200, "{\"result\":\"allow\",\"acl\":5}", HTTPREPLY_BROKEN},
    {200, "{\"result\":\"allow\",\"acl\":[{}]}", HTTPREPLY_BROKEN},
    {200, "{\"result\":\"allow\",\"acl\":[],\"expire_at\":\"x\"}",
     HTTPREPLY_BROKEN},
    {200, "{\"result\":\"allow\",\"acl\":[],\"expire_at\":1000}",
     HTTPREPLY_DENY},
    {200, "{\"result\":\"deny\",\"acl\":5}", HTTPREPLY_DENY},
};

static void answers_mean_this(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct httpreply reply = reply_of(cases[i].status, cases[i].body);
        if (!CHECK_EQ(reply.verdict, cases[i].verdict)) {
            fprintf(stderr, "    %ld %s\n", cases[i].status, cases[i].body);
        }
        CHECK_EQ(reply.reason == NULL, reply.verdict == HTTPREPLY_ALLOW);
        CHECK(reply.verdict == HTTPREPLY_ALLOW || reply.acl == NULL);
        httpreply_fini(&reply);
    }
}

static bool may(const struct acl *acl, const char *topic)
{
    struct acl_who who = {.user = bytes_of("anna"), .has_user = true};
    return acl_judge(acl, &who, ACL_RECEIVE, bytes_of(topic)).allowed;
}

static void rules_may_come_along(void)
{
    struct httpreply reply =
        reply_of(200, "{\"result\":\"allow\",\"acl\":[{\"permission\":\"allow\""
                      ",\"action\":\"subscribe\",\"topic\":\"a/${username}\"}]"
                      ",\"expire_at\":1001}");
    CHECK_EQ(reply.verdict, HTTPREPLY_ALLOW);
    CHECK(reply.acl != NULL);
    CHECK(may(reply.acl, "a/anna") && !may(reply.acl, "a/bert"));
    CHECK_EQ(reply.expires_s, 1001);
    httpreply_fini(&reply);
    reply = reply_of(200, "{\"ok\":true,\"is_superuser\":true,\"acl\":[]}");
    CHECK(may(reply.acl, "a") && may(reply.acl, "$SYS/x"));
    CHECK_EQ(reply.expires_s, 0);
    httpreply_fini(&reply);
    reply = reply_of(200, "{\"ok\":true}");
    CHECK(reply.acl == NULL);
    httpreply_fini(&reply);
}

static void the_status_may_be_all(void)
{
    struct httpreply reply;
    httpreply_read(200, bytes_of("<html>"), true, NOW_S, &reply);
    CHECK_EQ(reply.verdict, HTTPREPLY_ALLOW);
    httpreply_read(403, bytes_of("ok"), true, NOW_S, &reply);
    CHECK_EQ(reply.verdict, HTTPREPLY_DENY);
}

int main(void)
{
    RUN(answers_mean_this);
    RUN(rules_may_come_along);
    RUN(the_status_may_be_all);
    return check_result();
}
