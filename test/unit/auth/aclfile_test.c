/* aclfile_test.c - an acl_file is read as Mosquitto reads it, and tricks with
 * names come to nothing. */
#include "auth/aclfile.h"
#include "check.h"

static struct fault fault;
static const struct acl *acl;

static enum err parse(const char *text)
{
    char *copy = strdup(text);
    REQUIRE(copy != NULL);
    acl_unref(acl);
    fault = (struct fault){.text = ""};
    return aclfile_parse(bytes_of(copy), "rules", &acl, &fault);
}

static struct acl_verdict judge(const char *user, const char *client,
                                enum acl_action action, const char *text)
{
    struct acl_who who = {.has_user = user != NULL,
                          .client_id = bytes_of(client)};
    if (user != NULL) who.user = bytes_of(user);
    return acl_judge(acl, &who, action, bytes_of(text));
}

static bool may_read(const char *user, const char *client, const char *topic)
{
    return judge(user, client, ACL_RECEIVE, topic).allowed;
}

static bool may_write(const char *user, const char *client, const char *topic)
{
    return judge(user, client, ACL_PUBLISH, topic).allowed;
}

static void sections_are_told_apart(void)
{
    CHECK_EQ(parse("\xef\xbb\xbf# rules\r\n"
                   "topic read news/#\r\n"
                   "\r\n"
                   "user zoe\r\n"
                   "topic zoe/#\r\n"
                   "user ann lee\n"
                   "  topic   write   ann lee/x y  \n"
                   "pattern read clients/%c/#\n"
                   "topic deny ann lee/x y/z\n"
                   "user zoe\n"
                   "topic read more"),
             OK);
    CHECK_EQ(acl->anonymous.count, 1);
    CHECK_EQ(acl->user_count, 2);
    CHECK_EQ(acl->patterns.count, 1);
    CHECK_STR(acl->path, "rules");
    CHECK(may_read(NULL, "c", "news/a"));
    CHECK(!may_write(NULL, "c", "news/a"));
    CHECK(!may_read("zoe", "c", "news/a"));
    CHECK(may_read("zoe", "c", "zoe/1") && may_write("zoe", "c", "zoe/1"));
    CHECK(may_read("zoe", "c", "more"));
    CHECK(may_write("ann lee", "c", "ann lee/x y"));
    CHECK(!may_read("ann lee", "c", "ann lee/x y"));
    CHECK(may_read("zoe", "c", "clients/c/1"));
    CHECK(may_read("nobody", "c", "clients/c/1"));
    CHECK(!may_read("nobody", "d", "clients/c/1"));
}

static void a_verdict_names_its_line(void)
{
    CHECK_EQ(parse("user ann\ntopic a/#\n\n topic deny a/secret\r\n"), OK);
    struct acl_verdict verdict = judge("ann", "c", ACL_PUBLISH, "a/b");
    CHECK(verdict.allowed);
    REQUIRE(verdict.rule != NULL);
    CHECK_EQ(verdict.rule->line, 2);
    verdict = judge("ann", "c", ACL_PUBLISH, "a/secret");
    CHECK(!verdict.allowed);
    REQUIRE(verdict.rule != NULL);
    CHECK_EQ(verdict.rule->line, 4);
    CHECK(bytes_equal(aclfile_line(acl, 4), bytes_of("topic deny a/secret")));
    CHECK(bytes_equal(aclfile_line(acl, 1), bytes_of("user ann")));
    CHECK_EQ(aclfile_line(acl, 9).size, 0);
    CHECK(judge("ann", "c", ACL_PUBLISH, "b").rule == NULL);
}

