/* passwords.c - see passwords.h. */
#include "auth/passwords.h"

#include "auth/proven.h"
#include "auth/standing.h"

#include <stdlib.h>
#include <time.h>

struct passwords {
    struct passfile file;
    uint64_t *proofs;      /* of the users of `file`, sorted */
    struct proven *proven; /* or NULL */
};

/* What is the same as long as name and hash are. */
static uint64_t proof_of(const struct passfile_user *user)
{
    struct bytes parts[] = {user->name, user->hash};
    return standing_of(parts, 2);
}

static bool proofs_make(struct passwords *self)
{
    size_t count = self->file.count;
    self->proofs = calloc(count + 1, sizeof *self->proofs);
    if (self->proofs == NULL) return false;
    for (size_t i = 0; i < count; i++)
        self->proofs[i] = proof_of(&self->file.users[i]);
    standing_sort(self->proofs, count);
    return true;
}

static bool passwords_stand(void *of, uint64_t proof)
{
    const struct passwords *self = of;
    return standing_has(self->proofs, self->file.count, proof);
}

static enum auth_step accept(struct auth_call *call,
                             const struct passfile_user *user)
{
    call->answer.proof = proof_of(user);
    return auth_answer_accept(&call->answer, user->name);
}

static uint64_t now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

static bool key_make(struct passwords *self, const struct auth_request *request,
                     uint8_t key[PROVEN_KEY_SIZE])
{
    struct bytes parts[] = {request->user, request->password};
    return self->proven != NULL && request->has_password &&
           proven_key(self->proven, parts, 2, key);
}

static bool is_proven(struct passwords *self,
                      const struct auth_request *request)
{
    uint8_t key[PROVEN_KEY_SIZE];
    return key_make(self, request, key) &&
           proven_has(self->proven, key, now_s());
}

static enum auth_step passwords_begin(void *of, struct auth_call *call)
{
    struct passwords *self = of;
    const struct auth_request *request = call->request;
    if (request->has_method || !request->has_user) return AUTH_PASS;
    const struct passfile_user *user =
        passfile_find(&self->file, request->user);
    if (user != NULL && is_proven(self, request)) return accept(call, user);
    if (user == NULL && !auth_call_is_last(call)) return AUTH_PASS;
    return AUTH_WORK;
}

static enum auth_step passwords_work(void *of, struct auth_call *call)
{
    struct passwords *self = of;
    const struct auth_request *request = call->request;
    const struct passfile_user *user =
        passfile_find(&self->file, request->user);
    enum err e = passfile_check(&self->file, user, request->password);
    if (e == OK && !request->has_password) e = ERR_CREDENTIALS;
    if (e == OK) {
        uint8_t key[PROVEN_KEY_SIZE];
        if (key_make(self, request, key)) {
            proven_add(self->proven, key, now_s());
        }
        return accept(call, user);
    }
    if (e == ERR_NO_MEMORY) {
        return auth_answer_refuse(&call->answer, ERR_UNAVAILABLE,
                                  "there is no memory to hash its password");
    }
    if (user == NULL) {
        return auth_answer_refuse(&call->answer, e,
                                  "there is no such user in password_file");
    }
    return auth_answer_refuse(&call->answer, e,
                              request->has_password ? "the password is wrong"
                                                    : "it gave no password");
}

static void passwords_free(void *of)
{
    struct passwords *self = of;
    passfile_fini(&self->file);
    free(self->proofs);
    proven_free(self->proven);
    free(self);
}

static const struct auth_method_kind passwords_kind = {
    .name = "password_file",
    .begin = passwords_begin,
    .work = passwords_work,
    .stands = passwords_stand,
    .free = passwords_free,
};

enum err passwords_open(const char *path, uint32_t cache_s,
                        struct auth_method *out, struct fault *fault)
{
    struct passwords *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return fault_set(fault, ERR_NO_MEMORY, "there is no memory");
    }
    enum err e = passfile_read(path, &self->file, fault);
    if (e != OK) {
        free(self);
        return e;
    }
    if (!proofs_make(self)) {
        passwords_free(self);
        return fault_set(fault, ERR_NO_MEMORY, "there is no memory");
    }
    if (cache_s > 0) self->proven = proven_new(cache_s);
    *out = (struct auth_method){&passwords_kind, self};
    return OK;
}

size_t passwords_count(const struct auth_method *method)
{
    return ((const struct passwords *)method->self)->file.count;
}
