/* inbox.c - see inbox.h. */
#include "tiny/inbox.h"

#include "tiny/engine.h"

#include <assert.h>

static enum err packet_cut(const struct mogi_tiny *t, struct bytes in,
                           struct frame *f)
{
    return frame_next(in, engine_protocol(t), t->packet_size_max, f);
}

/* Move up to `count` bytes from `*in` to the end of what is gathered. */
static void bytes_gather(struct mogi_tiny *t, struct bytes *in, size_t count)
{
    if (count > in->size) count = in->size;
    assert(count <= t->memory.in_size - t->in_used);
    if (count == 0) return;
    memcpy(t->memory.in + t->in_used, in->data, count);
    t->in_used += count;
    *in = bytes_skip(*in, count);
}

/* Gather byte by byte until the packet's size is known. */
static enum err head_gather(struct mogi_tiny *t, struct bytes *in)
{
    while (t->in_wanted == 0) {
        if (in->size == 0) return ERR_MORE;
        bytes_gather(t, in, 1);
        struct frame f;
        enum err e = packet_cut(t, bytes_at(t->memory.in, t->in_used), &f);
        if (e != OK && e != ERR_MORE) return e;
        t->in_wanted = f.size;
    }
    return OK;
}

enum err inbox_next(struct mogi_tiny *t, struct bytes *in, struct frame *f,
                    size_t *needed)
{
    enum err e = OK;
    if (t->in_used == 0) {
        e = packet_cut(t, *in, f);
        if (e == OK) *in = bytes_skip(*in, f->size);
        if (e != ERR_MORE) return e;
        t->in_wanted = 0;
    }
    e = head_gather(t, in);
    if (e != OK) return e;
    if (t->in_wanted > t->memory.in_size) {
        *needed = t->in_wanted;
        return ERR_FULL;
    }
    bytes_gather(t, in, t->in_wanted - t->in_used);
    if (t->in_used < t->in_wanted) return ERR_MORE;
    t->in_used = 0;
    e = packet_cut(t, bytes_at(t->memory.in, t->in_wanted), f);
    assert(e != ERR_MORE);
    return e;
}
