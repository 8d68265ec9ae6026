/* share.h - the messages of shared subscriptions. MQTT 5.0, 4.8.2
 *
 *     member's shard                    home of "$share/group/filter"
 *     session <-------- message --POST--- group: a member that can take it
 *             -- taken back ----POST---> another one
 *
 * Whose turn it is, the group knows: group.h. What a member can't take, or left
 * unacknowledged, comes back and goes to another.
 */
#ifndef MOGI_CORE_SHARE_H
#define MOGI_CORE_SHARE_H

#include "core/id.h"
#include "core/message.h"

struct group;
struct post;
struct routing;
struct shard;

/* At home: a message for `group`; `routing` waits for who gets it. */
void share_deliver(struct shard *shard, struct group *group, struct message *m,
                   struct routing *routing);

/* `session`, of this shard, can't or will not have `body` of `group`: let
 * another member have it. Both borrowed. Whoever takes it ends `handover`,
 * which may be 0: see handover.h. */
void share_return(struct shard *shard, struct session_ref session,
                  struct body *group, struct body *body, uint64_t handover);

/* POST_SHARED and POST_RETURNED came. */
void share_offered(struct shard *shard, const struct post *post);
void share_returned(struct shard *shard, const struct post *post);

#endif
