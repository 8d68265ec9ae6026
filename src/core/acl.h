/* acl.h - access rules: who may publish, subscribe to and receive what.
 *
 *     acl
 *      |-- anonymous   [ rule | rule ]         clients without a user name
 *      |-- users       "ann" [ rule ] ...      sorted by name
 *      '-- patterns    [ sensor/%u/# ]         everybody, %u and %c filled in
 *
 * A list is made outside and does not change while anybody uses it; to judge
 * by it is a pure function. What no rule allows is forbidden, and a rule that
 * forbids wins over all that allow.
 *
 * A wildcard at the beginning of a rule does not match topics that begin with
 * "$": $SYS must be named to be readable.
 */
#ifndef MOGI_CORE_ACL_H
#define MOGI_CORE_ACL_H

#include "base/bytes.h"

enum acl_action { ACL_PUBLISH, ACL_SUBSCRIBE, ACL_RECEIVE };

enum acl_access {
    ACL_DENY = 0, /* whatever other rules say */
    ACL_READ = 1,
    ACL_WRITE = 2,
    ACL_READWRITE = 3
};

struct acl_rule {
    struct bytes filter; /* valid; without "$share/" */
    uint8_t access;      /* enum acl_access */
    bool pattern;        /* %u and %c in it mean user name and client id */
    uint32_t line;       /* where it stands; 0: nowhere */
};

struct acl_section {
    struct bytes user;
    const struct acl_rule *rules;
    size_t count;
};

struct acl {
    struct acl_section anonymous;
    const struct acl_section *users; /* sorted by acl_user_compare */
    size_t user_count;
    struct acl_section patterns;
    const char *path; /* for messages, or NULL */

    /* Where it is counted: ref and unref may be called by any thread. With ref
     * NULL it outlives those who use it. */
    void *owner;
    void (*ref)(void *owner);
    void (*unref)(void *owner);
};

struct acl_who {
    struct bytes user;
    bool has_user;
    struct bytes client_id;
};

/* `rule` is the one that decided; NULL: none says anything. */
struct acl_verdict {
    bool allowed;
    const struct acl_rule *rule;
};

/* May `who` do it? `text` is a valid topic name, or for SUBSCRIBE a valid
 * filter, of which "$share/group/" does not count. `acl` NULL allows all.
 *
 * PUBLISH and RECEIVE need a rule that matches. SUBSCRIBE needs one to READ
 * that has topics in common with the filter, and is forbidden by one that
 * denies the whole filter; what is in between is for RECEIVE to judge.
 *
 * A user name or client id that is empty or holds `+`, `#` or `/`, and one that
 * begins with `$` where it would begin a topic, never matches a pattern with
 * it. Linear in the rules for `who`, and in the size of `text` for each. */
struct acl_verdict acl_judge(const struct acl *acl, const struct acl_who *who,
                             enum acl_action action, struct bytes text);

/* The same by two lists, of which either may be NULL: what one allows is
 * allowed, what one denies is not. */
struct acl_verdict acl_judge_both(const struct acl *acl,
                                  const struct acl *extra,
                                  const struct acl_who *who,
                                  enum acl_action action, struct bytes text);

/* The order of `users`: <0, 0 or >0, as a stands before, at or behind b. */
int acl_user_compare(struct bytes a, struct bytes b);

/* Have two valid filters topics in common? */
bool acl_overlaps(struct bytes a, struct bytes b);

/* Does the valid filter `wide` match all topics that `filter` matches? */
bool acl_covers(struct bytes wide, struct bytes filter);

/* One more and one user less of `acl`, which may be NULL; acl_ref returns
 * it. */
const struct acl *acl_ref(const struct acl *acl);
void acl_unref(const struct acl *acl);

#endif
