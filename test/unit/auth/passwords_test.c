/* passwords_test.c - the password file as a method of a chain. */
#include "auth/passwords.h"
#include "stage.h"

static char path[] = "/tmp/mogi-passwords-XXXXXX";
static struct fault fault;

static void file_write(const char *user)
{
    char hash[PASSHASH_TEXT_MAX];
    REQUIRE(passhash_make(PASSHASH_PBKDF2, 1, bytes_of("secret"), hash) == OK);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fprintf(file, "%s:%s\n", user, hash);
    fclose(file);
}

/* A chain of the file alone, or with a puppet behind it. */
static struct auth_chain *chain_new(uint32_t cache_s, struct puppet *next)
{
    struct auth_method method;
    REQUIRE(passwords_open(path, cache_s, &method, &fault) == OK);
    CHECK_EQ(passwords_count(&method), 1);
    struct auth_shared *first = auth_shared_new(method);
    struct auth_chain *chain = auth_chain_new(true);
    REQUIRE(first != NULL && chain != NULL);
    CHECK_EQ(auth_chain_add(chain, first), OK);
    auth_shared_unref(first);
    if (next == NULL) return chain;
    struct auth_shared *second =
        auth_shared_new((struct auth_method){&puppet_kind, next});
    REQUIRE(second != NULL);
    CHECK_EQ(auth_chain_add(chain, second), OK);
    auth_shared_unref(second);
    return chain;
}

static struct auth_request request_of(const char *user, const char *password)
{
    struct auth_request request = {.kind = AUTH_CONNECT};
    request.has_user = user != NULL;
    request.has_password = password != NULL;
    if (user != NULL) request.user = bytes_of(user);
    if (password != NULL) request.password = bytes_of(password);
    return request;
}

/* Ask, and say whether it took work on another thread. */
static bool ask(struct auth_chain *chain, const char *user,
                const char *password, enum auth_step step, enum err why)
{
    struct stage stage = stage_new();
    struct auth_request request = request_of(user, password);
    (void)stage_ask(&stage, chain, &request);
    bool worked = stage.working != NULL;
    stage_run(&stage);
    CHECK_EQ(stage.done, 1);
    CHECK_EQ(stage.step, step);
    CHECK_EQ(stage.why, why);
    if (step == AUTH_ACCEPT && user != NULL) CHECK_STR(stage.user, user);
    return worked;
}

static void keep_done(struct auth_call *call, enum auth_step step)
{
    CHECK_EQ(step, AUTH_ACCEPT);
    *(uint64_t *)call->owner = call->answer.proof;
    auth_call_free(call);
}

static void passwords_decide(void)
{
    file_write("ann");
    struct auth_chain *chain = chain_new(0, NULL);
    CHECK(ask(chain, "ann", "secret", AUTH_ACCEPT, OK));
    CHECK(ask(chain, "ann", "secret", AUTH_ACCEPT, OK));
    CHECK(ask(chain, "ann", "wrong", AUTH_REFUSE, ERR_CREDENTIALS));
    CHECK(ask(chain, "ann", NULL, AUTH_REFUSE, ERR_CREDENTIALS));
    /* Who does not exist costs as much. */
    CHECK(ask(chain, "bob", "secret", AUTH_REFUSE, ERR_CREDENTIALS));
    CHECK(!ask(chain, NULL, NULL, AUTH_ACCEPT, OK));
    CHECK(!ask(chain, NULL, "secret", AUTH_REFUSE, ERR_CREDENTIALS));
    auth_chain_unref(chain);
}

static void proven_passwords_cost_nothing(void)
{
    struct auth_chain *chain = chain_new(60, NULL);
    CHECK(ask(chain, "ann", "wrong", AUTH_REFUSE, ERR_CREDENTIALS));
    CHECK(ask(chain, "ann", "wrong", AUTH_REFUSE, ERR_CREDENTIALS));
    CHECK(ask(chain, "ann", "secret", AUTH_ACCEPT, OK));
    CHECK(!ask(chain, "ann", "secret", AUTH_ACCEPT, OK));
    CHECK(ask(chain, "ann", "wrong", AUTH_REFUSE, ERR_CREDENTIALS));
    auth_chain_unref(chain);
}

static void strangers_are_passed_on(void)
{
    struct puppet next = {.first = AUTH_ACCEPT, .second = AUTH_ACCEPT};
    struct auth_chain *chain = chain_new(0, &next);
    CHECK(ask(chain, "ann", "wrong", AUTH_REFUSE, ERR_CREDENTIALS));
    CHECK_EQ(next.begun, 0);
    CHECK(!ask(chain, "bob", "token", AUTH_ACCEPT, OK));
    CHECK_EQ(next.begun, 1);
    auth_chain_unref(chain);
}

/* Who was let in may stay while his line is as it was, in a newer reading of
 * the file, too. */
static void proofs_stand_with_their_lines(void)
{
    struct auth_chain *chain = chain_new(60, NULL);
    uint64_t proofs[2];
    for (size_t i = 0; i < 2; i++) {
        struct auth_request request = request_of("ann", "secret");
        struct stage stage = stage_new();
        struct auth_call *call = auth_call_new(chain, &request, &stage.runner,
                                               keep_done, &proofs[i]);
        REQUIRE(call != NULL);
        auth_call_begin(call);
        stage_run(&stage);
    }
    CHECK(proofs[0] != 0);
    CHECK(proofs[0] == proofs[1]);
    struct auth_chain *again = chain_new(60, NULL);
    CHECK(auth_chain_stands(again, proofs[0]));
    CHECK(!auth_chain_stands(again, proofs[0] + 1));
    auth_chain_unref(again);
    file_write("ann"); /* the same password under another salt */
    again = chain_new(60, NULL);
    CHECK(!auth_chain_stands(again, proofs[0]));
    auth_chain_unref(again);
    auth_chain_unref(chain);
}

static void a_wrong_file_is_no_method(void)
{
    struct auth_method method;
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fprintf(file, "ann:secret\n");
    fclose(file);
    CHECK_EQ(passwords_open(path, 0, &method, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, ":1: the password is not hashed") != NULL);
}

int main(void)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    RUN(passwords_decide);
    RUN(proven_passwords_cost_nothing);
    RUN(strangers_are_passed_on);
    RUN(proofs_stand_with_their_lines);
    RUN(a_wrong_file_is_no_method);
    unlink(path);
    return check_result();
}
