/* membership.h - a session's part in a shared subscription, on its own shard.
 *
 *     session -- membership -- POST_MEMBER --> its group, at home: group.h
 *
 * Whoever refuses a message for want of room is not asked at once again before
 * it has said that there is some.
 */
#ifndef MOGI_CORE_MEMBERSHIP_H
#define MOGI_CORE_MEMBERSHIP_H

#include "base/list.h"
#include "core/topics.h"

struct body;
struct join_ref;
struct session;
struct shard;

struct membership {
    struct link of_session;
    struct body *group; /* its text, "$share/group/filter" */
    struct subscription_options options;
    bool busy; /* it has refused a message of the group */
};

/* The membership of `session` in `group`, or NULL. */
struct membership *membership_find(struct session *session, struct bytes group);

/* `session` is, from now on, with `options`, a member of `group`, though not
 * ready before memberships_ready; all that must know answer `join`. True when
 * it was none before. */
bool membership_join(struct shard *shard, struct session *session,
                     struct bytes group, struct subscription_options options,
                     struct join_ref join);

/* It is no more; all that must know answer `join`. The caller unties `session`
 * when it is done. */
void membership_leave(struct shard *shard, struct session *session,
                      struct membership *membership, struct join_ref join);

/* `session` has none any more, and nobody is told. */
void memberships_forget(struct shard *shard, struct session *session);

/* Tell its groups that `session` is connected, or no more. */
void memberships_ready(struct shard *shard, struct session *session,
                       bool ready);

/* `session` refuses a message of `group`: it will say when it takes some. */
void membership_refuse(struct session *session, struct bytes group);

/* `session`, which has refused messages, takes some again. */
void memberships_resume(struct shard *shard, struct session *session);

#endif
