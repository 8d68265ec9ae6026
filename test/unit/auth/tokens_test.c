/* tokens_test.c - the method as a client meets it: who is let in, as whom and
 * until when. */
#include "auth/tokens.h"
#include "core/acl.h"
#include "signing.h"
#include "stage.h"

#include <time.h>

static char key_path[] = "/tmp/mogi-tokens-key-XXXXXX";
static char secret_path[] = "/tmp/mogi-tokens-secret-XXXXXX";
static struct jwk pair, secret;

static void file_write(char *path, struct bytes text)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, text.data, text.size) == (ssize_t)text.size);
    close(fd);
}

static struct auth_chain *chain_of(const struct tokens_options *options)
{
    struct auth_method method;
    struct fault fault = {{0}};
    CHECK_EQ(tokens_open(options, &method, &fault), OK);
    CHECK_STR(fault.text, "");
    return stage_chain_of(method);
}

static struct bytes token_of(const struct jwk *key, const char *claims)
{
    static char payload[4096], text[TOKEN_BYTES_MAX];
    char header[64];
    (void)snprintf(payload, sizeof payload, "{\"exp\":%lld%s}",
                   (long long)time(NULL) + 100, claims);
    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\"}",
                   jwk_algorithm_name(key->algorithm));
    return signing_token(key, header, payload, text);
}

/* What became of a request. */
struct outcome {
    enum auth_step step;
    enum err why;
    char reason[128], user[64];
    uint64_t expires_s;
    bool may_a, has_acl, worked;
};

static void outcome_note(struct auth_call *call, enum auth_step step)
{
    struct outcome *outcome = call->owner;
    const struct auth_answer *answer = &call->answer;
    outcome->step = step;
    outcome->why = answer->why;
    outcome->expires_s = answer->expires_s;
    (void)snprintf(outcome->reason, sizeof outcome->reason, "%s",
                   answer->reason == NULL ? "" : answer->reason);
    (void)snprintf(outcome->user, sizeof outcome->user, "%.*s",
                   (int)answer->user.size, (const char *)answer->user.data);
    struct acl_who who = {.user = answer->user, .has_user = true};
    outcome->has_acl = answer->acl != NULL;
    outcome->may_a =
        acl_judge(answer->acl, &who, ACL_PUBLISH, bytes_of("a")).allowed;
    auth_call_free(call);
}

static struct outcome ask(struct auth_chain *chain,
                          const struct auth_request *request)
{
    struct outcome outcome = {.step = AUTH_LATER};
    struct stage stage = stage_new();
    struct auth_call *call =
        auth_call_new(chain, request, &stage.runner, outcome_note, &outcome);
    REQUIRE(call != NULL);
    auth_call_begin(call);
    outcome.worked = stage.working != NULL;
    stage_run(&stage);
    return outcome;
}

static void a_password_may_be_a_token(void)
{
    struct auth_chain *chain = chain_of(&(struct tokens_options){
        .key_file = key_path, .secret_file = secret_path, .leeway_s = 5});
    struct bytes token = token_of(&pair, ",\"sub\":\"anna\"");
    struct auth_request request = {.has_password = true, .password = token};
    struct outcome outcome = ask(chain, &request);
    CHECK_EQ(outcome.step, AUTH_ACCEPT);
    CHECK(outcome.worked);
    CHECK(!outcome.has_acl);
    CHECK_STR(outcome.user, "anna");
    uint64_t left_s = outcome.expires_s - (uint64_t)time(NULL);
    CHECK(left_s > 90 && left_s <= 105);
    request.password = token_of(&secret, ",\"sub\":\"bert\",\"acl\":[]");
    outcome = ask(chain, &request);
    CHECK_EQ(outcome.step, AUTH_ACCEPT);
    CHECK(!outcome.worked);
    CHECK(outcome.has_acl && !outcome.may_a);
    CHECK_STR(outcome.user, "bert");
    request.password = token_of(&secret, ",\"sub\":\"c\",\"acl\":{\"pub\":"
                                         "[\"a\"]}");
    outcome = ask(chain, &request);
    CHECK(outcome.has_acl && outcome.may_a);
    auth_chain_unref(chain);
}

