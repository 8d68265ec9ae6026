/* id.h - names of things that cross a border: one-field structs, so that the
 * compiler tells them apart. */
#ifndef MOGI_CORE_ID_H
#define MOGI_CORE_ID_H

#include <stdbool.h>
#include <stdint.h>

/* A connection, by the slot its host keeps it in. Slots are small numbers; one
 * is used again only after its connection has ended on both sides. */
struct conn_id {
    uint32_t v;
};

/* A session on its home shard. A slot is used again; the generation tells an
 * old reference from a new session. Generation 0 is nobody. */
struct session_ref {
    uint32_t slot;
    uint32_t generation;
};

/* Do both mean the same session? */
static inline bool session_ref_equal(struct session_ref a, struct session_ref b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

/* Something that waits for answers from other shards: where it lives, and
 * which one it is there. Generation 0 is nothing: no answer is wanted. */
struct join_ref {
    uint32_t slot;
    uint32_t generation;
    uint16_t shard;
};

#endif
