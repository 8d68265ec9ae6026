/* scramlogin_test.c - whole conversations through the method, and who is let
 * in. */
#include "auth/scramlogin.h"
#include "scramclient.h"
#include "stage.h"

static char path[] = "/tmp/mogi-scramlogin-XXXXXX";
static struct auth_chain *chain;

/* What was said last, and what came of it. */
struct talk {
    struct auth_call *call;
    enum auth_step step;
    enum err why;
    char reason[128], user[64], data[1024];
};

static void talk_note(struct auth_call *call, enum auth_step step)
{
    struct talk *talk = call->owner;
    const struct auth_answer *answer = &call->answer;
    talk->call = call;
    talk->step = step;
    talk->why = answer->why;
    (void)snprintf(talk->reason, sizeof talk->reason, "%s",
                   answer->reason == NULL ? "" : answer->reason);
    (void)snprintf(talk->user, sizeof talk->user, "%.*s",
                   (int)answer->user.size, (const char *)answer->user.data);
    (void)snprintf(talk->data, sizeof talk->data, "%.*s",
                   (int)answer->data.size, (const char *)answer->data.data);
    if (step != AUTH_MORE) auth_call_free(call);
}

static struct stage stage;

static void talk_begin(struct talk *talk, const struct auth_request *request)
{
    *talk = (struct talk){.step = AUTH_LATER};
    struct auth_call *call =
        auth_call_new(chain, request, &stage.runner, talk_note, talk);
    REQUIRE(call != NULL);
    auth_call_begin(call);
}

static struct auth_request request_of(const char *method, const char *first)
{
    return (struct auth_request){.has_method = true,
                                 .method = bytes_of(method),
                                 .has_data = true,
                                 .data = bytes_of(first)};
}

/* What `password` and the broker's challenge make the client say. */
static void answer_make(const struct talk *talk, const char *first,
                        enum scram_hash hash, const char *password, char *out,
                        size_t room)
{
    struct scram scram = {.user = ""};
    struct scram_secret secret = {.hash = hash};
    char salt[128] = "", unproven[1024];
    const char *s = strstr(talk->data, ",s="), *i = strstr(talk->data, ",i=");
    REQUIRE(s != NULL && i != NULL);
    (void)snprintf(scram.first, sizeof scram.first, "%s", first + 3);
    (void)snprintf(scram.reply, sizeof scram.reply, "%s", talk->data);
    (void)snprintf(salt, sizeof salt, "%.*s", (int)(i - s - 3), s + 3);
    REQUIRE(base64_decode(BASE64_PADDED, bytes_of(salt), secret.salt,
                          &secret.salt_size));
    secret.iterations = (uint32_t)strtoul(i + 3, NULL, 10);
    (void)snprintf(unproven, sizeof unproven, "c=biws,%.*s",
                   (int)(s - talk->data), talk->data);
    client_say(&scram, &secret, password, unproven, out, room);
}

static struct talk login(const char *method, enum scram_hash hash,
                         const char *first, const char *password)
{
    struct talk talk;
    char last[2048];
    struct auth_request request = request_of(method, first);
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_MORE);
    if (talk.step != AUTH_MORE) return talk;
    answer_make(&talk, first, hash, password, last, sizeof last);
    auth_call_continue(talk.call, true, bytes_of(last));
    return talk;
}

static void a_password_is_proven(void)
{
    for (unsigned round = 0; round < 3; round++) {
        struct talk talk =
            login("SCRAM-SHA-256", SCRAM_SHA256, "n,,n=anna,r=x", "pencil");
        CHECK_EQ(talk.step, AUTH_ACCEPT);
        CHECK_STR(talk.user, "anna");
        CHECK(strncmp(talk.data, "v=", 2) == 0);
        talk = login("SCRAM-SHA-512", SCRAM_SHA512, "n,,n=anna,r=x", "crayon");
        CHECK_EQ(talk.step, AUTH_ACCEPT);
    }
}

static void a_wrong_password_is_refused(void)
{
    struct talk talk =
        login("SCRAM-SHA-256", SCRAM_SHA256, "n,,n=anna,r=x", "crayon");
    CHECK_EQ(talk.step, AUTH_REFUSE);
    CHECK_EQ(talk.why, ERR_CREDENTIALS);
    CHECK_STR(talk.reason, "its password is wrong");
    CHECK_STR(talk.data, "");
}