static void bad_tokens_are_refused(void)
{
    struct auth_chain *chain =
        chain_of(&(struct tokens_options){.key_file = key_path});
    struct auth_request request = {.has_password = true};
    struct outcome outcome;
    request.password = token_of(&secret, ",\"sub\":\"anna\"");
    outcome = ask(chain, &request);
    CHECK_EQ(outcome.why, ERR_CREDENTIALS);
    CHECK_STR(outcome.reason, "there is no key for its \"kid\" and \"alg\"");
    request.password = token_of(&pair, "");
    outcome = ask(chain, &request);
    CHECK_EQ(outcome.why, ERR_CREDENTIALS);
    CHECK_STR(outcome.reason, "it names no user");
    request.password = token_of(&pair, ",\"sub\":\"anna\",\"acl\":5");
    outcome = ask(chain, &request);
    CHECK_EQ(outcome.why, ERR_NOT_AUTHORIZED);
    CHECK_STR(outcome.reason, "its rules are neither list nor object");
    request.password = bytes_of("eyJh.e30.AA");
    outcome = ask(chain, &request);
    CHECK_EQ(outcome.why, ERR_CREDENTIALS);
    CHECK_STR(outcome.reason, "its header is no JSON object");
    auth_chain_unref(chain);
}

/* They get the answer of a chain in which all have passed. */
static void what_is_no_token_is_passed_on(void)
{
    struct auth_chain *chain =
        chain_of(&(struct tokens_options){.key_file = key_path});
    struct auth_request requests[] = {
        {.has_user = true, .user = bytes_of("anna")},
        {.has_user = true, .has_password = true, .password = bytes_of("x.y.z")},
        {.has_user = true, .user = token_of(&pair, ",\"sub\":\"anna\"")},
        {.has_method = true, .method = bytes_of("SCRAM-SHA-256")},
    };
    for (size_t i = 0; i < 4; i++) {
        struct outcome outcome = ask(chain, &requests[i]);
        CHECK_EQ(outcome.why, i < 3 ? ERR_CREDENTIALS : ERR_AUTH_METHOD);
        if (i < 3)
            CHECK_STR(outcome.reason, "nobody here knows that user name");
    }
    auth_chain_unref(chain);
}

static void check_name(const struct tokens_options *options,
                       const char *user_name, bool fits)
{
    struct auth_chain *chain = chain_of(options);
    struct auth_request request = {.has_user = true,
                                   .user = bytes_of(user_name),
                                   .has_password = true,
                                   .password =
                                       token_of(&pair, ",\"sub\":\"anna\"")};
    struct outcome outcome = ask(chain, &request);
    CHECK_EQ(outcome.step, fits ? AUTH_ACCEPT : AUTH_REFUSE);
    CHECK_STR(outcome.user, fits ? "anna" : "");
    if (!fits) {
        CHECK_EQ(outcome.why, ERR_CREDENTIALS);
        CHECK_STR(outcome.reason, "its user name is not the one in its token");
    }
    auth_chain_unref(chain);
}

static void a_user_name_must_fit(void)
{
    struct tokens_options options = {.key_file = key_path};
    check_name(&options, "anna", true);
    check_name(&options, "bert", false);
    check_name(&options, "", false);
    options.any_user_name = true;
    check_name(&options, "bert", true);
}

static void a_user_name_may_be_the_token(void)
{
    struct auth_chain *chain = chain_of(
        &(struct tokens_options){.key_file = key_path, .in_user_name = true});
    struct auth_request request = {
        .has_user = true, .user = token_of(&pair, ",\"sub\":\"anna\"")};
    struct outcome outcome = ask(chain, &request);
    CHECK_EQ(outcome.step, AUTH_ACCEPT);
    CHECK_STR(outcome.user, "anna");
    struct auth_request other = {.has_password = true,
                                 .password = request.user};
    CHECK_EQ(ask(chain, &other).step, AUTH_REFUSE);
    auth_chain_unref(chain);
}

