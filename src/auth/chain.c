/* chain.c - see chain.h. */
#include "auth/chain.h"

#include <assert.h>
#include <stdlib.h>

struct auth_shared {
    atomic_uint refs;
    struct auth_method method;
};

static void method_free(const struct auth_method *method)
{
    if (method->kind->free != NULL) method->kind->free(method->self);
}

struct auth_shared *auth_shared_new(struct auth_method method)
{
    assert(method.kind != NULL && method.kind->begin != NULL);
    struct auth_shared *shared = malloc(sizeof *shared);
    if (shared == NULL) {
        method_free(&method);
        return NULL;
    }
    atomic_init(&shared->refs, 1);
    shared->method = method;
    return shared;
}

struct auth_shared *auth_shared_ref(struct auth_shared *shared)
{
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return shared;
}

void auth_shared_unref(struct auth_shared *shared)
{
    if (shared == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    method_free(&shared->method);
    free(shared);
}

const struct auth_method *auth_shared_method(const struct auth_shared *shared)
{
    return &shared->method;
}

struct auth_chain *auth_chain_new(bool allow_anonymous)
{
    struct auth_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL) return NULL;
    atomic_init(&chain->refs, 1);
    chain->allow_anonymous = allow_anonymous;
    return chain;
}

struct auth_chain *auth_chain_ref(struct auth_chain *chain)
{
    atomic_fetch_add_explicit(&chain->refs, 1, memory_order_relaxed);
    return chain;
}

void auth_chain_unref(struct auth_chain *chain)
{
    if (chain == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&chain->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    for (size_t i = 0; i < chain->count; i++) {
        auth_shared_unref(chain->methods[i]);
    }
    free(chain);
}

enum err auth_chain_add(struct auth_chain *chain, struct auth_shared *method)
{
    if (chain->count == AUTH_METHODS_MAX) return ERR_FULL;
    chain->methods[chain->count++] = auth_shared_ref(method);
    return OK;
}

bool auth_chain_stands(const struct auth_chain *chain, uint64_t proof)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct auth_method *method = &chain->methods[i]->method;
        if (method->kind->stands == NULL) continue;
        if (method->kind->stands(method->self, proof)) return true;
    }
    return false;
}

void auth_chain_stop(struct auth_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct auth_method *method = &chain->methods[i]->method;
        if (method->kind->stop != NULL) method->kind->stop(method->self);
    }
}

enum auth_step auth_chain_default(const struct auth_chain *chain,
                                  const struct auth_request *request,
                                  struct auth_answer *answer)
{
    if (request->has_method) {
        return auth_answer_refuse(answer, ERR_AUTH_METHOD,
                                  "its authentication method is none of those "
                                  "that are asked");
    }
    bool named = request->has_user || request->has_password;
    if (named && chain->count > 0) {
        return auth_answer_refuse(answer, ERR_CREDENTIALS,
                                  "nobody here knows that user name");
    }
    if (!chain->allow_anonymous) {
        return auth_answer_refuse(answer, ERR_NOT_AUTHORIZED,
                                  named ? "nothing is configured that could "
                                          "check its password"
                                        : "it gave no user name, and "
                                          "allow_anonymous is false");
    }
    if (request->has_user) return auth_answer_accept(answer, request->user);
    return AUTH_ACCEPT;
}
