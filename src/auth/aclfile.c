/* aclfile.c - see aclfile.h. */
#include "auth/aclfile.h"

#include "auth/filetext.h"
#include "auth/lines.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Whom a line is about; the order of the entries. */
enum whom { WHOM_ANONYMOUS, WHOM_USER, WHOM_EVERYBODY };

/* A rule and whom it is about, while the file is read. */
struct entry {
    enum whom whom;
    struct bytes user;
    struct acl_rule rule;
};

/* A list in one piece; the rules and names of its sections lie in it. */
struct aclfile {
    atomic_uint refs;
    struct acl acl;
    struct bytes text;
    char *path;
    struct acl_rule *rules;
    struct acl_section *users;
};

/* While the file is read. */
struct reading {
    struct entry *list;
    size_t count, capacity;
    enum whom whom; /* of the last "user" line */
    struct bytes user;
    uint32_t line;
    struct fault *fault;
};

static bool is_word(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of(text));
}

static int shown(struct bytes b)
{
    return (int)(b.size < 80 ? b.size : 80);
}

static enum err entry_add(struct reading *at, const struct entry *entry)
{
    if (at->count == at->capacity) {
        size_t count = at->capacity > 0 ? 2 * at->capacity : 64;
        struct entry *list = realloc(at->list, count * sizeof *list);
        if (list == NULL) {
            return fault_set(at->fault, ERR_NO_MEMORY, "there is no memory");
        }
        at->list = list;
        at->capacity = count;
    }
    at->list[at->count++] = *entry;
    return OK;
}

/* The access that a rule begins with, or -1. */
static int access_of(struct bytes word)
{
    static const char *const words[] = {[ACL_DENY] = "deny",
                                        [ACL_READ] = "read",
                                        [ACL_WRITE] = "write",
                                        [ACL_READWRITE] = "readwrite"};
    for (int i = 0; i < 4; i++) {
        if (is_word(word, words[i])) return i;
    }
    return -1;
}

static bool holds(struct bytes text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static enum err filter_check(struct bytes filter, struct fault *fault)
{
    if (filter.size == 0) {
        return fault_set(fault, ERR_CONFIG,
                         "the topic is missing, as in \"topic read a/#\"");
    }
    if (topic_is_shared(filter)) {
        return fault_set(fault, ERR_CONFIG,
                         "rules are about topics: leave \"$share/GROUP/\" out");
    }
    if (topic_filter_valid(filter) && utf8_valid(filter)) return OK;
    return fault_set(fault, ERR_CONFIG,
                     "'%.*s' is no topic filter: + stands alone between two "
                     "slashes, # alone at the end",
                     shown(filter), (const char *)filter.data);
}

/* [read|write|readwrite|deny] FILTER */
static enum err rule_read(struct reading *at, enum whom whom, struct bytes rest)
{
    struct bytes filter = rest, behind = rest;
    struct bytes word = lines_word(&behind);
    int access = behind.size > 0 ? access_of(word) : -1;
    if (access >= 0) {
        filter = behind;
    } else if (behind.size > 0) {
        return fault_set(at->fault, ERR_CONFIG,
                         "'%.*s' is not read, write, readwrite or deny; before "
                         "a topic that holds spaces, write one of them",
                         shown(word), (const char *)word.data);
    }
    enum err e = filter_check(filter, at->fault);
    if (e != OK) return e;
    bool everybody = whom == WHOM_EVERYBODY;
    struct entry entry = {
        .whom = whom,
        .user = everybody ? bytes_of("") : at->user,
        .rule = {.filter = filter,
                 .access = (uint8_t)(access < 0 ? ACL_READWRITE : access),
                 .pattern =
                     everybody && (holds(filter, "%u") || holds(filter, "%c")),
                 .line = at->line}};
    return entry_add(at, &entry);
}

static enum err topic_read(struct reading *at, struct bytes rest)
{
    return rule_read(at, at->whom, rest);
}

static enum err pattern_read(struct reading *at, struct bytes rest)
{
    return rule_read(at, WHOM_EVERYBODY, rest);
}

static enum err user_read(struct reading *at, struct bytes rest)
{
    if (rest.size == 0) {
        return fault_set(at->fault, ERR_CONFIG,
                         "the user's name is missing; rules for clients "
                         "without a name stand above the first \"user\"");
    }
    at->whom = WHOM_USER;
    at->user = rest;
    return OK;
}

static const struct keyword {
    const char *name;
    enum err (*read)(struct reading *at, struct bytes rest);
} keywords[] = {
    {"topic", topic_read}, {"pattern", pattern_read}, {"user", user_read}};

static enum err line_read(struct reading *at, struct bytes line)
{
    if (line.size == 0 || line.data[0] == '#') return OK;
    struct bytes rest = line;
    struct bytes word = lines_word(&rest);
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (is_word(word, keywords[i].name)) return keywords[i].read(at, rest);
    }
    return fault_set(at->fault, ERR_CONFIG,
                     "'%.*s' begins no rule; that is: user, topic or pattern",
                     shown(word), (const char *)word.data);
}

