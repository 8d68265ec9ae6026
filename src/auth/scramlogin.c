/* scramlogin.c - see scramlogin.h. */
#include "auth/scramlogin.h"

#include "auth/scramfile.h"
#include "auth/standing.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct scramlogin {
    struct scramfile file;
    uint64_t *proofs; /* of the users of `file`, sorted */
};

/* What is kept between the client's two messages. */
struct talk {
    struct scram scram;
    struct scram_secret secret;
    bool known; /* the user is in the file */
};

static void talk_free(void *self, void *state)
{
    (void)self;
    OPENSSL_cleanse(state, sizeof(struct talk));
    free(state);
}

/* What is the same as long as name and password are. */
static uint64_t proof_of(struct bytes name, const struct scram_secret *secret)
{
    struct bytes parts[] = {
        name, bytes_of(scram_name(secret->hash)),
        bytes_at(secret->stored_key, scram_hash_size(secret->hash))};
    return standing_of(parts, 3);
}

/* Does the name that the client goes by, if it does, fit? It must when that was
 * used to make its client id, or to let it in before. */
static bool user_fits(const struct auth_request *request, const char *user)
{
    if (!request->has_user && request->kind != AUTH_AGAIN) return true;
    return bytes_equal(request->user, bytes_of(user));
}

static enum auth_step talk_begin(const struct scramfile *file,
                                 struct auth_call *call, enum scram_hash hash)
{
    struct auth_answer *answer = &call->answer;
    struct talk *talk = calloc(1, sizeof *talk);
    if (talk == NULL) {
        return auth_answer_refuse(answer, ERR_NO_MEMORY, "there is no memory");
    }
    call->state = talk;
    const char *why = scram_begin(&talk->scram, call->request->data);
    if (why != NULL) return auth_answer_refuse(answer, ERR_CREDENTIALS, why);
    if (!user_fits(call->request, talk->scram.user)) {
        return auth_answer_refuse(answer, ERR_CREDENTIALS,
                                  "its user name is not the one it proves");
    }
    talk->known =
        scramfile_find(file, bytes_of(talk->scram.user), hash, &talk->secret);
    uint8_t random[SCRAM_NONCE_BYTES];
    if (RAND_bytes(random, sizeof random) != 1) {
        return auth_answer_refuse(answer, ERR_UNAVAILABLE,
                                  "the system has no random bits");
    }
    scram_challenge(&talk->scram, &talk->secret, random);
    return auth_answer_more(answer, bytes_of(talk->scram.reply));
}

static enum auth_step talk_finish(struct auth_call *call)
{
    struct auth_answer *answer = &call->answer;
    struct talk *talk = call->state;
    const char *why =
        scram_finish(&talk->scram, &talk->secret, call->request->data);
    if (!talk->known) why = "there is no such user in scram_file";
    if (why != NULL) return auth_answer_refuse(answer, ERR_CREDENTIALS, why);
    if (auth_answer_set_data(answer, bytes_of(talk->scram.reply)) != OK) {
        return auth_answer_refuse(answer, ERR_NO_MEMORY, "there is no memory");
    }
    struct bytes user = bytes_of(talk->scram.user);
    answer->proof = proof_of(user, &talk->secret);
    return auth_answer_accept(answer, user);
}

static enum auth_step scramlogin_begin(void *of, struct auth_call *call)
{
    const struct scramlogin *self = of;
    enum scram_hash hash;
    const struct auth_request *request = call->request;
    if (!request->has_method || !scram_find(request->method, &hash)) {
        return AUTH_PASS;
    }
    if (call->state != NULL) return talk_finish(call);
    return talk_begin(&self->file, call, hash);
}

static bool scramlogin_stand(void *of, uint64_t proof)
{
    const struct scramlogin *self = of;
    return standing_has(self->proofs, self->file.count, proof);
}

static void scramlogin_free(void *of)
{
    struct scramlogin *self = of;
    scramfile_fini(&self->file);
    free(self->proofs);
    free(self);
}

static const struct auth_method_kind scramlogin_kind = {
    .name = "scram",
    .begin = scramlogin_begin,
    .forget = talk_free,
    .stands = scramlogin_stand,
    .free = scramlogin_free,
};

static bool proofs_make(struct scramlogin *self)
{
    const struct scramfile *file = &self->file;
    self->proofs = calloc(file->count + 1, sizeof *self->proofs);
    if (self->proofs == NULL) return false;
    for (size_t i = 0; i < file->count; i++)
        self->proofs[i] = proof_of(file->users[i].name, &file->users[i].secret);
    standing_sort(self->proofs, file->count);
    return true;
}

enum err scramlogin_open(const char *path, struct auth_method *out,
                         struct fault *fault)
{
    struct scramlogin *self = calloc(1, sizeof *self);
    if (self == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    enum err e = scramfile_read(path, &self->file, fault);
    if (e == OK && !proofs_make(self)) {
        e = fault_set(fault, ERR_NO_MEMORY, "out of memory");
    }
    if (e != OK) {
        scramlogin_free(self);
        return e;
    }
    *out = (struct auth_method){.kind = &scramlogin_kind, .self = self};
    return OK;
}

size_t scramlogin_count(const struct auth_method *method)
{
    return ((const struct scramlogin *)method->self)->file.count;
}
