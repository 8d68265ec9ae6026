/* acl.c - access rules: a walk along the levels of two filters at a time. */
#include "core/acl.h"

#include "wire/topic.h"

#include <assert.h>

/* What stands for %u and %c in a rule; both empty in one that is no pattern. */
struct fill {
    struct bytes user, client_id;
};

/* Where two filters have come to: the next level of each, if there is one. */
struct pair {
    struct topic_levels a_at, b_at;
    struct bytes a, b;
    bool a_has, b_has;
    bool first; /* level */
};

static const struct fill NO_FILL;

static bool level_is(struct bytes level, char c)
{
    return level.size == 1 && level.data[0] == (uint8_t)c;
}

static bool level_wild(struct bytes level)
{
    return level_is(level, '+') || level_is(level, '#');
}

/* The text for "%u" or "%c" at the beginning of `rest`; NULL: a character that
 * means itself. */
static const struct bytes *fill_at(const struct fill *fill, struct bytes rest)
{
    if (rest.size < 2 || rest.data[0] != '%') return NULL;
    if (rest.data[1] == 'u' && fill->user.size > 0) return &fill->user;
    if (rest.data[1] == 'c' && fill->client_id.size > 0) {
        return &fill->client_id;
    }
    return NULL;
}

/* Is `level`, filled in, the same as `text`? */
static bool level_same(struct bytes level, const struct fill *fill,
                       struct bytes text)
{
    while (level.size > 0) {
        const struct bytes *filled = fill_at(fill, level);
        struct bytes want = filled == NULL ? bytes_at(level.data, 1) : *filled;
        assert(want.size > 0);
        if (text.size < want.size) return false;
        if (memcmp(text.data, want.data, want.size) != 0) return false;
        text = bytes_skip(text, want.size);
        level = bytes_skip(level, filled == NULL ? 1 : 2);
    }
    return text.size == 0;
}

/* --- two filters --------------------------------------------------------- */

static void pair_next(struct pair *pair)
{
    pair->a_has = topic_level_next(&pair->a_at, &pair->a);
    pair->b_has = topic_level_next(&pair->b_at, &pair->b);
}

static struct pair pair_of(struct bytes a, struct bytes b)
{
    assert(a.size > 0 && b.size > 0);
    struct pair pair = {
        .a_at = topic_levels_of(a), .b_at = topic_levels_of(b), .first = true};
    pair_next(&pair);
    assert(pair.a_has && pair.b_has);
    return pair;
}

/* A wildcard at the beginning leaves out what begins with "$".
 * [MQTT-4.7.2-1] */
static bool level_hides(struct bytes wild, struct bytes level)
{
    return level_wild(wild) && level.size > 0 && level.data[0] == '$';
}

/* Have the rule `a`, filled in, and `b` a topic in common? */
static bool pair_overlaps(struct bytes rule, const struct fill *fill,
                          struct bytes filter)
{
    struct pair pair = pair_of(rule, filter);
    if (level_hides(pair.a, pair.b)) return false;
    if (level_hides(pair.b, pair.a)) return false;
    while (pair.a_has && pair.b_has) {
        if (level_is(pair.a, '#') || level_is(pair.b, '#')) return true;
        bool wild = level_is(pair.a, '+') || level_is(pair.b, '+');
        if (!wild && !level_same(pair.a, fill, pair.b)) return false;
        pair_next(&pair);
    }
    /* "a/#" matches "a" too. */
    if (pair.a_has) return level_is(pair.a, '#');
    return !pair.b_has || level_is(pair.b, '#');
}

/* Does the rule, filled in, match all that `filter` does? */
static bool pair_covers(struct bytes rule, const struct fill *fill,
                        struct bytes filter)
{
    struct pair pair = pair_of(rule, filter);
    if (level_hides(pair.a, pair.b)) return false;
    while (pair.a_has && pair.b_has) {
        if (level_is(pair.a, '#')) return true;
        if (level_is(pair.b, '#')) {
            /* Every topic has a first level: "+/#" is "#". */
            return pair.first && bytes_equal(rule, bytes_at("+/#", 3));
        }
        if (level_is(pair.b, '+') && !level_is(pair.a, '+')) return false;
        if (!level_is(pair.a, '+') && !level_same(pair.a, fill, pair.b)) {
            return false;
        }
        pair_next(&pair);
        pair.first = false;
    }
    if (pair.a_has) return level_is(pair.a, '#');
    return !pair.b_has;
}

bool acl_overlaps(struct bytes a, struct bytes b)
{
    assert(topic_filter_valid(a));
    assert(topic_filter_valid(b));
    return pair_overlaps(a, &NO_FILL, b);
}

bool acl_covers(struct bytes wide, struct bytes filter)
{
    assert(topic_filter_valid(wide));
    assert(topic_filter_valid(filter));
    return pair_covers(wide, &NO_FILL, filter);
}

/* --- rules --------------------------------------------------------------- */

