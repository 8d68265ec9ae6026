/* rules.c - access lists in words. */
#include "sim/rules.h"

#include "sim/words_codec.h"
#include "wire/topic.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static void on_ref(void *owner)
{
    struct rules *rules = owner;
    rules->refs += 1;
}

static void on_unref(void *owner)
{
    struct rules *rules = owner;
    assert(rules->refs > 0);
    rules->refs -= 1;
}

struct rules *rules_new(void)
{
    struct rules *rules = words_memory(NULL, sizeof(*rules));
    *rules = (struct rules){0};
    rules->acl = (struct acl){.owner = rules, .ref = on_ref, .unref = on_unref};
    return rules;
}

static struct bytes text_copy(struct bytes text)
{
    uint8_t *copy = words_memory(NULL, text.size);
    if (text.size > 0) memcpy(copy, text.data, text.size);
    return bytes_at(copy, text.size);
}

static void text_free(struct bytes text)
{
    free((void *)(uintptr_t)text.data);
}

bool rules_user(struct rules *rules, struct bytes name)
{
    for (size_t i = 0; i < rules->acl.user_count; i++) {
        if (!bytes_equal(rules->names[i], name)) continue;
        rules->current = i + 1;
        return true;
    }
    if (rules->acl.user_count == RULES_USERS_MAX) return false;
    rules->names[rules->acl.user_count++] = text_copy(name);
    rules->current = rules->acl.user_count;
    return true;
}

bool rules_add(struct rules *rules, bool pattern, enum acl_access access,
               struct bytes filter)
{
    struct rules_section *section = pattern ? &rules->patterns
                                    : rules->current == 0
                                        ? &rules->anonymous
                                        : &rules->of[rules->current - 1];
    if (section->count == RULES_EACH_MAX) return false;
    if (!topic_filter_valid(filter)) return false;
    struct acl_rule *rule = &section->list[section->count++];
    *rule = (struct acl_rule){.filter = text_copy(filter),
                              .access = (uint8_t)access,
                              .pattern = pattern,
                              .line = (uint32_t)section->count};
    return true;
}

static int user_order(const void *a, const void *b)
{
    const struct acl_section *one = a, *other = b;
    return acl_user_compare(one->user, other->user);
}

static void section_seal(struct acl_section *to,
                         const struct rules_section *from)
{
    to->rules = from->list;
    to->count = from->count;
}

const struct acl *rules_seal(struct rules *rules)
{
    struct acl *acl = &rules->acl;
    section_seal(&acl->anonymous, &rules->anonymous);
    section_seal(&acl->patterns, &rules->patterns);
    for (size_t i = 0; i < acl->user_count; i++) {
        rules->users[i].user = rules->names[i];
        section_seal(&rules->users[i], &rules->of[i]);
    }
    qsort(rules->users, acl->user_count, sizeof(rules->users[0]), user_order);
    acl->users = rules->users;
    return acl;
}

/* The words of one section, behind `text`. */
static void section_write(const struct rules_section *section, char *text,
                          size_t size)
{
    static const char *const names[] = {
        [ACL_DENY] = "deny",
        [ACL_READ] = "read",
        [ACL_WRITE] = "write",
        [ACL_READWRITE] = "readwrite",
    };
    for (size_t i = 0; i < section->count; i++) {
        const struct acl_rule *rule = &section->list[i];
        size_t used = strlen(text);
        snprintf(text + used, size - used, " %s %s \"%.*s\"",
                 rule->pattern ? "pattern" : "topic", names[rule->access],
                 (int)rule->filter.size, (const char *)rule->filter.data);
    }
}

void rules_write(const struct rules *rules, char *text, size_t size)
{
    assert(size > 0);
    text[0] = 0;
    section_write(&rules->anonymous, text, size);
    section_write(&rules->patterns, text, size);
    for (size_t i = 0; i < rules->acl.user_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, " user \"%.*s\"",
                 (int)rules->names[i].size, (const char *)rules->names[i].data);
        section_write(&rules->of[i], text, size);
    }
}

static void section_free(struct rules_section *section)
{
    for (size_t i = 0; i < section->count; i++)
        text_free(section->list[i].filter);
}

void rules_free(struct rules *rules)
{
    if (rules == NULL) return;
    assert(rules->refs == 0);
    section_free(&rules->anonymous);
    section_free(&rules->patterns);
    for (size_t i = 0; i < rules->acl.user_count; i++) {
        section_free(&rules->of[i]);
        text_free(rules->names[i]);
    }
    free(rules);
}
