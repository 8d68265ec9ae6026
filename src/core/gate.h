/* gate.h - what must not leave before the records behind it are on disk.
 *
 * First in, first out, by the number of the batch. When nothing was stored,
 * nothing waits. See "Order is durability" in ARCHITECTURE.md.
 */
#ifndef MOGI_CORE_GATE_H
#define MOGI_CORE_GATE_H

#include "base/list.h"
#include "core/id.h"

struct shard;

enum gate_kind {
    GATE_ANSWER,   /* answer `join` with `count` and OK */
    GATE_DELIVERY, /* send delivery `packet_id` of `session` */
    GATE_SESSION   /* `session` may have something to answer */
};

struct gate {
    struct link waiting; /* of struct gate_entry, by batch */
    uint64_t committed;  /* all batches up to this one are on disk */
};

/* Nothing waits. */
void gate_init(struct gate *gate);

/* Give up what waits; nobody is answered. */
void gate_fini(struct shard *shard);

/* What was stored since there were `puts` actions (actions.put_count): the
 * batch it will be part of, or 0 when it was nothing. */
uint64_t gate_since(const struct shard *shard, size_t puts);

/* Is `batch` on disk? 0 always is. */
bool gate_open(const struct shard *shard, uint64_t batch);

/* Answer `join` with `count` receivers, as soon as `batch` is on disk. */
void gate_answer(struct shard *shard, uint64_t batch, struct join_ref join,
                 uint32_t count);

/* Send delivery `packet_id` of `session` when `batch` is on disk. */
void gate_delivery(struct shard *shard, uint64_t batch,
                   struct session_ref session, uint16_t packet_id);

/* Look again at what `session` has to answer when `batch` is on disk. */
void gate_session(struct shard *shard, uint64_t batch,
                  struct session_ref session);

/* All batches up to `batch` are on disk: let go what waited for them. */
void gate_committed(struct shard *shard, uint64_t batch);

#endif
