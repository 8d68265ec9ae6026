/* rules.h - access lists that plays and random lives write down.
 *
 *     user ann  topic readwrite a/#  topic deny a/x  pattern write %u/#
 *
 * As in an access file, words are taken in their order: a topic belongs to the
 * user before it, or to clients without name when there is none. A list is
 * counted: who frees one that the broker still holds is told so.
 */
#ifndef MOGI_SIM_RULES_H
#define MOGI_SIM_RULES_H

#include "core/acl.h"

enum { RULES_USERS_MAX = 16, RULES_EACH_MAX = 32 };

/* The rules of one user, or of all. */
struct rules_section {
    struct acl_rule list[RULES_EACH_MAX];
    size_t count;
};

struct rules {
    struct rules *next; /* for who keeps many */
    struct acl acl;
    int refs; /* of the broker */
    struct rules_section anonymous, patterns;
    struct bytes names[RULES_USERS_MAX]; /* owned; in the order of `of` */
    struct rules_section of[RULES_USERS_MAX];
    struct acl_section users[RULES_USERS_MAX]; /* sorted */
    size_t current; /* the user that the next topic is for, + 1 */
};

/* A list without rules, which allows nothing. Never NULL. */
struct rules *rules_new(void);

/* From now on topics are for user `name`. False: too many. */
bool rules_user(struct rules *rules, struct bytes name);

/* One rule more: a pattern, or a topic of the current user. Texts are copied.
 * False: too many, or no filter. */
bool rules_add(struct rules *rules, bool pattern, enum acl_access access,
               struct bytes filter);

/* The list is whole: sorted, ready to be used. */
const struct acl *rules_seal(struct rules *rules);

/* What `rules` say, in those words, in `text` of `size` bytes. */
void rules_write(const struct rules *rules, char *text, size_t size);

/* Free it; NULL is fine. The broker holds it no more. */
void rules_free(struct rules *rules);

#endif