/* Whoever can choose its name or id must not choose its rights with it. */
static void names_are_no_wildcards(void)
{
    CHECK_EQ(parse("pattern readwrite users/%u/#\n"
                   "pattern readwrite ids/%c\n"
                   "pattern read both/%u/%c\n"),
             OK);
    CHECK(may_write("ann", "id", "users/ann/x"));
    CHECK(may_write("ann", "id", "ids/id"));
    CHECK(may_read("ann", "id", "both/ann/id"));
    static const char *const tricks[] = {"+",  "#", "a/b", "ann/..",
                                         "a+", "/", "",    "+/x"};
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        CHECK(!may_write(tricks[i], "id", "users/ann/x"));
        CHECK(!may_write(tricks[i], "id", "users/a/b"));
        CHECK(!may_write(tricks[i], "id", "users/+/x"));
        CHECK(!may_write("ann", tricks[i], "ids/other"));
        CHECK(!may_read("ann", tricks[i], "both/ann/id"));
        CHECK(!judge(tricks[i], "id", ACL_SUBSCRIBE, "users/#").allowed);
    }
    /* Names that hold a percent sign are not filled in a second time. */
    CHECK(!may_read("%c", "id", "both/id/id"));
    CHECK(may_read("%c", "id", "both/%c/id"));
    /* Who has no name has no rules with it. */
    CHECK(!may_write(NULL, "id", "users//x"));
    CHECK(!may_write(NULL, "id", "users/%u/x"));
    CHECK(may_write(NULL, "id", "ids/id"));
}

static void percent_is_nothing_special_in_topics(void)
{
    CHECK_EQ(parse("user ann\ntopic a/%u\npattern plain/#\n"), OK);
    CHECK(may_write("ann", "c", "a/%u"));
    CHECK(!may_write("ann", "c", "a/ann"));
    CHECK(may_write("bob", "c", "plain/x"));
    CHECK(may_write(NULL, "c", "plain/x"));
}

static void deny_wins_wherever_it_stands(void)
{
    CHECK_EQ(parse("pattern deny all/secret\nuser ann\ntopic deny a/x\n"
                   "topic readwrite #\ntopic readwrite a/x\n"),
             OK);
    CHECK(may_write("ann", "c", "a/y"));
    CHECK(!may_write("ann", "c", "a/x"));
    CHECK(!may_read("ann", "c", "all/secret"));
    CHECK(!may_read("ann", "c", "$SYS/broker/uptime"));
    CHECK(judge("ann", "c", ACL_SUBSCRIBE, "#").allowed);
}

static void refused(const char *text, const char *what)
{
    CHECK_EQ(parse(text), ERR_CONFIG);
    CHECK(acl == NULL);
    if (!CHECK(strstr(fault.text, what) != NULL))
        fprintf(stderr, "%s\n", fault.text);
}

static void what_is_wrong_is_said_with_its_place(void)
{
    refused("user ann\nread a\n", "rules:2: 'read' begins no rule");
    refused("user\n", "rules:1: the user's name is missing");
    refused("topic\n", "rules:1: the topic is missing");
    refused("topic a b\n", "rules:1: 'a' is not read, write, readwrite");
    refused("topic read a/#/b\n", "rules:1: 'a/#/b' is no topic filter");
    refused("topic a+\n", "rules:1: 'a+' is no topic filter");
    refused("topic \xff\n", "is no topic filter");
    refused("topic read $share/g/a\n", "leave \"$share/GROUP/\" out");
    CHECK_EQ(aclfile_read("/no/such/file", &acl, &fault), ERR_IO);
    CHECK(strstr(fault.text, "/no/such/file: ") != NULL);
}

static void a_topic_may_be_called_like_a_word(void)
{
    CHECK_EQ(parse("topic read\ntopic deny deny\n"), OK);
    CHECK(may_write(NULL, "c", "read"));
    CHECK(!may_write(NULL, "c", "deny"));
}

static void an_empty_file_allows_nothing(void)
{
    CHECK_EQ(parse("# nothing\n"), OK);
    CHECK(!may_read("ann", "c", "a"));
    CHECK(!may_read(NULL, "c", "a"));
}

static void it_is_counted(void)
{
    CHECK_EQ(parse("topic a\n"), OK);
    const struct acl *mine = acl_ref(acl);
    CHECK_EQ(parse("topic b\n"), OK);
    CHECK(bytes_equal(mine->anonymous.rules[0].filter, bytes_of("a")));
    acl_unref(mine);
}

int main(void)
{
    RUN(sections_are_told_apart);
    RUN(a_verdict_names_its_line);
    RUN(names_are_no_wildcards);
    RUN(percent_is_nothing_special_in_topics);
    RUN(deny_wins_wherever_it_stands);
    RUN(what_is_wrong_is_said_with_its_place);
    RUN(a_topic_may_be_called_like_a_word);
    RUN(an_empty_file_allows_nothing);
    RUN(it_is_counted);
    acl_unref(acl);
    return check_result();
}
