/* backlog.h - bytes that a socket would not take yet.
 *
 *     head                          tail
 *     [ copied ] -> [ owner's ] -> [ copied | room ]
 *
 * Small runs are copied together; a run with an owner is kept where it is, and
 * the owner is released when it has left. Memory from a pool.
 */
#ifndef MOGI_NET_BACKLOG_H
#define MOGI_NET_BACKLOG_H

#include "base/bytes.h"
#include "base/pool.h"

#include <uv.h>

/* A run of bytes to write. With an `owner` they stay where they are until it
 * is released; without, only for the call. */
struct piece {
    struct bytes bytes;
    void *owner;
    bool notify; /* somebody wants to know when it has been written */
};

typedef void piece_release(void *owner);

struct chunk;

struct backlog {
    struct chunk *head;
    struct chunk *tail;
    size_t size; /* bytes not yet written */
};

/* Append what is left of `piece`; takes over its owner. */
void backlog_append(struct backlog *backlog, struct pool *pool,
                    struct piece piece);

/* The first bytes, as at most `list_max` runs; returns how many. */
size_t backlog_list(const struct backlog *backlog, uv_buf_t *list,
                    size_t list_max);

/* `count` <= backlog->size bytes have been written. Returns how many of the
 * pieces that asked to notify are written now. */
unsigned backlog_consume(struct backlog *backlog, struct pool *pool,
                         size_t count, piece_release *release);

/* Forget everything. */
void backlog_fini(struct backlog *backlog, struct pool *pool,
                  piece_release *release);

#endif