static void a_stranger_learns_nothing(void)
{
    struct talk talk =
        login("SCRAM-SHA-256", SCRAM_SHA256, "n,,n=carl,r=x", "pencil");
    CHECK_EQ(talk.step, AUTH_REFUSE);
    CHECK_EQ(talk.why, ERR_CREDENTIALS);
    CHECK_STR(talk.reason, "there is no such user in scram_file");
    talk = login("SCRAM-SHA-512", SCRAM_SHA512, "n,,n=bert,r=x", "pencil");
    CHECK_EQ(talk.why, ERR_CREDENTIALS);
}

/* What was overheard is worth nothing: our nonce is another one. */
static void an_old_answer_is_refused(void)
{
    const char *first = "n,,n=anna,r=x";
    struct talk talk;
    char last[2048], challenge[1024];
    struct auth_request request = request_of("SCRAM-SHA-256", first);
    talk_begin(&talk, &request);
    (void)snprintf(challenge, sizeof challenge, "%s", talk.data);
    answer_make(&talk, first, SCRAM_SHA256, "pencil", last, sizeof last);
    auth_call_continue(talk.call, true, bytes_of(last));
    CHECK_EQ(talk.step, AUTH_ACCEPT);
    talk_begin(&talk, &request);
    CHECK(strcmp(talk.data, challenge) != 0);
    auth_call_continue(talk.call, true, bytes_of(last));
    CHECK_EQ(talk.step, AUTH_REFUSE);
    CHECK_STR(talk.reason, "its last message has another nonce");
}

static void nothing_is_no_answer(void)
{
    struct talk talk;
    struct auth_request request = request_of("SCRAM-SHA-256", "n,,n=anna,r=x");
    talk_begin(&talk, &request);
    auth_call_continue(talk.call, false, bytes_of(""));
    CHECK_EQ(talk.step, AUTH_REFUSE);
    CHECK_EQ(talk.why, ERR_CREDENTIALS);
    request.has_data = false;
    request.data = bytes_of("");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_REFUSE);
    CHECK_STR(talk.reason, "its first message is cut short");
    /* Who goes away in between leaves nothing behind. */
    request = request_of("SCRAM-SHA-256", "n,,n=anna,r=x");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_MORE);
    auth_call_cancel(talk.call);
}

static void a_user_name_must_fit(void)
{
    struct talk talk;
    struct auth_request request = request_of("SCRAM-SHA-256", "n,,n=anna,r=x");
    request.has_user = true;
    request.user = bytes_of("bert");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_REFUSE);
    CHECK_STR(talk.reason, "its user name is not the one it proves");
    request.user = bytes_of("anna");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_MORE);
    auth_call_cancel(talk.call);
    request.has_user = false;
    request.kind = AUTH_AGAIN;
    request.user = bytes_of("bert");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_REFUSE);
    request.user = bytes_of("anna");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.step, AUTH_MORE);
    auth_call_cancel(talk.call);
}

static void others_are_passed_on(void)
{
    struct talk talk;
    struct auth_request request = request_of("SCRAM-SHA-1", "n,,n=anna,r=x");
    talk_begin(&talk, &request);
    CHECK_EQ(talk.why, ERR_AUTH_METHOD);
    struct auth_request plain = {.has_user = true, .user = bytes_of("anna")};
    talk_begin(&talk, &plain);
    CHECK_STR(talk.reason, "nobody here knows that user name");
}

static void line_write(FILE *file, const char *user, enum scram_hash hash,
                       const char *password)
{
    struct scram_secret secret;
    char text[SCRAM_TEXT_MAX];
    REQUIRE(scram_make(hash, SCRAM_ITERATIONS_MIN, bytes_of(password),
                       &secret) == OK);
    scram_format(&secret, text);
    REQUIRE(fprintf(file, "%s:%s\n", user, text) > 0);
}

static void chain_make(void)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    FILE *file = fdopen(fd, "w");
    line_write(file, "anna", SCRAM_SHA256, "pencil");
    line_write(file, "anna", SCRAM_SHA512, "crayon");
    line_write(file, "bert", SCRAM_SHA256, "pencil");
    REQUIRE(fclose(file) == 0);
    struct auth_method method;
    struct fault fault = {{0}};
    REQUIRE(scramlogin_open(path, &method, &fault) == OK);
    CHECK_EQ(scramlogin_count(&method), 3);
    chain = stage_chain_of(method);
    CHECK_EQ(scramlogin_open("/no/file", &method, &fault), ERR_IO);
}

int main(void)
{
    stage = stage_new();
    chain_make();
    RUN(a_password_is_proven);
    RUN(a_wrong_password_is_refused);
    RUN(a_stranger_learns_nothing);
    RUN(an_old_answer_is_refused);
    RUN(nothing_is_no_answer);
    RUN(a_user_name_must_fit);
    RUN(others_are_passed_on);
    auth_chain_unref(chain);
    unlink(path);
    return check_result();
}
