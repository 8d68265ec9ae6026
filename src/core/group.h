/* group.h - a shared subscription at its home. MQTT 5.0, 4.8.2
 *
 *     "$share/group/filter" --> group [ member | member | member ]
 *                                            next --^  of all shards
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
 * Members are told of by their own shards: see membership.h. What happens to
 * messages is in share.h.
 */
#ifndef MOGI_CORE_GROUP_H
#define MOGI_CORE_GROUP_H

#include "base/map.h"
#include "core/id.h"
#include "core/topics.h"

struct body;
struct post;
struct shard;

enum member_state { MEMBER_AWAY, MEMBER_BUSY, MEMBER_FREE, MEMBER_STATES };

/* One member, as the group's home knows it. */
struct member {
    uint16_t shard;
    uint8_t state; /* enum member_state */
    struct session_ref session;
    struct subscription_options options;
};

/* There is one as long as it has members. */
struct group {
    struct map_entry by_text;
    struct subscription *subscription; /* NULL: it has ended */
    struct body *text;
    struct member *members;
    uint32_t count, capacity;
    uint32_t counts[MEMBER_STATES];
    uint32_t next; /* whose turn it is */
    uint64_t left; /* members that have left it so far */
};

/* How far the search for a member that takes a message has come: first one that
 * is free is looked for; when there is none, one where it may `wait`. */
struct search {
    uint16_t shard; /* who was asked last, or gave it back */
    struct session_ref session;
    uint32_t tries; /* how many were asked, to have it at once or to wait */
    uint64_t left;  /* `left` of the group when the first of them was asked */
    uint64_t handover; /* what keeps the message meanwhile; 0: nothing */
    bool wait;
    bool ready; /* who was asked last was thought to be connected */
};

/* The group with `text`, "$share/group/filter", which has its home here; or
 * NULL. */
struct group *group_find(struct shard *shard, struct bytes text);

/* Its text. */
struct bytes group_text(const struct group *group);

/* At home: the member of `post`, of shard `from`, comes, changes, or goes; all
 * that must know of the group answer post->join. */
void group_set(struct shard *shard, const struct post *post, uint16_t from);

/* The same by POST_MEMBER. */
void group_posted(struct shard *shard, const struct post *post);

/* Member `session` of shard `shard`, or NULL. */
struct member *group_find_member(struct group *group, uint16_t shard,
                                 struct session_ref session);

/* `member` has refused a message: if it was thought to be free, it is busy. */
void group_refused(struct group *group, struct member *member);

/* Whose turn it is, as far as the `search` has come, which goes on by one. NULL
 * when nobody is left. Good until the group changes. */
struct member *group_choose(struct group *group, struct search *search);

/* Free all groups, telling nobody. */
void groups_fini(struct shard *shard);

#endif
