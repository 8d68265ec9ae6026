/* passfile_fuzz.c - a password file of any bytes.
 *
 * It is refused with a reason, or it is a table of users, each of whom is found
 * and has a hash that can be read. To change one user in it, or to hash what is
 * not hashed, makes a file that is no worse, and changes nobody else.
 */
#include "auth/passedit.h"
#include "auth/passfile.h"
#include "fuzz.h"

enum { TEXT_SIZE_MAX = 1 << 14 };

static const char LINE[] = "ann:$6$MDEyMzQ1Njc4OWFi$qEXipeLbgxRlwd06QHfY5WITkUZ"
                           "g0jLg9SZbXzq3ifXjfj+v3GbJGrSfC5PAg3UNCS+UFfbhUIZX4"
                           "bmIAs330w==\n";

static bool parse(struct bytes text, struct passfile *file)
{
    struct fault fault = {.text = ""};
    enum err e = passfile_parse(fuzz_file(text), "pw", file, &fault);
    PROMISE(e == OK || e == ERR_CONFIG);
    PROMISE((e == OK) == (fault.text[0] == '\0'));
    PROMISE(e == OK || file->count == 0);
    return e == OK;
}

static void check_table(const struct passfile *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct passfile_user *user = &file->users[i];
        struct passhash hash;
        PROMISE(user->name.size > 0);
        PROMISE(passfile_find(file, user->name) == user);
        PROMISE(passhash_parse(user->hash, &hash) == NULL);
    }
}

/* All users of `a`, but ann, have the same hash in `b`. */
static void check_others(const struct passfile *a, const struct passfile *b)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct passfile_user *user = &a->users[i];
        if (bytes_equal(user->name, bytes_of("ann"))) continue;
        const struct passfile_user *same = passfile_find(b, user->name);
        PROMISE(same != NULL && bytes_equal(same->hash, user->hash));
    }
}

static void check_change(struct bytes text, const struct passfile *file,
                         const char *lines)
{
    char *next = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&next, &size);
    PROMISE(to != NULL);
    bool found = passedit_set(text, bytes_of("ann"), lines, to);
    PROMISE(fclose(to) == 0);
    PROMISE(found == (passfile_find(file, bytes_of("ann")) != NULL));
    struct passfile changed;
    PROMISE(parse(bytes_at(next, size), &changed));
    bool has = passfile_find(&changed, bytes_of("ann")) != NULL;
    PROMISE(has == (lines[0] != '\0'));
    check_others(file, &changed);
    check_others(&changed, file);
    passfile_fini(&changed);
    free(next);
}

/* What is hashed once stays as it is. */
static void check_hash(struct bytes text)
{
    char *next = NULL, *again = NULL;
    size_t size = 0, more = 0, count = 0;
    struct fault fault = {.text = ""};
    FILE *to = open_memstream(&next, &size);
    PROMISE(to != NULL);
    enum err e =
        passedit_hash(text, "pw", PASSHASH_SHA512, 1, to, &count, &fault);
    PROMISE(fclose(to) == 0);
    PROMISE(e == OK || (e == ERR_CONFIG && fault.text[0] != '\0'));
    if (e == OK) {
        to = open_memstream(&again, &more);
        PROMISE(to != NULL);
        PROMISE(passedit_hash(bytes_at(next, size), "pw", PASSHASH_SHA512, 1,
                              to, &count, &fault) == OK);
        PROMISE(fclose(to) == 0);
        PROMISE(count == 0);
        PROMISE(more == size && memcmp(again, next, size) == 0);
    }
    free(again);
    free(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_SIZE_MAX) return 0;
    struct bytes text = bytes_at(data, size);
    struct passfile file;
    if (parse(text, &file)) {
        check_table(&file);
        check_change(text, &file, LINE);
        check_change(text, &file, "");
        passfile_fini(&file);
    }
    check_hash(text);
    return 0;
}
