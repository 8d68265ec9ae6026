/* grant.h - what a client was granted when it came in, and what follows.
 *
 *     answer ---> grant: user, more rules, end
 *                   |
 *     listener's rules + its rules --> may it publish, subscribe, receive?
 *
 * Part of a session. It stays known while the session is alone, as long as the
 * broker runs; each connection brings a new one. A session that came from disk
 * has none until its client comes back: messages wait for it, and are judged
 * when they are sent.
 *
 * Rules change under a connected client when the operator reloads. So nothing
 * is judged once and for all: each PUBLISH that leaves was judged as it left.
 * Verdicts are remembered by the shard, so that whoever gets a thousand
 * messages on a topic is judged about once:
 *
 *     topic, grant, action --> slot [ hash | serial | allowed ]
 */
#ifndef MOGI_CORE_GRANT_H
#define MOGI_CORE_GRANT_H

#include "base/wheel.h"
#include "core/acl.h"
#include "core/ask.h"

struct message;
struct session;
struct shard;
struct verdict;

/* A client that has no name, no rules of its own and no end needs none. */
struct grant {
    struct timer timer; /* its end, while the client is here */
    struct session *session;
    const struct acl *acl; /* a reference, or NULL */
    uint64_t expires_ms;   /* 0: never */
    uint32_t user_size;
    bool has_user;
    uint8_t user[];
};

/* What a shard knows of all grants. */
struct grants {
    bool fenced;              /* somebody has rules or a mount point */
    bool rules;               /* somebody has rules */
    bool mounts;              /* somebody has a mount point */
    uint32_t lists;           /* grants with rules of their own */
    uint64_t serial;          /* of the last grant */
    struct verdict *verdicts; /* NULL: there was no rule yet */
};

/* By the options of now: what is fenced. Forgets all verdicts. */
void grants_init(struct shard *shard);
void grants_fini(struct shard *shard);

/* `session`, whose client has come through `listener`, has from now on what
 * `answer`, an ACCEPT, says. */
void grant_set(struct shard *shard, struct session *session, uint16_t listener,
               const struct answer *answer);

/* Its client has gone: the end of the grant is nobody's business. */
void grant_rest(struct shard *shard, struct session *session);

/* Forget it. */
void grant_drop(struct shard *shard, struct session *session);

/* Its timer is due: the connection ends. */
void grant_due(struct shard *shard, struct grant *grant);

/* Who its client is, for acl_judge. */
struct acl_who grant_who(const struct session *session);

/* May `session` do that to `text`, as in acl_judge? `hash` is that of a topic
 * name, as in struct message, or 0: it is not known. True for a session without
 * grant. */
bool grant_allows(struct shard *shard, const struct session *session,
                  enum acl_action action, struct bytes text, uint64_t hash);

/* May a client that comes in with `answer` through `listener`, under
 * `client_id`, publish to `topic`? */
bool grant_would_allow(const struct shard *shard, uint16_t listener,
                       const struct answer *answer, struct bytes client_id,
                       struct bytes topic);

/* May `m` go to `session`: is it inside of what it sees, and may it read it? */
bool grant_shows(struct shard *shard, const struct session *session,
                 const struct message *m);

#endif
