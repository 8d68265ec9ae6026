/* secure_none.c - secure.h for a library that is built without OpenSSL. */
#include "client/secure.h"

#include <assert.h>
#include <stdio.h>

struct secure *secure_new(const struct mogi_tls *tls,
                          struct secure_memory **memory,
                          struct secure_trouble *t)
{
    (void)tls;
    (void)memory;
    t->kind = MOGI_TLS_SETUP;
    (void)snprintf(t->text, t->size,
                   "this libmogi was built without TLS: build it with OpenSSL "
                   "(MOGI_CLIENT_TLS=ON)");
    return NULL;
}

void secure_free(struct secure *s)
{
    assert(s == NULL);
}

void secure_memory_free(struct secure_memory *m)
{
    assert(m == NULL);
}

/* There is never a struct secure to call the others with. */

bool secure_begin(struct secure *s, int fd, const char *host)
{
    assert(s == NULL);
    (void)fd;
    (void)host;
    return false;
}

enum mogi_error secure_handshake(struct secure *s, bool *done,
                                 struct secure_trouble *t)
{
    assert(s == NULL);
    (void)t;
    *done = false;
    return MOGI_ERROR_TLS;
}

enum mogi_error secure_send(struct secure *s, struct bytes b, size_t *count,
                            struct secure_trouble *t)
{
    assert(s == NULL);
    (void)b;
    (void)t;
    *count = 0;
    return MOGI_ERROR_TLS;
}

enum mogi_error secure_receive(struct secure *s, void *data, size_t size,
                               size_t *count, struct secure_trouble *t)
{
    assert(s == NULL);
    (void)data;
    (void)size;
    (void)t;
    *count = 0;
    return MOGI_ERROR_TLS;
}

bool secure_wants_write(const struct secure *s)
{
    assert(s == NULL);
    return false;
}

bool secure_has_input(const struct secure *s)
{
    assert(s == NULL);
    return false;
}

void secure_end(struct secure *s)
{
    assert(s == NULL);
}

bool secure_is_resumed(const struct secure *s)
{
    assert(s == NULL);
    return false;
}
