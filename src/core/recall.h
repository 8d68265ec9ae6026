/* recall.h - the retained messages that a new subscription gets. MQTT 5.0,
 * 3.3.1.3, 3.8.3.1
 *
 *     SUBACK -> matches here, and of all other shards -> one by one, as the
 *               client takes them
 *
 * Each shard keeps its part of the retained messages, so all are asked. What
 * they answer is older than what the client gets live meanwhile: a message that
 * was overtaken on its topic is not sent. Ends with the connection.
 */
#ifndef MOGI_CORE_RECALL_H
#define MOGI_CORE_RECALL_H

#include "base/list.h"
#include "base/map.h"
#include "core/message.h"
#include "core/post.h"

struct session;
struct shard;

struct recall {
    struct link link;
    struct session *session;
    struct join_ref join;
    struct body *filter;
    struct subscription_options options;
    struct body **bodies; /* owned references; NULL below `next` */
    uint32_t count, capacity;
    uint32_t next;        /* the first that was not sent */
    bool complete;        /* all shards have answered */
    struct map overtaken; /* topics that came live meanwhile */
};

/* Plan one for a subscription of `session` to `filter`, in `plans`. */
void recall_plan(struct shard *shard, struct link *plans,
                 struct session *session, struct bytes filter,
                 struct subscription_options options);

/* The subscription is answered: begin all that was planned. */
void recall_begin_all(struct shard *shard, struct session *session,
                      struct link *plans);

/* Send what can be sent now. */
void recall_pump(struct shard *shard, struct session *session);

/* `m` goes to `session` live: what is retained on its topic is old. */
void recall_overtaken(struct shard *shard, struct session *session,
                      const struct message *m);

/* POST_RECALL and POST_RETAINED came. */
void recall_asked(struct shard *shard, const struct post *post);
void recall_got(struct shard *shard, const struct post *post);

/* All shards answered. */
void recall_joined(struct shard *shard, struct recall *recall);

/* Are other shards still to answer for a subscription of `session`? They answer
 * in order, so the newest is the last to be complete. What the client sends
 * meanwhile waits. */
bool recall_asking(const struct session *session);

/* `filter` was unsubscribed: nothing more for it. */
void recall_cancel(struct shard *shard, struct session *session,
                   struct bytes filter);

/* Drop plans, or all that is under way. */
void recall_drop_list(struct shard *shard, struct link *plans);
void recall_drop_all(struct shard *shard, struct session *session);

#endif