static void a_token_may_come_by_its_method(void)
{
    struct auth_chain *chain =
        chain_of(&(struct tokens_options){.key_file = key_path});
    struct auth_request request = {.has_method = true,
                                   .method = bytes_of("JWT"),
                                   .has_data = true,
                                   .data =
                                       token_of(&pair, ",\"sub\":\"anna\"")};
    struct outcome outcome = ask(chain, &request);
    CHECK_EQ(outcome.step, AUTH_ACCEPT);
    CHECK_STR(outcome.user, "anna");
    request.kind = AUTH_AGAIN;
    request.user = bytes_of("anna");
    CHECK_EQ(ask(chain, &request).step, AUTH_ACCEPT);
    request.has_user = true;
    CHECK_EQ(ask(chain, &request).step, AUTH_ACCEPT);
    /* Nobody becomes somebody else on the way. */
    request.user = bytes_of("bert");
    CHECK_EQ(ask(chain, &request).step, AUTH_REFUSE);
    request.data = bytes_of("");
    CHECK_EQ(ask(chain, &request).why, ERR_CREDENTIALS);
    auth_chain_unref(chain);
    chain = chain_of(
        &(struct tokens_options){.key_file = key_path, .any_user_name = true});
    request.data = token_of(&pair, ",\"sub\":\"anna\"");
    CHECK_EQ(ask(chain, &request).step, AUTH_REFUSE);
    auth_chain_unref(chain);
}

static void options_are_kept(void)
{
    char issuer[] = "me", audience[] = "mogi", user[] = "name", acl[] = "mqtt";
    struct auth_chain *chain =
        chain_of(&(struct tokens_options){.key_file = key_path,
                                          .issuer = issuer,
                                          .audience = audience,
                                          .user_claim = user,
                                          .acl_claim = acl});
    issuer[0] = audience[0] = user[0] = acl[0] = 'X';
    struct auth_request request = {
        .has_password = true,
        .password = token_of(&pair, ",\"name\":\"anna\",\"iss\":\"me\",\"aud\":"
                                    "\"mogi\",\"mqtt\":[],\"acl\":5"),
    };
    struct outcome outcome = ask(chain, &request);
    CHECK_EQ(outcome.step, AUTH_ACCEPT);
    CHECK(outcome.has_acl);
    auth_chain_unref(chain);
}

static void check_not_opened(const struct tokens_options *options, enum err why,
                             const char *because)
{
    struct auth_method method;
    struct fault fault = {{0}};
    CHECK_EQ(tokens_open(options, &method, &fault), why);
    if (strstr(fault.text, because) == NULL) CHECK_STR(fault.text, because);
}

static void files_must_be_there(void)
{
    check_not_opened(&(struct tokens_options){.key_file = ""}, ERR_CONFIG,
                     "set jwt_key_file or jwt_secret_file");
    check_not_opened(&(struct tokens_options){.key_file = "/no/file"}, ERR_IO,
                     "/no/file: No such file");
    check_not_opened(
        &(struct tokens_options){.key_file = key_path, .secret_file = key_path},
        ERR_CONFIG, "it is a key, no secret");
    struct auth_method method;
    struct fault fault;
    size_t skipped;
    REQUIRE(tokens_open(&(struct tokens_options){.key_file = key_path,
                                                 .secret_file = secret_path},
                        &method, &fault) == OK);
    CHECK_EQ(tokens_key_count(&method, &skipped), 2);
    CHECK_EQ(skipped, 0);
    method.kind->free(method.self);
}

int main(void)
{
    char pem[2048];
    pair = signing_key(JWS_ES256);
    secret = signing_key(JWS_HS256);
    file_write(key_path, signing_pem(&pair, pem));
    file_write(secret_path, secret.secret);
    RUN(a_password_may_be_a_token);
    RUN(bad_tokens_are_refused);
    RUN(what_is_no_token_is_passed_on);
    RUN(a_user_name_must_fit);
    RUN(a_user_name_may_be_the_token);
    RUN(a_token_may_come_by_its_method);
    RUN(options_are_kept);
    RUN(files_must_be_there);
    unlink(key_path);
    unlink(secret_path);
    jwk_fini(&pair);
    jwk_fini(&secret);
    return check_result();
}
