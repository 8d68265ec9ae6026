/* stage.h - what the tests of src/auth share: a method that does as it is told,
 * and a runner that waits to be told. */
#ifndef MOGI_TEST_AUTH_STAGE_H
#define MOGI_TEST_AUTH_STAGE_H

#include "auth/chain.h"
#include "check.h"

/* A method whose next steps are written down. */
struct puppet {
    enum auth_step first, second; /* of begin, of work or the second begin */
    unsigned begun, worked, forgotten, freed, stopped;
    bool keeps; /* leaves something in call->state */
    struct auth_call *call;
};

CHECK_UNUSED static enum auth_step puppet_begin(void *self,
                                                struct auth_call *call)
{
    struct puppet *puppet = self;
    puppet->begun += 1;
    puppet->call = call;
    if (puppet->keeps) call->state = puppet;
    enum auth_step step = puppet->begun == 1 ? puppet->first : puppet->second;
    if (step == AUTH_ACCEPT)
        return auth_answer_accept(&call->answer, call->request->user);
    if (step == AUTH_MORE)
        return auth_answer_more(&call->answer, bytes_of("challenge"));
    return step;
}

CHECK_UNUSED static enum auth_step puppet_work(void *self,
                                               struct auth_call *call)
{
    struct puppet *puppet = self;
    (void)call;
    puppet->worked += 1;
    return puppet->second;
}

CHECK_UNUSED static void puppet_forget(void *self, void *state)
{
    struct puppet *puppet = self;
    CHECK(state == self);
    puppet->forgotten += 1;
}

CHECK_UNUSED static void puppet_stop(void *self)
{
    ((struct puppet *)self)->stopped += 1;
}

CHECK_UNUSED static void puppet_free(void *self)
{
    ((struct puppet *)self)->freed += 1;
}

static const struct auth_method_kind puppet_kind = {
    .name = "puppet",
    .begin = puppet_begin,
    .work = puppet_work,
    .forget = puppet_forget,
    .stop = puppet_stop,
    .free = puppet_free,
};

/* A runner that keeps one call until stage_run. */
struct stage {
    struct auth_runner runner; /* first */
    struct auth_call *working, *woken;
    unsigned done;
    enum auth_step step;
    enum err why;
    char user[64];
};

CHECK_UNUSED static void stage_work(struct auth_runner *runner,
                                    struct auth_call *call)
{
    ((struct stage *)(void *)runner)->working = call;
}

CHECK_UNUSED static void stage_wake(struct auth_runner *runner,
                                    struct auth_call *call)
{
    ((struct stage *)(void *)runner)->woken = call;
}

/* Notes what came of it; a call that ended is freed. */
CHECK_UNUSED static void stage_done(struct auth_call *call, enum auth_step step)
{
    struct stage *stage = call->owner;
    stage->done += 1;
    stage->step = step;
    stage->why = call->answer.why;
    (void)snprintf(stage->user, sizeof stage->user, "%.*s",
                   (int)call->answer.user.size,
                   (const char *)call->answer.user.data);
    if (step != AUTH_MORE) auth_call_free(call);
}

CHECK_UNUSED static struct stage stage_new(void)
{
    return (struct stage){.runner = {stage_work, stage_wake}};
}

/* A call of `request` that has begun. */
CHECK_UNUSED static struct auth_call *stage_ask(
    struct stage *stage, struct auth_chain *chain,
    const struct auth_request *request)
{
    struct auth_call *call =
        auth_call_new(chain, request, &stage->runner, stage_done, stage);
    REQUIRE(call != NULL);
    auth_call_begin(call);
    return call;
}

/* Let what waits for another thread happen, and come back. */
CHECK_UNUSED static void stage_run(struct stage *stage)
{
    struct auth_call *call = stage->working;
    stage->working = NULL;
    if (call != NULL) {
        auth_call_work(call);
        auth_call_back(call);
    }
    call = stage->woken;
    stage->woken = NULL;
    if (call != NULL) auth_call_back(call);
}

/* A chain of these puppets. */
CHECK_UNUSED static struct auth_chain *stage_chain(struct puppet *puppets,
                                                   size_t count,
                                                   bool allow_anonymous)
{
    struct auth_chain *chain = auth_chain_new(allow_anonymous);
    REQUIRE(chain != NULL);
    for (size_t i = 0; i < count; i++) {
        struct auth_shared *shared =
            auth_shared_new((struct auth_method){&puppet_kind, &puppets[i]});
        REQUIRE(shared != NULL);
        CHECK_EQ(auth_chain_add(chain, shared), OK);
        auth_shared_unref(shared);
    }
    return chain;
}

/* A chain of `method` alone, which it owns. */
CHECK_UNUSED static struct auth_chain *stage_chain_of(struct auth_method method)
{
    struct auth_chain *chain = auth_chain_new(false);
    struct auth_shared *shared = auth_shared_new(method);
    REQUIRE(chain != NULL && shared != NULL);
    CHECK_EQ(auth_chain_add(chain, shared), OK);
    auth_shared_unref(shared);
    return chain;
}

#endif