static bool text_has(struct bytes text, char c)
{
    return memchr(text.data, c, text.size) != NULL;
}

/* May `text` stand in a topic as a part of a level? Else a client could name
 * itself into the rules of others. */
static bool text_harmless(struct bytes text)
{
    if (text.size == 0) return false;
    return !text_has(text, '+') && !text_has(text, '#') && !text_has(text, '/');
}

/* Is "%u" or "%c", as `letter` says, in the filter? */
static bool filter_names(struct bytes filter, char letter)
{
    for (size_t i = 0; i + 1 < filter.size; i++) {
        if (filter.data[i] == '%' && filter.data[i + 1] == (uint8_t)letter) {
            return true;
        }
    }
    return false;
}

/* What fills in `rule` for `who`; false when the rule is not about it. */
static bool rule_fill(const struct acl_rule *rule, const struct acl_who *who,
                      struct fill *fill)
{
    *fill = NO_FILL;
    if (!rule->pattern) return true;
    if (filter_names(rule->filter, 'u')) {
        if (!who->has_user || !text_harmless(who->user)) return false;
        fill->user = who->user;
    }
    if (filter_names(rule->filter, 'c')) {
        if (!text_harmless(who->client_id)) return false;
        fill->client_id = who->client_id;
    }
    const struct bytes *first = fill_at(fill, rule->filter);
    return first == NULL || first->data[0] != '$';
}

/* Does `rule` decide what is asked? */
static bool rule_decides(const struct acl_rule *rule, const struct acl_who *who,
                         enum acl_action action, struct bytes text)
{
    bool denies = rule->access == ACL_DENY;
    unsigned needed = action == ACL_PUBLISH ? ACL_WRITE : ACL_READ;
    if (!denies && (rule->access & needed) == 0) return false;
    struct fill fill;
    if (!rule_fill(rule, who, &fill)) return false;
    /* A name is a filter that matches itself alone. */
    if (action == ACL_SUBSCRIBE && !denies) {
        return pair_overlaps(rule->filter, &fill, text);
    }
    return pair_covers(rule->filter, &fill, text);
}

/* Add what the rules of `section` say to `verdict`. */
static void section_judge(const struct acl_section *section,
                          const struct acl_who *who, enum acl_action action,
                          struct bytes text, struct acl_verdict *verdict)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct acl_rule *rule = &section->rules[i];
        bool denies = rule->access == ACL_DENY;
        bool denied = verdict->rule != NULL && !verdict->allowed;
        if (denied) return;
        if (verdict->allowed && !denies) continue;
        if (!rule_decides(rule, who, action, text)) continue;
        *verdict = (struct acl_verdict){.allowed = !denies, .rule = rule};
    }
}

int acl_user_compare(struct bytes a, struct bytes b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least == 0 ? 0 : memcmp(a.data, b.data, least);
    if (order != 0) return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

/* The section of `user`, or NULL. */
static const struct acl_section *user_find(const struct acl *acl,
                                           struct bytes user)
{
    size_t low = 0;
    size_t high = acl->user_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct acl_section *section = &acl->users[middle];
        int order = acl_user_compare(section->user, user);
        if (order == 0) return section;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low == high);
    return NULL;
}

/* Add what `acl` says to `verdict`. */
static void list_judge(const struct acl *acl, const struct acl_who *who,
                       enum acl_action action, struct bytes text,
                       struct acl_verdict *verdict)
{
    const struct acl_section *section =
        who->has_user ? user_find(acl, who->user) : &acl->anonymous;
    if (section != NULL) section_judge(section, who, action, text, verdict);
    section_judge(&acl->patterns, who, action, text, verdict);
}

struct acl_verdict acl_judge_both(const struct acl *acl,
                                  const struct acl *extra,
                                  const struct acl_who *who,
                                  enum acl_action action, struct bytes text)
{
    struct acl_verdict verdict = {.allowed = acl == NULL && extra == NULL};
    struct bytes group;
    if (action == ACL_SUBSCRIBE && topic_is_shared(text)) {
        enum err e = topic_share_split(text, &group, &text);
        assert(e == OK);
    }
    assert(text.size > 0);
    if (acl != NULL) list_judge(acl, who, action, text, &verdict);
    if (extra != NULL) list_judge(extra, who, action, text, &verdict);
    assert(acl != NULL || extra != NULL || verdict.allowed);
    return verdict;
}

struct acl_verdict acl_judge(const struct acl *acl, const struct acl_who *who,
                             enum acl_action action, struct bytes text)
{
    return acl_judge_both(acl, NULL, who, action, text);
}

const struct acl *acl_ref(const struct acl *acl)
{
    if (acl != NULL && acl->ref != NULL) acl->ref(acl->owner);
    return acl;
}

void acl_unref(const struct acl *acl)
{
    if (acl != NULL && acl->unref != NULL) acl->unref(acl->owner);
}
