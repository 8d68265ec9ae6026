/* passfile.c - see passfile.h. */
#include "auth/passfile.h"

#include "auth/filetext.h"
#include "auth/lines.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static enum passline_kind wrong(struct fault *fault, const char *what)
{
    (void)!fault_set(fault, ERR_CONFIG, "%s", what);
    return PASSLINE_WRONG;
}

enum passline_kind passline_read(struct bytes line, struct passfile_user *out,
                                 struct fault *fault)
{
    line = lines_trim(line);
    if (line.size == 0 || line.data[0] == '#') return PASSLINE_EMPTY;
    const uint8_t *colon = memchr(line.data, ':', line.size);
    if (colon == NULL) {
        return wrong(fault, "there is no ':' between a user name and a hash; "
                            "`mogi passwd` writes such lines");
    }
    size_t size = (size_t)(colon - line.data);
    out->name = lines_trim(bytes_at(line.data, size));
    out->hash = lines_trim(bytes_skip(line, size + 1));
    if (out->name.size == 0) return wrong(fault, "the user name is missing");
    if (lines_begin(out->name).size != out->name.size) {
        return wrong(fault, "there is a byte order mark within the file");
    }
    if (out->name.size > PASSFILE_USER_MAX) {
        return wrong(fault, "the user name is longer than any can be");
    }
    if (memchr(line.data, '\0', line.size) != NULL) {
        return wrong(fault, "there is a NUL: is this the right file?");
    }
    if (out->hash.size == 0) {
        return wrong(fault, "the password is missing: give this user one with "
                            "`mogi passwd`, or remove the line");
    }
    struct passhash hash;
    const char *what = passhash_parse(out->hash, &hash);
    if (what == NULL) return PASSLINE_USER;
    bool hashed = out->hash.data[0] == '$' && out->hash.size > 40;
    if (!hashed) return PASSLINE_PLAIN;
    (void)!fault_set(fault, ERR_CONFIG,
                     "%s; set this password again with `mogi passwd`", what);
    return PASSLINE_WRONG;
}

static int user_compare(const void *a, const void *b)
{
    struct bytes x = ((const struct passfile_user *)a)->name;
    struct bytes y = ((const struct passfile_user *)b)->name;
    size_t least = x.size < y.size ? x.size : y.size;
    int order = least > 0 ? memcmp(x.data, y.data, least) : 0;
    if (order != 0) return order;
    return x.size < y.size ? -1 : x.size > y.size;
}

/* What it costs to check a hash: those that cost the same look alike. */
static bool same_cost(const struct passhash *a, const struct passhash *b)
{
    return a->kind == b->kind && a->iterations == b->iterations &&
           a->kib == b->kib && a->lanes == b->lanes;
}

/* Who does not exist costs what most cost: the majority, found by votes, if
 * there is one, else some kind that is there. */
static void nobody_vote(struct passfile *file, const struct passhash *hash,
                        size_t *votes)
{
    if (*votes == 0) file->nobody = *hash;
    if (same_cost(&file->nobody, hash)) {
        *votes += 1;
    } else {
        *votes -= 1;
    }
}

static enum err user_add(struct passfile *file, size_t *capacity,
                         const struct passfile_user *user, struct fault *fault)
{
    if (file->count == *capacity) {
        size_t count = *capacity > 0 ? 2 * *capacity : 64;
        struct passfile_user *users =
            realloc(file->users, count * sizeof *users);
        if (users == NULL) {
            return fault_set(fault, ERR_NO_MEMORY, "there is no memory");
        }
        file->users = users;
        *capacity = count;
    }
    file->users[file->count++] = *user;
    return OK;
}

static enum err lines_read(struct passfile *file, const char *path,
                           struct fault *fault)
{
    struct bytes left = lines_begin(file->text);
    size_t capacity = 0, votes = 0;
    for (uint32_t number = 1; left.size > 0; number++) {
        struct passfile_user user = {.line = number};
        struct bytes line = lines_next(&left);
        enum passline_kind kind = passline_read(line, &user, fault);
        if (kind == PASSLINE_EMPTY) continue;
        if (kind == PASSLINE_PLAIN) {
            return fault_set(fault, ERR_CONFIG,
                             "%s:%u: the password is not hashed; run this "
                             "once: mogi passwd -U %s",
                             path, number, path);
        }
        if (kind == PASSLINE_WRONG) {
            fault_prefix(fault, "%s:%u", path, number);
            return ERR_CONFIG;
        }
        struct passhash hash;
        if (passhash_parse(user.hash, &hash) == NULL) {
            nobody_vote(file, &hash, &votes);
        }
        enum err e = user_add(file, &capacity, &user, fault);
        if (e != OK) return e;
    }
    return OK;
}

/* Which of two lines counts must not be a matter of luck. */
static enum err twins_find(const struct passfile *file, const char *path,
                           struct fault *fault)
{
    for (size_t i = 1; i < file->count; i++) {
        const struct passfile_user *a = &file->users[i - 1];
        const struct passfile_user *b = &file->users[i];
        if (!bytes_equal(a->name, b->name)) continue;
        uint32_t first = a->line < b->line ? a->line : b->line;
        uint32_t second = a->line < b->line ? b->line : a->line;
        return fault_set(fault, ERR_CONFIG,
                         "%s:%u: user '%.*s' stands in line %u already: remove "
                         "one of them",
                         path, second,
                         (int)(a->name.size < 64 ? a->name.size : 64),
                         (const char *)a->name.data, first);
    }
    return OK;
}

enum err passfile_parse(struct bytes text, const char *path,
                        struct passfile *out, struct fault *fault)
{
    *out = (struct passfile){.text = text};
    enum err e = lines_read(out, path, fault);
    if (e == OK && out->count > 0) {
        qsort(out->users, out->count, sizeof *out->users, user_compare);
        e = twins_find(out, path, fault);
    }
    if (e != OK) passfile_fini(out);
    return e;
}

enum err passfile_read(const char *path, struct passfile *out,
                       struct fault *fault)
{
    struct bytes text;
    *out = (struct passfile){.count = 0};
    enum err e = filetext_read(path, PASSFILE_BYTES_MAX, &text, fault);
    if (e == OK) return passfile_parse(text, path, out, fault);
    fault_prefix(fault, "%s", path);
    return e;
}

void passfile_fini(struct passfile *file)
{
    filetext_free(file->text);
    free(file->users);
    *file = (struct passfile){.count = 0};
}

const struct passfile_user *passfile_find(const struct passfile *file,
                                          struct bytes name)
{
    if (file->count == 0) return NULL;
    struct passfile_user wanted = {.name = name};
    return bsearch(&wanted, file->users, file->count, sizeof *file->users,
                   user_compare);
}

enum err passfile_check(const struct passfile *file,
                        const struct passfile_user *user, struct bytes password)
{
    struct passhash hash = file->nobody;
    /* What is in the table has been parsed before. */
    bool known = user != NULL && passhash_parse(user->hash, &hash) == NULL;
    enum err e = OK;
    if (hash.hash_size > 0) e = passhash_check(&hash, password);
    OPENSSL_cleanse(&hash, sizeof hash);
    return known || e == ERR_NO_MEMORY ? e : ERR_CREDENTIALS;
}
