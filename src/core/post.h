/* post.h - what shards say to one another.
 *
 * A mailbox is causal: it hands over posts in the order in which they were
 * pushed, whoever pushed them. What a shard knew when it posted, everybody who
 * hears from it later may rely on.
 *
 * A post owns the references in it (`body`); the shard that gets it takes
 * them, and a host that throws a post away calls post_drop. Bytes that it
 * brings (`packed`) are those of its action, which the host copies; they are
 * borrowed by the step that gets it.
 */
#ifndef MOGI_CORE_POST_H
#define MOGI_CORE_POST_H

#include "base/bytes.h"
#include "core/id.h"

struct body;
struct pool;

enum post_kind {
    /* `body` was published; without one what message_pack wrote, which is in
     * `packed` behind `lack_size` bytes, maybe with its packet: keep it if it
     * is retained and `keep`, deliver it to local subscribers if `deliver`;
     * after a crash only to those who may lack it. Answer DONE to `join`. */
    POST_PUBLISH,

    /* One answer to `join`: `count` receivers here, or `reason` why not. */
    POST_DONE,

    /* `join` must wait for one answer more. */
    POST_EXPECT,

    /* The sender wants (`on`) or no longer wants what matches the filter in
     * `body`. Answer DONE to `join`. */
    POST_INTEREST,

    /* Send the retained messages that match the filter in `body` as
     * POST_RETAINED to `join`, then DONE. */
    POST_RECALL,

    /* One retained message for `join`. */
    POST_RETAINED,

    /* Session `session` of the sender is (`on`) or is no longer a member of
     * the shared subscription in `body` ("$share/group/filter"), with
     * `options`; `ready`: it is connected. Answer DONE to `join`. */
    POST_MEMBER,

    /* `body` for member `session` of the shared subscription in `group`, as the
     * `count`th that is asked. A member that can't take it, or without `wait`
     * not at once, or may not have it, sends it back; so does one that is not
     * connected, but was thought to be (`ready`). Answer DONE to `join`. */
    POST_SHARED,

    /* `body` comes back to the shared subscription in `group`: `session` of
     * the sender did not take it, or left before it acknowledged (`count` is
     * 0). */
    POST_RETURNED,

    /* The sender's counters, as the payload of `body`. */
    POST_STATS
};

/* Options of a subscription as SUBSCRIBE gave them. MQTT 5.0, 3.8.3.1 */
struct subscription_options {
    uint8_t qos;             /* 0..2, as granted */
    uint8_t retain_handling; /* 0..2 */
    bool no_local;
    bool retain_as_published;
    uint32_t identifier; /* 0: none */
};

struct post {
    uint8_t kind;   /* enum post_kind */
    bool on;        /* INTEREST, MEMBER */
    bool keep;      /* PUBLISH */
    bool deliver;   /* PUBLISH */
    bool v5;        /* PUBLISH: the packet in `packed`, if any, is one of 5.0 */
    bool once;      /* PUBLISH: it may come again after a crash; see record.h */
    bool ready;     /* MEMBER; SHARED: connected. RETURNED: not so any more */
    bool wait;      /* SHARED RETURNED */
    bool denied;    /* RETURNED: the member may not have it */
    uint8_t reason; /* DONE: enum err */
    uint16_t from;  /* the shard that posted; set by the shard itself */
    uint32_t count; /* DONE: receivers; SHARED RETURNED: asked */
    uint64_t clock; /* the sender's logical clock */
    struct join_ref join;
    union {
        struct {                 /* PUBLISH */
            struct bytes packed; /* set by the host; see below */
            uint16_t lack_size;  /* > 0: it came before a crash; see lack.h */
        };
        struct { /* MEMBER SHARED, and but for `options` RETURNED */
            struct session_ref session;
            uint64_t left; /* members that had left when the first was asked */
            uint64_t handover; /* SHARED RETURNED: see handover.h; 0: none */
            struct subscription_options options;
        };
    };
    struct body *body;
    struct body *group; /* SHARED RETURNED */
};

/* Drop the references that `post` owns. */
void post_drop(struct post *post);

#endif
