/* acljson.c - see acljson.h. */
#include "auth/acljson.h"

#include "auth/json.h"
#include "wire/topic.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

/* The list and all that belongs to it, in one block. */
struct rules {
    struct acl acl;
    atomic_uint refs;
    struct acl_rule rules[]; /* the text of their topics is behind them */
};

/* A list in the making: the first time only counted, then written down. */
struct draft {
    struct acl_rule *rules; /* NULL: count only */
    uint8_t *text;
    size_t count, size; /* rules, and bytes of text */
    size_t allowing;    /* rules up to and with the last one that allows */
};

static const struct {
    const char *name, *mark;
} placeholders[] = {
    {"${username}", "%u"},
    {"${clientid}", "%c"},
};

/* The mark that stands for the placeholder at the beginning of `text`, whose
 * length goes to `*size`; NULL: none of ours. */
static const char *placeholder_mark(const char *text, size_t *size)
{
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
        *size = strlen(placeholders[i].name);
        if (strncmp(text, placeholders[i].name, *size) == 0) {
            return placeholders[i].mark;
        }
    }
    return NULL;
}

/* `topic` with marks for its placeholders, to `out`, which has room for as many
 * bytes; how many it became goes to `*size`. */
static const char *topic_write(const char *topic, uint8_t *out, size_t *size)
{
    *size = 0;
    for (const char *at = topic; *at != '\0';) {
        if (strncmp(at, "${", 2) != 0) {
            out[(*size)++] = (uint8_t)*at++;
            continue;
        }
        size_t taken;
        const char *mark = placeholder_mark(at, &taken);
        if (mark == NULL) {
            return "its rules have a placeholder that is not known";
        }
        memcpy(out + *size, mark, 2);
        *size += 2;
        at += taken;
    }
    return NULL;
}

static bool has_mark(struct bytes filter)
{
    return memmem(filter.data, filter.size, "%u", 2) != NULL ||
           memmem(filter.data, filter.size, "%c", 2) != NULL;
}

static const char *topic_check(const char *topic)
{
    size_t size = strlen(topic);
    if (size == 0 || size > ACLJSON_TOPIC_BYTES_MAX ||
        !topic_filter_valid(bytes_of(topic))) {
        return "its rules have a topic that is no filter";
    }
    if (topic_is_shared(bytes_of(topic))) {
        return "its rules have a $share: name the filter behind it";
    }
    if (strncmp(topic, "eq ", 3) == 0) {
        return "its rules have an \"eq\", which is not known here";
    }
    return NULL;
}

static const char *rule_add(struct draft *draft, const cJSON *item,
                            enum acl_access access)
{
    const char *topic = cJSON_GetStringValue(item);
    if (topic == NULL) return "its rules have a topic that is no text";
    const char *why = topic_check(topic);
    if (why != NULL) return why;
    size_t size = strlen(topic);
    if (draft->rules != NULL) {
        uint8_t *text = draft->text + draft->size;
        why = topic_write(topic, text, &size);
        if (why != NULL) return why;
        struct bytes filter = bytes_at(text, size);
        draft->rules[draft->count] = (struct acl_rule){
            .filter = filter,
            .access = (uint8_t)access,
            .pattern = has_mark(filter),
        };
    }
    if (draft->count == ACLJSON_RULES_MAX) return "it has too many rules";
    draft->size += size;
    draft->count += 1;
    if (access != ACL_DENY) draft->allowing = draft->count;
    return NULL;
}

/* What `word` allows; false: it is none of ours. */
static bool action_find(const char *word, enum acl_access *out)
{
    static const struct {
        const char *word;
        enum acl_access access;
    } actions[] = {
        {"publish", ACL_WRITE}, {"pub", ACL_WRITE}, {"subscribe", ACL_READ},
        {"sub", ACL_READ},      {"deny", ACL_DENY}, {"pubsub", ACL_READWRITE},
        {"all", ACL_READWRITE},
    };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(word, actions[i].word) != 0) continue;
        *out = actions[i].access;
        return true;
    }
    return false;
}

/* One of {"permission", "action", "topic"}. */
static const char *entry_add(struct draft *draft, const cJSON *entry)
{
    const char *permission = json_text(entry, "permission");
    const char *action = json_text(entry, "action");
    enum acl_access access;
    if (permission == NULL || action == NULL || !action_find(action, &access) ||
        access == ACL_DENY) {
        return "its rules have one without permission or action";
    }
    /* Others, as EMQX's "qos" and "retain", narrow a rule down. */
    if (cJSON_GetArraySize(entry) != 3) {
        return "its rules have one with more than permission, action, topic";
    }
    if (strcmp(permission, "deny") == 0) {
        /* A denial is for both ways here. */
        if (access != ACL_READWRITE) {
            return "its rules deny one way only: deny \"all\"";
        }
        access = ACL_DENY;
    } else if (strcmp(permission, "allow") != 0) {
        return "its rules have a permission other than allow and deny";
    }
    return rule_add(draft, json_member(entry, "topic"), access);
}

/* {"publish": [...], ...} */
static const char *lists_add(struct draft *draft, const cJSON *json)
{
    for (const cJSON *list = json->child; list != NULL; list = list->next) {
        enum acl_access access;
        if (!cJSON_IsArray(list) || !action_find(list->string, &access)) {
            return "its rules are neither publish, subscribe, all nor deny";
        }
        for (const cJSON *t = list->child; t != NULL; t = t->next) {
            const char *why = rule_add(draft, t, access);
            if (why != NULL) return why;
        }
    }
    /* In an object nothing stands behind anything. */
    draft->allowing = draft->count;
    return NULL;
}

static const char *draft_write(struct draft *draft, const cJSON *json)
{
    if (cJSON_IsObject(json)) return lists_add(draft, json);
    if (!cJSON_IsArray(json)) return "its rules are neither list nor object";
    for (const cJSON *entry = json->child; entry != NULL; entry = entry->next) {
        const char *why = entry_add(draft, entry);
        if (why != NULL) return why;
    }
    return NULL;
}

static void rules_ref(void *owner)
{
    struct rules *rules = owner;
    atomic_fetch_add_explicit(&rules->refs, 1, memory_order_relaxed);
}

static void rules_unref(void *owner)
{
    struct rules *rules = owner;
    unsigned refs =
        atomic_fetch_sub_explicit(&rules->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs == 1) free(rules);
}

const char *acljson_read(const cJSON *json, const struct acl **out)
{
    *out = NULL;
    struct draft draft = {.count = 0};
    const char *why = draft_write(&draft, json);
    if (why != NULL) return why;
    size_t head = sizeof(struct rules) + draft.count * sizeof(struct acl_rule);
    struct rules *rules = malloc(head + draft.size);
    if (rules == NULL) return "there is no memory for its rules";
    draft =
        (struct draft){.rules = rules->rules, .text = (uint8_t *)rules + head};
    why = draft_write(&draft, json);
    if (why != NULL) {
        free(rules);
        return why;
    }
    atomic_init(&rules->refs, 1);
    rules->acl = (struct acl){
        .patterns = {.rules = rules->rules, .count = draft.allowing},
        .owner = rules,
        .ref = rules_ref,
        .unref = rules_unref,
    };
    *out = &rules->acl;
    return NULL;
}
