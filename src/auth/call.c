/* call.c - see call.h. */
#include "auth/call.h"

#include "auth/chain.h"

#include <assert.h>
#include <stdlib.h>

struct auth_call *auth_call_new(struct auth_chain *chain,
                                const struct auth_request *request,
                                struct auth_runner *runner, auth_done *done,
                                void *owner)
{
    struct auth_call *call = calloc(1, sizeof *call);
    if (call == NULL) return NULL;
    call->request = auth_request_new(request);
    if (call->request == NULL) {
        free(call);
        return NULL;
    }
    call->chain = auth_chain_ref(chain);
    call->runner = runner;
    call->done = done;
    call->owner = owner;
    atomic_init(&call->cancelled, false);
    return call;
}

static const struct auth_method *method_of(const struct auth_call *call)
{
    assert(call->method < call->chain->count);
    return auth_shared_method(call->chain->methods[call->method]);
}

/* What the method kept is of no more use. */
static void state_forget(struct auth_call *call)
{
    if (call->state == NULL) return;
    const struct auth_method *method = method_of(call);
    method->kind->forget(method->self, call->state);
    call->state = NULL;
}

void auth_call_free(struct auth_call *call)
{
    if (call == NULL) return;
    assert(!call->busy);
    state_forget(call);
    auth_request_free(call->request);
    auth_answer_fini(&call->answer);
    auth_chain_unref(call->chain);
    free(call);
}

void auth_call_cancel(struct auth_call *call)
{
    if (call == NULL) return;
    if (!call->busy) {
        auth_call_free(call);
        return;
    }
    atomic_store(&call->cancelled, true);
}

bool auth_call_is_last(const struct auth_call *call)
{
    return call->method + 1 == call->chain->count;
}

/* Ask the method whose turn it is. */
static enum auth_step method_begin(struct auth_call *call)
{
    const struct auth_method *method = method_of(call);
    return method->kind->begin(method->self, call);
}

/* Is it decided, or under way? Else the next method is to be asked. */
static bool step_take(struct auth_call *call, enum auth_step step)
{
    if (step == AUTH_PASS) return false;
    call->busy = step == AUTH_WORK || step == AUTH_LATER;
    if (step == AUTH_WORK) call->runner->work(call->runner, call);
    if (!call->busy) call->done(call, step);
    return true;
}

/* The method being asked came to `step`: go on until somebody decides or has
 * to wait. */
static void steps_take(struct auth_call *call, enum auth_step step)
{
    while (!step_take(call, step)) {
        state_forget(call);
        auth_answer_fini(&call->answer);
        call->method += 1;
        if (call->method < call->chain->count) {
            step = method_begin(call);
        } else {
            step =
                auth_chain_default(call->chain, call->request, &call->answer);
        }
    }
}

void auth_call_begin(struct auth_call *call)
{
    assert(!call->busy);
    assert(call->method == 0);
    if (call->chain->count > 0) {
        steps_take(call, method_begin(call));
        return;
    }
    step_take(call,
              auth_chain_default(call->chain, call->request, &call->answer));
}

void auth_call_continue(struct auth_call *call, bool has_data,
                        struct bytes data)
{
    assert(!call->busy);
    assert(call->method < call->chain->count);
    struct auth_request next = *call->request;
    next.kind = AUTH_CONTINUE;
    next.has_data = has_data;
    next.data = data;
    struct auth_request *request = auth_request_new(&next);
    auth_answer_fini(&call->answer);
    if (request == NULL) {
        call->done(call, auth_answer_refuse(&call->answer, ERR_NO_MEMORY,
                                            "there is no memory"));
        return;
    }
    auth_request_free(call->request);
    call->request = request;
    steps_take(call, method_begin(call));
}

void auth_call_work(struct auth_call *call)
{
    assert(call->busy);
    const struct auth_method *method = method_of(call);
    assert(method->kind->work != NULL);
    if (atomic_load(&call->cancelled)) return;
    call->step = method->kind->work(method->self, call);
    assert(call->step != AUTH_WORK && call->step != AUTH_LATER);
}

void auth_call_back(struct auth_call *call)
{
    assert(call->busy);
    call->busy = false;
    if (atomic_load(&call->cancelled)) {
        auth_call_free(call);
    } else {
        steps_take(call, call->step);
    }
}

void auth_call_finish(struct auth_call *call, enum auth_step step)
{
    assert(step != AUTH_WORK && step != AUTH_LATER);
    call->step = step;
    call->runner->wake(call->runner, call);
}
