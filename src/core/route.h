/* route.h - from one message to all who want it, here and elsewhere.
 *
 *     publisher's shard                      the others
 *     [ keep? ][ local receivers ] --POST--> [ keep? ][ local receivers ]
 *             DONE  <-----------------------------'
 *
 * A message is matched here once, and once in each shard that said it is
 * interested. Mailboxes keep the order; so each receiver sees the messages of
 * one publisher in the order they came. [MQTT-4.6.0-5]
 */
#ifndef MOGI_CORE_ROUTE_H
#define MOGI_CORE_ROUTE_H

#include "core/message.h"
#include "core/post.h"
#include "wire/packet.h"

struct receipt;
struct session;
struct shard;

/* One message's way: who waits for it, and what was found. */
struct routing {
    struct session *publisher; /* at home here, or NULL */
    enum packet_type type;     /* PUBACK or PUBREC is owed; NONE: nothing */
    uint16_t packet_id;
    struct receipt *receipt; /* made once something must be waited for */
    struct join_ref join;    /* where answers go; nothing: none is wanted */
    uint32_t count;          /* receivers found here */
    bool once;               /* as in struct post */
    bool given;              /* a group here gave it to a member */
    struct bytes lack;       /* not empty: it came before a crash; see lack.h */
};

/* The other shards that `m` must go to, bit by bit. */
uint64_t route_targets(struct shard *shard, const struct message *m);

/* Publish `m`, from here. It is shared when others must have it; the caller
 * calls message_done. */
void route_publish(struct shard *shard, struct message *m,
                   struct routing *routing);

/* All that route_publish did here is in `batch` (0: nothing to store):
 * acknowledge it when that, and all others, are done. */
void routing_finish(struct shard *shard, struct routing *routing,
                    uint64_t batch);

/* Somebody more will answer: where to. Nothing when no answer is wanted. */
struct join_ref routing_await(struct shard *shard, struct routing *routing);

/* POST_PUBLISH came. */
void route_posted(struct shard *shard, const struct post *post);

/* Tell all other shards that this one wants (`on`) or no longer wants what
 * matches `filter`; each answers `join`. */
void route_announce(struct shard *shard, struct bytes filter, bool on,
                    struct join_ref join);

/* POST_INTEREST came. */
void route_interest(struct shard *shard, const struct post *post);

#endif
