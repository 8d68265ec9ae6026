/* answer.c - see answer.h. */
#include "auth/answer.h"

#include "core/acl.h"

#include <openssl/crypto.h>
#include <stdlib.h>

void auth_answer_init(struct auth_answer *answer)
{
    *answer = (struct auth_answer){.why = OK};
}

static void bytes_free(struct bytes *b)
{
    if (b->size > 0) OPENSSL_cleanse((void *)(uintptr_t)b->data, b->size);
    free((void *)(uintptr_t)b->data);
    *b = (struct bytes){NULL, 0};
}

/* A copy of `from`; even of none it is a block, so that NULL means failure. */
static enum err bytes_copy(struct bytes *to, struct bytes from)
{
    uint8_t *copy = malloc(from.size + 1);
    if (copy == NULL) return ERR_NO_MEMORY;
    if (from.size > 0) memcpy(copy, from.data, from.size);
    bytes_free(to);
    *to = bytes_at(copy, from.size);
    return OK;
}

void auth_answer_fini(struct auth_answer *answer)
{
    bytes_free(&answer->user);
    bytes_free(&answer->data);
    acl_unref(answer->acl);
    auth_answer_init(answer);
}

enum auth_step auth_answer_refuse(struct auth_answer *answer, enum err why,
                                  const char *reason)
{
    answer->why = why;
    answer->reason = reason;
    return AUTH_REFUSE;
}

static enum auth_step no_memory(struct auth_answer *answer)
{
    return auth_answer_refuse(answer, ERR_NO_MEMORY, "there is no memory");
}

enum auth_step auth_answer_accept(struct auth_answer *answer, struct bytes user)
{
    if (bytes_copy(&answer->user, user) != OK) return no_memory(answer);
    answer->has_user = true;
    return AUTH_ACCEPT;
}

enum auth_step auth_answer_more(struct auth_answer *answer, struct bytes data)
{
    if (auth_answer_set_data(answer, data) != OK) return no_memory(answer);
    return AUTH_MORE;
}

enum err auth_answer_set_data(struct auth_answer *answer, struct bytes data)
{
    enum err e = bytes_copy(&answer->data, data);
    if (e == OK) answer->has_data = true;
    return e;
}
