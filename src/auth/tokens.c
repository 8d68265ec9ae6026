/* tokens.c - see tokens.h. */
#include "auth/tokens.h"

#include "auth/acljson.h"
#include "auth/jwt.h"
#include "auth/standing.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

struct tokens {
    struct keyring *keyring;
    uint64_t proofs[KEYRING_KEYS_MAX]; /* of its keys, sorted */
    struct jwt_rules rules;
    bool in_user_name, any_user_name;
    char *texts[4]; /* those that `rules` points to */
    size_t text_count;
};

static void tokens_free(void *self)
{
    struct tokens *tokens = self;
    if (tokens == NULL) return;
    keyring_free(tokens->keyring);
    for (size_t i = 0; i < tokens->text_count; i++)
        free(tokens->texts[i]);
    free(tokens);
}

/* Where the client's token is; false: it shows none. */
static bool token_find(const struct tokens *tokens,
                       const struct auth_request *request, struct bytes *out)
{
    *out = (struct bytes){NULL, 0};
    if (request->has_method) {
        if (!bytes_equal(request->method, bytes_of(TOKENS_METHOD))) {
            return false;
        }
        *out = request->data;
        return true;
    }
    if (tokens->in_user_name && request->has_user) *out = request->user;
    if (!tokens->in_user_name && request->has_password) {
        *out = request->password;
    }
    return jws_looks_like(*out);
}

/* What is the same as long as the key is there. 1: OpenSSL has no memory. */
static uint64_t proof_of(const struct jwk *key)
{
    struct bytes name = bytes_of(jwk_algorithm_name(key->algorithm));
    struct bytes parts[] = {name, key->secret};
    if (key->key == NULL) return standing_of(parts, 2);
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key->key, &der);
    if (size <= 0) return 1;
    parts[1] = bytes_at(der, (size_t)size);
    uint64_t proof = standing_of(parts, 2);
    OPENSSL_free(der);
    return proof;
}

/* Does the name that the client goes by, if it does, fit? A name that was
 * already used to make its client id, or that it was let in with, must. */
static bool user_fits(const struct tokens *tokens,
                      const struct auth_request *request, const struct jwt *jwt)
{
    bool again = request->kind == AUTH_AGAIN;
    if (!request->has_user && !again) return true;
    if (!again && tokens->any_user_name) return true;
    if (!again && tokens->in_user_name && !request->has_method) return true;
    return bytes_equal(request->user, bytes_of(jwt->user));
}

static enum auth_step token_accept(const struct tokens *tokens,
                                   struct auth_call *call,
                                   const struct jwt *jwt)
{
    struct auth_answer *answer = &call->answer;
    if (!user_fits(tokens, call->request, jwt)) {
        return auth_answer_refuse(answer, ERR_CREDENTIALS,
                                  "its user name is not the one in its token");
    }
    if (jwt->acl != NULL) {
        const char *why = acljson_read(jwt->acl, &answer->acl);
        if (why != NULL) {
            return auth_answer_refuse(answer, ERR_NOT_AUTHORIZED, why);
        }
    }
    answer->expires_s = jwt->expires_s;
    answer->proof = proof_of(jwt->key);
    return auth_answer_accept(answer, bytes_of(jwt->user));
}

static enum auth_step token_judge(const struct tokens *tokens,
                                  struct auth_call *call)
{
    struct bytes token;
    struct jwt jwt;
    if (!token_find(tokens, call->request, &token)) return AUTH_PASS;
    const char *why = jwt_judge(token, tokens->keyring, &tokens->rules,
                                (uint64_t)time(NULL), &jwt);
    if (why != NULL) {
        return auth_answer_refuse(&call->answer, ERR_CREDENTIALS, why);
    }
    enum auth_step step = token_accept(tokens, call, &jwt);
    jwt_fini(&jwt);
    return step;
}

