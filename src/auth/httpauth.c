/* httpauth.c - see httpauth.h. */
#include "auth/httpauth.h"

#include "auth/httpcache.h"
#include "auth/httpreply.h"

#include <stdlib.h>
#include <time.h>

struct httpauth {
    struct httpworker *worker;
    struct httpcache *cache; /* or NULL */
    struct httpform form;
    bool status_only, down_pass;
};

/* A question under way: call->state. */
struct question {
    struct httpauth *self;
    struct auth_call *call;
    bool has_key;
    uint8_t key[HTTPCACHE_KEY_SIZE];
};

static uint64_t steady_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

/* Let it in with what was granted, whose reference goes to the answer. */
static enum auth_step grant_accept(struct auth_call *call,
                                   const struct httpcache_grant *grant)
{
    call->answer.acl = grant->acl;
    call->answer.expires_s = grant->expires_s;
    return auth_answer_accept(&call->answer, call->request->user);
}

static enum auth_step down_step(const struct httpauth *self,
                                struct auth_call *call, const char *trouble)
{
    if (self->down_pass) return AUTH_PASS;
    return auth_answer_refuse(&call->answer, ERR_UNAVAILABLE, trouble);
}

static enum auth_step reply_step(struct question *question,
                                 struct httpreply *reply)
{
    struct httpauth *self = question->self;
    struct auth_call *call = question->call;
    struct httpcache_grant grant = {reply->acl, reply->expires_s};
    switch (reply->verdict) {
    case HTTPREPLY_ALLOW:
        if (question->has_key) {
            httpcache_add(self->cache, question->key, steady_s(), &grant);
        }
        return grant_accept(call, &grant);
    case HTTPREPLY_DENY:
        return auth_answer_refuse(&call->answer, ERR_CREDENTIALS,
                                  reply->reason);
    case HTTPREPLY_IGNORE: return AUTH_PASS;
    case HTTPREPLY_BROKEN: break;
    }
    return down_step(self, call, reply->reason);
}

/* On the worker's thread. */
static void on_answer(void *owner, long status, struct bytes body,
                      const char *trouble)
{
    struct question *question = owner;
    struct auth_call *call = question->call;
    enum auth_step step;
    if (status == 0) {
        step = down_step(question->self, call, trouble);
    } else {
        struct httpreply reply;
        httpreply_read(status, body, question->self->status_only,
                       (uint64_t)time(NULL), &reply);
        step = reply_step(question, &reply);
    }
    auth_call_finish(call, step);
}

static bool is_cached(struct httpauth *self, struct question *question,
                      struct bytes body, struct httpcache_grant *grant)
{
    if (self->cache == NULL) return false;
    question->has_key = httpcache_key(self->cache, body, question->key);
    if (!question->has_key ||
        !httpcache_find(self->cache, question->key, steady_s(), grant)) {
        return false;
    }
    uint64_t now_s = (uint64_t)time(NULL);
    if (grant->expires_s == 0 || grant->expires_s > now_s) return true;
    acl_unref(grant->acl);
    return false;
}

static enum auth_step body_post(struct httpauth *self,
                                struct question *question, struct bytes body)
{
    struct httpcache_grant grant;
    if (is_cached(self, question, body, &grant)) {
        httpform_free(body);
        return grant_accept(question->call, &grant);
    }
    if (httpworker_post(self->worker, body, on_answer, question)) {
        return AUTH_LATER;
    }
    httpform_free(body);
    return auth_answer_refuse(&question->call->answer, ERR_BUSY,
                              "too many clients wait for the web server");
}

static enum auth_step httpauth_begin(void *of, struct auth_call *call)
{
    struct httpauth *self = of;
    const struct auth_request *request = call->request;
    if (request->has_method || !request->has_user) return AUTH_PASS;
    struct bytes body;
    const char *why = httpform_write(&self->form, request, &body);
    struct question *question = NULL;
    if (why == NULL) question = calloc(1, sizeof *question);
    if (question == NULL) {
        httpform_free(body);
        return auth_answer_refuse(&call->answer, ERR_CREDENTIALS,
                                  why != NULL ? why : "there is no memory");
    }
    *question = (struct question){.self = self, .call = call};
    call->state = question;
    return body_post(self, question, body);
}

static void httpauth_forget(void *of, void *state)
{
    (void)of;
    free(state);
}

static void httpauth_stop(void *of)
{
    httpworker_stop(((struct httpauth *)of)->worker);
}

static void httpauth_free(void *of)
{
    struct httpauth *self = of;
    httpworker_free(self->worker);
    httpcache_free(self->cache);
    free(self);
}

static const struct auth_method_kind httpauth_kind = {
    .name = "http",
    .begin = httpauth_begin,
    .forget = httpauth_forget,
    .stop = httpauth_stop,
    .free = httpauth_free,
};

enum err httpauth_open(const struct httpauth_options *options,
                       struct auth_method *out, struct fault *fault)
{
    struct httpauth *self = calloc(1, sizeof *self);
    if (self == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    self->status_only = options->status_only;
    self->down_pass = options->down_pass;
    const char *fields = options->fields;
    if (fields == NULL || fields[0] == '\0') fields = HTTPFORM_FIELDS;
    enum err e = httpform_read(fields, options->format, &self->form, fault);
    if (e != OK) fault_prefix(fault, "http_auth_fields");
    if (e == OK) {
        struct httpworker_options worker = options->worker;
        worker.content_type = httpform_type(options->format);
        e = httpworker_new(&worker, &self->worker, fault);
    }
    if (e != OK) {
        free(self);
        return e;
    }
    if (options->cache_s > 0) self->cache = httpcache_new(options->cache_s);
    *out = (struct auth_method){.kind = &httpauth_kind, .self = self};
    return OK;
}
