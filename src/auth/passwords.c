/* passwords.c - see passwords.h. */
#include "auth/passwords.h"

#include "auth/proven.h"

#include <stdlib.h>
#include <time.h>

struct passwords {
    struct passfile file;
    struct proven *proven; /* or NULL */
};

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
    if (is_proven(self, request)) {
        return auth_answer_accept(&call->answer, request->user);
    }
    bool known = passfile_find(&self->file, request->user) != NULL;
    if (!known && !auth_call_is_last(call)) return AUTH_PASS;
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
        return auth_answer_accept(&call->answer, request->user);
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
    proven_free(self->proven);
    free(self);
}

static const struct auth_method_kind passwords_kind = {
    .name = "password_file",
    .begin = passwords_begin,
    .work = passwords_work,
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
    if (cache_s > 0) self->proven = proven_new(cache_s);
    *out = (struct auth_method){&passwords_kind, self};
    return OK;
}

size_t passwords_count(const struct auth_method *method)
{
    return ((const struct passwords *)method->self)->file.count;
}
