/* law.c - what was allowed, and since when. */
#include "sim/law.h"

#include "sim/words_codec.h"
#include "wire/topic.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 64 };

static const char *const users[LAW_USERS] = {"ann", "bob", "+"};

static const char *const topics[LAW_TOPICS] = {
    "a",     "a/b",   "a/b/c", "b",      "u/ann",
    "u/bob", "c/id0", "c/id1", "$x/a/b", "u/x"};

static const char *const filters[] = {"#", "a/#",  "a/+", "a/b",
                                      "b", "u/#",  "+/b", "c/id0",
                                      "+", "$x/#", "a",   "u/x"};

static const char *const patterns[] = {"u/%u", "c/%c", "u/%u/#", "a/%c", "%u"};

const char *law_user(unsigned user)
{
    assert(user <= LAW_NOBODY);
    return user == LAW_NOBODY ? NULL : users[user];
}

const char *law_topic(unsigned topic)
{
    assert(topic < LAW_TOPICS);
    return topics[topic];
}

static void law_add(struct law *law, struct rules *rules)
{
    law->versions = words_memory(law->versions,
                                 (law->count + 1) * sizeof(law->versions[0]));
    law->versions[law->count++] = rules;
}

void law_init(struct law *law)
{
    *law = (struct law){0};
    law_add(law, NULL);
}

void law_fini(struct law *law)
{
    for (unsigned i = 0; i < law->count; i++)
        rules_free(law->versions[i]);
    free(law->versions);
}

/* A few rules of the current user, or patterns. */
static void rules_some(struct rules *rules, struct rng *rng, bool pattern)
{
    uint64_t count = rng_between(rng, 1, 5);
    for (; count > 0; count--) {
        size_t among = pattern ? sizeof(patterns) / sizeof(patterns[0])
                               : sizeof(filters) / sizeof(filters[0]);
        size_t which = rng_below(rng, among);
        const char *text = pattern ? patterns[which] : filters[which];
        enum acl_access access = (enum acl_access)rng_between(rng, 1, 3);
        if (rng_chance(rng, 1, 8)) access = ACL_DENY;
        bool added = rules_add(rules, pattern, access, bytes_of(text));
        assert(added);
    }
}

const struct acl *law_change(struct law *law, struct rng *rng)
{
    if (rng_chance(rng, 1, 6)) {
        law_add(law, NULL);
        return NULL;
    }
    struct rules *rules = rules_new();
    rules_some(rules, rng, false);
    for (unsigned i = 0; i < LAW_USERS; i++) {
        bool added = rules_user(rules, bytes_of(users[i]));
        assert(added);
        rules_some(rules, rng, false);
    }
    rules_some(rules, rng, true);
    law_add(law, rules);
    return rules_seal(rules);
}

struct rules *law_own(struct rng *rng)
{
    struct rules *rules = rules_new();
    rules_some(rules, rng, true);
    (void)rules_seal(rules);
    return rules;
}

unsigned law_now(const struct law *law)
{
    return law->count - 1;
}

void law_settle(struct law *law)
{
    law->base = law_now(law);
}

/* --- judging ------------------------------------------------------------- */

/* May it stand for %u or %c? */
static bool harmless(const char *text)
{
    return text != NULL && text[0] != 0 && strpbrk(text, "+#/") == NULL;
}

/* `filter` with names filled in, in `text`; false: it is not about `who`. */
static bool fill(const struct acl_rule *rule, const struct law_who *who,
                 char text[TEXT_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < rule->filter.size; i++) {
        const char *at = (const char *)rule->filter.data + i;
        bool last = i + 1 == rule->filter.size;
        bool user = rule->pattern && !last && at[0] == '%' && at[1] == 'u';
        bool id = rule->pattern && !last && at[0] == '%' && at[1] == 'c';
        const char *name = user ? law_user(who->user) : who->client_id;
        if ((user || id) && !harmless(name)) return false;
        if (user || id) {
            used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s", name);
            i += 1;
        } else {
            text[used++] = at[0];
        }
        assert(used < TEXT_MAX);
    }
    text[used] = 0;
    return true;
}

/* What one section says; `*denied` and `*allowed` are only ever set. */
static void section_say(const struct rules_section *section,
                        const struct law_who *who, enum acl_access access,
                        const char *topic, bool *denied, bool *allowed)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct acl_rule *rule = &section->list[i];
        char text[TEXT_MAX];
        if (!fill(rule, who, text)) continue;
        if (!topic_matches(bytes_of(text), bytes_of(topic))) continue;
        if (rule->access == ACL_DENY) *denied = true;
        if ((rule->access & access) != 0) *allowed = true;
    }
}

static void rules_say(const struct rules *rules, const struct law_who *who,
                      enum acl_access access, const char *topic, bool *denied,
                      bool *allowed)
{
    section_say(&rules->patterns, who, access, topic, denied, allowed);
    const char *name = law_user(who->user);
    if (name == NULL) {
        section_say(&rules->anonymous, who, access, topic, denied, allowed);
        return;
    }
    for (size_t i = 0; i < RULES_USERS_MAX; i++) {
        if (!bytes_equal(rules->names[i], bytes_of(name))) continue;
        section_say(&rules->of[i], who, access, topic, denied, allowed);
    }
}

bool law_allowed(const struct law *law, unsigned from, unsigned to,
                 const struct law_who *who, enum acl_access access,
                 const char *topic)
{
    assert(to < law->count && from <= to);
    for (unsigned i = from; i <= to; i++) {
        const struct rules *rules = law->versions[i];
        if (rules == NULL && who->own == NULL) return true;
        bool denied = false, allowed = false;
        if (rules != NULL) {
            rules_say(rules, who, access, topic, &denied, &allowed);
        }
        if (who->own != NULL) {
            rules_say(who->own, who, access, topic, &denied, &allowed);
        }
        if (allowed && !denied) return true;
    }
    return false;
}

bool law_strict(const struct law *law, unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        if (law->versions[i] == NULL) return false;
    }
    return true;
}