static enum auth_step tokens_begin(void *self, struct auth_call *call)
{
    const struct tokens *tokens = self;
    struct bytes token;
    struct jws jws;
    if (!token_find(tokens, call->request, &token)) return AUTH_PASS;
    const char *why = jws_read(token, &jws);
    if (why != NULL) {
        return auth_answer_refuse(&call->answer, ERR_CREDENTIALS, why);
    }
    if (jws.algorithm != JWS_HS256) return AUTH_WORK;
    return token_judge(tokens, call);
}

static enum auth_step tokens_work(void *self, struct auth_call *call)
{
    return token_judge(self, call);
}

/* Whose key has been taken out of the file has to go. */
static bool tokens_stand(void *self, uint64_t proof)
{
    const struct tokens *tokens = self;
    return standing_has(tokens->proofs, tokens->keyring->count, proof);
}

static const struct auth_method_kind tokens_kind = {
    .name = "jwt",
    .begin = tokens_begin,
    .work = tokens_work,
    .stands = tokens_stand,
    .free = tokens_free,
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* A copy of `text`, or of `fallback` where that is empty, which may be NULL;
 * false: no memory. */
static bool text_keep(struct tokens *tokens, const char *text,
                      const char *fallback, const char **out)
{
    const char *from = is_set(text) ? text : fallback;
    *out = NULL;
    if (from == NULL) return true;
    char *copy = strdup(from);
    if (copy == NULL) return false;
    tokens->texts[tokens->text_count++] = copy;
    *out = copy;
    return true;
}

static bool rules_keep(struct tokens *tokens,
                       const struct tokens_options *options)
{
    struct jwt_rules *rules = &tokens->rules;
    rules->leeway_s = options->leeway_s;
    rules->expiry_optional = options->expiry_optional;
    tokens->in_user_name = options->in_user_name;
    tokens->any_user_name = options->any_user_name;
    return text_keep(tokens, options->issuer, NULL, &rules->issuer) &&
           text_keep(tokens, options->audience, NULL, &rules->audience) &&
           text_keep(tokens, options->user_claim, "sub", &rules->user_claim) &&
           text_keep(tokens, options->acl_claim, "acl", &rules->acl_claim);
}

static enum err keys_read(struct keyring *keyring,
                          const struct tokens_options *options,
                          struct fault *fault)
{
    if (is_set(options->key_file)) {
        enum err e = keyring_add_file(keyring, options->key_file, fault);
        if (e != OK) return e;
    }
    if (is_set(options->secret_file)) {
        return keyring_add_secret_file(keyring, options->secret_file, fault);
    }
    if (keyring->count > 0) return OK;
    return fault_set(fault, ERR_CONFIG,
                     "no key to check tokens with: set jwt_key_file or "
                     "jwt_secret_file");
}

enum err tokens_open(const struct tokens_options *options,
                     struct auth_method *out, struct fault *fault)
{
    struct tokens *tokens = calloc(1, sizeof *tokens);
    enum err e = ERR_NO_MEMORY;
    if (tokens != NULL) tokens->keyring = keyring_new();
    if (tokens == NULL || tokens->keyring == NULL ||
        !rules_keep(tokens, options)) {
        e = fault_set(fault, ERR_NO_MEMORY, "out of memory");
        goto fail;
    }
    e = keys_read(tokens->keyring, options, fault);
    if (e != OK) goto fail;
    for (size_t i = 0; i < tokens->keyring->count; i++)
        tokens->proofs[i] = proof_of(&tokens->keyring->keys[i]);
    standing_sort(tokens->proofs, tokens->keyring->count);
    *out = (struct auth_method){.kind = &tokens_kind, .self = tokens};
    return OK;
fail:
    tokens_free(tokens);
    return e;
}

size_t tokens_key_count(const struct auth_method *method, size_t *skipped)
{
    const struct tokens *tokens = method->self;
    *skipped = tokens->keyring->skipped;
    return tokens->keyring->count;
}
