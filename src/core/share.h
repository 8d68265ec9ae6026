/* share.h - shared subscriptions. MQTT 5.0, 4.8.2
 *
 *     member's shard                    home of "$share/group/filter"
 *     session -- membership ---POST---> group: members of all shards
 *     session <-------- message --POST--- one that can take it
 *             -- taken back ----POST---> another one
 *
 * A group has one home shard, by the hash of its whole text. The home alone
 * subscribes to the filter, and chooses a member for each message, in turn:
 *
 *     free   it can be sent a message at once. It refuses one that would have
 *            to wait after all, and from then on is
 *     busy   until it says that it is free again. When all are busy, messages
 *            wait at one after the other.
 *     away   not connected: messages wait there when all are away.
 *
 * What a member can't take, or left unacknowledged, comes back and goes to
 * another.
 */
#ifndef MOGI_CORE_SHARE_H
#define MOGI_CORE_SHARE_H

#include "base/bytes.h"
#include "base/list.h"
#include "core/message.h"
#include "core/post.h"

struct group;
struct routing;
struct session;
struct shard;

/* A session's part in a group; on the session's shard. */
struct membership {
    struct link of_session;
    struct body *group; /* its text, "$share/group/filter" */
    struct subscription_options options;
    bool busy; /* it has refused a message of the group */
};

/* The membership of `session` in `group`, or NULL. */
struct membership *share_find(struct session *session, struct bytes group);

/* `session` is, from now on, with `options`, a member of `group`, though not
 * ready before share_ready; all that must know answer `join`. True when it was
 * none before. */
bool share_join(struct shard *shard, struct session *session,
                struct bytes group, struct subscription_options options,
                struct join_ref join);

/* It is no more; all that must know answer `join`. The caller unties `session`
 * when it is done. */
void share_leave(struct shard *shard, struct session *session,
                 struct membership *membership, struct join_ref join);

/* Tell its groups that `session` is connected, or no more. */
void share_ready(struct shard *shard, struct session *session, bool ready);

/* `session`, which has refused messages, takes some again. */
void share_free(struct shard *shard, struct session *session);

/* The text of `group`, "$share/group/filter". */
struct bytes share_text(const struct group *group);

/* At home: a message for `group`; `routing` waits for who gets it. */
void share_deliver(struct shard *shard, struct group *group, struct message *m,
                   struct routing *routing);

/* `session`, of this shard, can't or will not have `body` of `group`: let
 * another member have it. Both borrowed. Whoever takes it ends `handover`,
 * which may be 0: see journal.h. */
void share_return(struct shard *shard, struct session_ref session,
                  struct body *group, struct body *body, uint64_t handover);

/* POST_MEMBER, POST_SHARED, POST_RETURNED came. */
void share_member(struct shard *shard, const struct post *post);
void share_offered(struct shard *shard, const struct post *post);
void share_returned(struct shard *shard, const struct post *post);

/* Free all groups, telling nobody. */
void groups_fini(struct shard *shard);

#endif