static enum err lines_read(struct reading *at, struct bytes text,
                           const char *path)
{
    text = lines_begin(text);
    while (text.size > 0) {
        at->line += 1;
        enum err e = line_read(at, lines_next(&text));
        if (e == OK) continue;
        fault_prefix(at->fault, "%s:%u", path, at->line);
        return e;
    }
    return OK;
}

/* By whom, then as the core looks users up, then as in the file. */
static int entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->whom != y->whom) return x->whom < y->whom ? -1 : 1;
    int order = acl_user_compare(x->user, y->user);
    if (order != 0) return order;
    return x->rule.line < y->rule.line ? -1 : x->rule.line > y->rule.line;
}

static void file_free(struct aclfile *file)
{
    filetext_free(file->text);
    free(file->path);
    free(file->rules);
    free(file->users);
    free(file);
}

static void file_ref(void *owner)
{
    struct aclfile *file = owner;
    atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
}

static void file_unref(void *owner)
{
    struct aclfile *file = owner;
    unsigned refs =
        atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs == 1) file_free(file);
}

static size_t users_count(const struct reading *at)
{
    size_t count = 0;
    for (size_t i = 0; i < at->count; i++) {
        const struct entry *entry = &at->list[i];
        if (entry->whom != WHOM_USER) continue;
        bool first = i == 0 || at->list[i - 1].whom != WHOM_USER ||
                     !bytes_equal(at->list[i - 1].user, entry->user);
        count += first;
    }
    return count;
}

/* The section that a sorted entry belongs to: the last one, or the next. */
static struct acl_section *section_of(struct aclfile *file,
                                      const struct entry *entry)
{
    struct acl *acl = &file->acl;
    if (entry->whom == WHOM_ANONYMOUS) return &acl->anonymous;
    if (entry->whom == WHOM_EVERYBODY) return &acl->patterns;
    struct acl_section *last =
        acl->user_count > 0 ? &file->users[acl->user_count - 1] : NULL;
    if (last != NULL && bytes_equal(last->user, entry->user)) return last;
    struct acl_section *next = &file->users[acl->user_count++];
    *next = (struct acl_section){.user = entry->user};
    return next;
}

/* Put the sorted entries into sections. */
static void sections_fill(struct aclfile *file, const struct reading *at)
{
    for (size_t i = 0; i < at->count; i++) {
        file->rules[i] = at->list[i].rule;
        struct acl_section *section = section_of(file, &at->list[i]);
        if (section->count == 0) section->rules = &file->rules[i];
        section->count += 1;
    }
    file->acl.users = file->users;
}

static enum err file_fill(struct aclfile *file, struct reading *at,
                          const char *path)
{
    enum err e = lines_read(at, file->text, path);
    if (e != OK) return e;
    if (at->count > 0) {
        qsort(at->list, at->count, sizeof *at->list, entry_compare);
    }
    file->path = strdup(path);
    file->rules = calloc(at->count + 1, sizeof *file->rules);
    file->users = calloc(users_count(at) + 1, sizeof *file->users);
    if (file->path == NULL || file->rules == NULL || file->users == NULL) {
        return fault_set(at->fault, ERR_NO_MEMORY, "there is no memory");
    }
    sections_fill(file, at);
    return OK;
}

enum err aclfile_parse(struct bytes text, const char *path,
                       const struct acl **out, struct fault *fault)
{
    *out = NULL;
    struct aclfile *file = calloc(1, sizeof *file);
    if (file == NULL) {
        filetext_free(text);
        return fault_set(fault, ERR_NO_MEMORY, "there is no memory");
    }
    file->text = text;
    struct reading at = {.fault = fault};
    enum err e = file_fill(file, &at, path);
    free(at.list);
    if (e != OK) {
        file_free(file);
        return e;
    }
    atomic_init(&file->refs, 1);
    file->acl.path = file->path;
    file->acl.owner = file;
    file->acl.ref = file_ref;
    file->acl.unref = file_unref;
    *out = &file->acl;
    return OK;
}

enum err aclfile_read(const char *path, const struct acl **out,
                      struct fault *fault)
{
    struct bytes text;
    *out = NULL;
    enum err e = filetext_read(path, ACLFILE_BYTES_MAX, &text, fault);
    if (e == OK) return aclfile_parse(text, path, out, fault);
    fault_prefix(fault, "%s", path);
    return e;
}

struct bytes aclfile_line(const struct acl *acl, uint32_t number)
{
    const struct aclfile *file = acl->owner;
    struct bytes text = lines_begin(file->text), line = {NULL, 0};
    for (uint32_t i = 0; i < number; i++)
        line = lines_next(&text);
    return line;
}
