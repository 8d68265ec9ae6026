/* handover.h - what is on its way from one shard to another for a member of a
 * shared subscription.
 *
 *     delivery of a member      handover of the group      delivery of another
 *     [ record goes ]      -->  [ comes ... goes ]    -->  [ record comes ]
 *            one batch --^               one batch --^
 *
 * It has a record of its own, so that it is never nowhere. Whoever takes it
 * writes its own in the same batch in which that one goes, so that it is never
 * there twice. See record.h.
 */
#ifndef MOGI_CORE_HANDOVER_H
#define MOGI_CORE_HANDOVER_H

#include "base/bytes.h"

struct body;
struct delivery;
struct shard;

/* `body` of `group` (its text) goes to a member elsewhere. Returns the number
 * of the handover, which is not 0. */
uint64_t handover_begin(struct shard *shard, const struct body *group,
                        struct body *body);

/* The same for `delivery` of the client, which has a record and is given back
 * to its group: that one goes. */
uint64_t handover_give(struct shard *shard, struct bytes client_id,
                       struct delivery *delivery);

/* Handover `number` of the message `stamp` for `group` is over: somebody has it
 * in this step, or nobody is to. With 0 there was none. */
void handover_end(struct shard *shard, const struct body *group,
                  uint64_t number, uint64_t stamp);

/* The handover of `delivery` that was found at start, whose number is the
 * delivery's order, in a key that names `client`, goes on. Returns its new
 * number. */
uint64_t handover_go_on(struct shard *shard, struct bytes client,
                        struct delivery *delivery);

#endif
