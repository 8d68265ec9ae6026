/* request.c - see request.h. */
#include "auth/request.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>

enum { PART_COUNT = 7 };

/* Where the parts that have bytes are. */
static const size_t parts[PART_COUNT] = {
    offsetof(struct auth_request, client_id),
    offsetof(struct auth_request, user),
    offsetof(struct auth_request, password),
    offsetof(struct auth_request, identity),
    offsetof(struct auth_request, method),
    offsetof(struct auth_request, data),
    offsetof(struct auth_request, peer),
};

static struct bytes *part_of(struct auth_request *request, size_t offset)
{
    return (struct bytes *)(void *)((char *)request + offset);
}

static size_t size_of(const struct auth_request *request)
{
    return sizeof *request + request->client_id.size + request->user.size +
           request->password.size + request->identity.size +
           request->method.size + request->data.size + request->peer.size;
}

/* Move the bytes of one part to `at`; returns where the next ones go. */
static uint8_t *part_copy(struct bytes *part, uint8_t *at)
{
    if (part->size > 0) memcpy(at, part->data, part->size);
    part->data = at;
    return at + part->size;
}

struct auth_request *auth_request_new(const struct auth_request *from)
{
    size_t size = size_of(from);
    struct auth_request *request = malloc(size);
    if (request == NULL) return NULL;
    *request = *from;
    uint8_t *at = (uint8_t *)(request + 1);
    for (size_t i = 0; i < PART_COUNT; i++) {
        at = part_copy(part_of(request, parts[i]), at);
    }
    assert(at == (uint8_t *)request + size);
    return request;
}

void auth_request_free(struct auth_request *request)
{
    if (request == NULL) return;
    OPENSSL_cleanse(request, size_of(request));
    free(request);
}
