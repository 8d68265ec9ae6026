/* law.h - what was allowed, and since when: the rules of a random life.
 *
 *     versions   [ 0 | 1 | 2 | 3 | 4 ]
 *                      base ^       ^ now
 *
 * A change takes a while to reach all shards, and what was sent before it to
 * arrive. So whatever is seen must have been allowed by one of the versions
 * that may have been in force: from `base`, the last one that was certainly in
 * force everywhere, to the newest. It judges by itself, without the broker's
 * judge.
 */
#ifndef MOGI_SIM_LAW_H
#define MOGI_SIM_LAW_H

#include "base/rng.h"
#include "sim/rules.h"

enum { LAW_USERS = 3, LAW_TOPICS = 10, LAW_NOBODY = LAW_USERS };

/* Who does something: one of the users or LAW_NOBODY, under a client id, with
 * rules of its own or NULL. */
struct law_who {
    unsigned user;
    const char *client_id;
    const struct rules *own;
};

struct law {
    struct rules **versions; /* NULL: everything is allowed */
    unsigned count;
    unsigned base;
};

/* The names of users and topics; LAW_NOBODY has none: NULL. */
const char *law_user(unsigned user);
const char *law_topic(unsigned topic);

/* Everything is allowed, since ever. */
void law_init(struct law *law);

/* All rules are free; the broker holds none. */
void law_fini(struct law *law);

/* A new version, made up by `rng`: the rules in force from now on, or NULL. */
const struct acl *law_change(struct law *law, struct rng *rng);

/* Rules for a grant, made up by `rng`; freed by law_fini at the latest. */
struct rules *law_own(struct rng *rng);

/* The newest version. */
unsigned law_now(const struct law *law);

/* What is in force has reached everybody. */
void law_settle(struct law *law);

/* Does some version from `from` to `to` let `who` do `access`, ACL_READ or
 * ACL_WRITE, to `topic`? */
bool law_allowed(const struct law *law, unsigned from, unsigned to,
                 const struct law_who *who, enum acl_access access,
                 const char *topic);

/* Were there rules in all of them? */
bool law_strict(const struct law *law, unsigned from, unsigned to);

#endif
