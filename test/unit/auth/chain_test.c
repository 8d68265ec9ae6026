/* chain_test.c - who decides when, and what counts when nobody does. */
#include "auth/chain.h"
#include "stage.h"

static const struct auth_request named = {.has_user = true,
                                          .user = {(const uint8_t *)"ann", 3}};
static const struct auth_request nameless = {.kind = AUTH_CONNECT};
static const struct auth_request enhanced = {
    .has_method = true, .method = {(const uint8_t *)"X", 1}};

static void first_that_decides_ends_it(void)
{
    struct puppet p[3] = {
        {.first = AUTH_PASS}, {.first = AUTH_ACCEPT}, {.first = AUTH_REFUSE}};
    struct auth_chain *chain = stage_chain(p, 3, false);
    struct stage stage = stage_new();
    (void)stage_ask(&stage, chain, &named);
    CHECK_EQ(stage.done, 1);
    CHECK_EQ(stage.step, AUTH_ACCEPT);
    CHECK_STR(stage.user, "ann");
    CHECK_EQ(p[2].begun, 0);
    auth_chain_unref(chain);
    CHECK_EQ(p[0].freed + p[1].freed + p[2].freed, 3);
}

static void all_pass(const struct auth_request *request, size_t methods,
                     bool allow_anonymous, enum auth_step step, enum err why)
{
    struct puppet p = {.first = AUTH_PASS};
    struct auth_chain *chain = stage_chain(&p, methods, allow_anonymous);
    struct stage stage = stage_new();
    (void)stage_ask(&stage, chain, request);
    CHECK_EQ(stage.done, 1);
    CHECK_EQ(stage.step, step);
    CHECK_EQ(stage.why, why);
    auth_chain_unref(chain);
}

static void nobody_decides(void)
{
    all_pass(&nameless, 1, true, AUTH_ACCEPT, OK);
    all_pass(&nameless, 1, false, AUTH_REFUSE, ERR_NOT_AUTHORIZED);
    all_pass(&nameless, 0, true, AUTH_ACCEPT, OK);
    all_pass(&nameless, 0, false, AUTH_REFUSE, ERR_NOT_AUTHORIZED);
    all_pass(&named, 1, true, AUTH_REFUSE, ERR_CREDENTIALS);
    all_pass(&named, 1, false, AUTH_REFUSE, ERR_CREDENTIALS);
    all_pass(&named, 0, true, AUTH_ACCEPT, OK);
    all_pass(&named, 0, false, AUTH_REFUSE, ERR_NOT_AUTHORIZED);
    all_pass(&enhanced, 1, true, AUTH_REFUSE, ERR_AUTH_METHOD);
    all_pass(&enhanced, 0, true, AUTH_REFUSE, ERR_AUTH_METHOD);
}

static void a_method_lives_as_long_as_its_chains(void)
{
    struct puppet p = {.first = AUTH_PASS};
    struct auth_shared *shared =
        auth_shared_new((struct auth_method){&puppet_kind, &p});
    REQUIRE(shared != NULL);
    struct auth_chain *a = auth_chain_new(false), *b = auth_chain_new(true);
    REQUIRE(a != NULL && b != NULL);
    CHECK_EQ(auth_chain_add(a, shared), OK);
    CHECK_EQ(auth_chain_add(b, shared), OK);
    auth_shared_unref(shared);
    auth_chain_stop(a);
    CHECK_EQ(p.stopped, 1);
    auth_chain_unref(a);
    CHECK_EQ(p.freed, 0);
    auth_chain_unref(b);
    CHECK_EQ(p.freed, 1);
}

static void a_chain_has_an_end(void)
{
    struct puppet p[AUTH_METHODS_MAX] = {{.first = AUTH_PASS}};
    struct auth_chain *chain = stage_chain(p, AUTH_METHODS_MAX, false);
    struct puppet more = {.first = AUTH_PASS};
    struct auth_shared *shared =
        auth_shared_new((struct auth_method){&puppet_kind, &more});
    CHECK_EQ(auth_chain_add(chain, shared), ERR_FULL);
    auth_shared_unref(shared);
    CHECK_EQ(more.freed, 1);
    auth_chain_unref(chain);
}

int main(void)
{
    RUN(first_that_decides_ends_it);
    RUN(nobody_decides);
    RUN(a_method_lives_as_long_as_its_chains);
    RUN(a_chain_has_an_end);
    return check_result();
}
