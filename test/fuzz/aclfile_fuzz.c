/* aclfile_fuzz.c - an acl_file of any bytes.
 *
 *     input   [ who ][ text ]      who: a user, a client id and a topic
 *
 * It is refused with a reason, or it is a list in the order that the core wants
 * it in, of rules that are topic filters; and what the core says by it is what
 * a judge says that fills in names and compares all of it, one by one.
 */
#include "auth/aclfile.h"
#include "fuzz.h"
#include "wire/topic.h"
#include "wire/utf8.h"

enum { TEXT_SIZE_MAX = 1 << 13, FILLED_MAX = 1 << 14 };

static const char *const NAMES[] = {"ann", "b",  "a/b", "+",
                                    "#",   "$s", "",    "%c"};
static const char *const TOPICS[] = {"a",       "a/b",     "a/ann/b", "b/b/ann",
                                     "$SYS/x",  "$s/a",    "%u",      "a/%c/b",
                                     "ann/ann", "a b/c d", "/",       "x/a"};

static bool has(struct bytes text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* May this name be filled in? */
static bool fills(struct bytes name)
{
    return name.size > 0 && !has(name, "+") && !has(name, "#") &&
           !has(name, "/");
}

/* The rule's filter with names filled in; empty: it does not count. */
static struct bytes filled(const struct acl_rule *rule,
                           const struct acl_who *who, uint8_t *room)
{
    struct bytes from = rule->filter;
    if (!rule->pattern) return from;
    bool user = has(from, "%u"), client = has(from, "%c");
    struct bytes none = {NULL, 0};
    if (user && (!who->has_user || !fills(who->user))) return none;
    if (client && !fills(who->client_id)) return none;
    size_t size = 0;
    for (size_t i = 0; i < from.size; i++) {
        bool percent = from.data[i] == '%' && i + 1 < from.size;
        char next = percent ? (char)from.data[i + 1] : 0;
        struct bytes put = bytes_at(from.data + i, 1);
        if (next == 'u') put = who->user;
        if (next == 'c') put = who->client_id;
        i += next == 'u' || next == 'c';
        PROMISE(size + put.size <= FILLED_MAX);
        memcpy(room + size, put.data, put.size);
        size += put.size;
    }
    return bytes_at(room, size);
}

static void section_judge(const struct acl_section *section,
                          const struct acl_who *who, uint8_t wanted,
                          struct bytes topic, bool *allowed, bool *denied)
{
    static uint8_t room[FILLED_MAX];
    for (size_t i = 0; i < section->count; i++) {
        const struct acl_rule *rule = &section->rules[i];
        struct bytes filter = filled(rule, who, room);
        if (filter.size == 0 || !topic_matches(filter, topic)) continue;
        /* A name does not reach into "$..." where the rule did not. */
        if (topic.data[0] == '$' && rule->filter.data[0] != '$') continue;
        if (rule->access == ACL_DENY) *denied = true;
        if ((rule->access & wanted) != 0) *allowed = true;
    }
}

static bool judge(const struct acl *acl, const struct acl_who *who,
                  uint8_t wanted, struct bytes topic)
{
    bool allowed = false, denied = false;
    if (!who->has_user) {
        section_judge(&acl->anonymous, who, wanted, topic, &allowed, &denied);
    }
    for (size_t i = 0; i < acl->user_count && who->has_user; i++) {
        if (!bytes_equal(acl->users[i].user, who->user)) continue;
        section_judge(&acl->users[i], who, wanted, topic, &allowed, &denied);
    }
    section_judge(&acl->patterns, who, wanted, topic, &allowed, &denied);
    return allowed && !denied;
}

static void check_section(const struct acl_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct acl_rule *rule = &section->rules[i];
        PROMISE(topic_filter_valid(rule->filter));
        PROMISE(utf8_valid(rule->filter));
        PROMISE(rule->access <= ACL_READWRITE);
        PROMISE(rule->line > 0);
        PROMISE(i == 0 || rule->line > section->rules[i - 1].line);
    }
}

static void check_list(const struct acl *acl)
{
    check_section(&acl->anonymous);
    check_section(&acl->patterns);
    for (size_t i = 0; i < acl->user_count; i++) {
        check_section(&acl->users[i]);
        PROMISE(acl->users[i].count > 0);
        if (i == 0) continue;
        PROMISE(acl_user_compare(acl->users[i - 1].user, acl->users[i].user) <
                0);
    }
}

static void check_verdicts(const struct acl *acl, uint8_t bits)
{
    struct acl_who who = {.has_user = (bits & 8) == 0,
                          .user = bytes_of(NAMES[bits & 7]),
                          .client_id = bytes_of(NAMES[bits >> 4 & 7])};
    for (size_t i = 0; i < sizeof TOPICS / sizeof *TOPICS; i++) {
        struct bytes topic = bytes_of(TOPICS[i]);
        PROMISE(acl_judge(acl, &who, ACL_PUBLISH, topic).allowed ==
                judge(acl, &who, ACL_WRITE, topic));
        PROMISE(acl_judge(acl, &who, ACL_RECEIVE, topic).allowed ==
                judge(acl, &who, ACL_READ, topic));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > TEXT_SIZE_MAX) return 0;
    struct fault fault = {.text = ""};
    const struct acl *acl;
    struct bytes text = fuzz_file(bytes_at(data + 1, size - 1));
    enum err e = aclfile_parse(text, "acl", &acl, &fault);
    PROMISE(e == OK || e == ERR_CONFIG);
    PROMISE((e == OK) == (fault.text[0] == '\0'));
    PROMISE((e == OK) == (acl != NULL));
    if (e != OK) return 0;
    check_list(acl);
    check_verdicts(acl, data[0]);
    acl_unref(acl);
    return 0;
}
