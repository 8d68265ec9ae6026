/* passedit.c - see passedit.h. */
#include "auth/passedit.h"

#include "auth/lines.h"
#include "auth/passfile.h"

const char *passedit_name(struct bytes name)
{
    if (name.size == 0) return "a user name is not empty";
    if (name.size > PASSFILE_USER_MAX) return "the user name is too long";
    if (memchr(name.data, ':', name.size) != NULL) {
        return "a user name holds no ':'";
    }
    if (lines_begin(name).size != name.size) {
        return "a user name does not begin with a byte order mark";
    }
    if (name.data[0] == '#') return "a user name does not begin with '#'";
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] < ' ' || name.data[i] == 0x7f) {
            return "a user name holds no control characters";
        }
    }
    if (lines_trim(name).size != name.size) {
        return "a user name does not begin or end with blanks";
    }
    return NULL;
}

/* The next line of `*text` as it stands there, with its line feed. */
static struct bytes raw_next(struct bytes *text)
{
    const uint8_t *end = memchr(text->data, '\n', text->size);
    size_t size = end != NULL ? (size_t)(end - text->data) + 1 : text->size;
    struct bytes line = {text->data, size};
    *text = bytes_skip(*text, size);
    return line;
}

static void line_write(struct bytes line, FILE *to)
{
    (void)fwrite(line.data, 1, line.size, to);
    if (line.data[line.size - 1] != '\n') (void)fputc('\n', to);
}

static bool line_is_of(struct bytes raw, struct bytes name)
{
    struct bytes line = lines_next(&raw);
    if (line.size == 0 || line.data[0] == '#') return false;
    const uint8_t *colon = memchr(line.data, ':', line.size);
    if (colon == NULL) return false;
    struct bytes has = bytes_at(line.data, (size_t)(colon - line.data));
    return bytes_equal(lines_trim(has), name);
}

/* A byte order mark stays where it is. */
static struct bytes mark_write(struct bytes text, FILE *to)
{
    struct bytes rest = lines_begin(text);
    size_t size = text.size - rest.size;
    if (size > 0) (void)fwrite(text.data, 1, size, to);
    return rest;
}

bool passedit_set(struct bytes text, struct bytes name, const char *lines,
                  FILE *to)
{
    bool found = false;
    struct bytes rest = mark_write(text, to);
    while (rest.size > 0) {
        struct bytes raw = raw_next(&rest);
        if (!line_is_of(raw, name)) {
            line_write(raw, to);
            continue;
        }
        if (!found) (void)fputs(lines, to);
        found = true;
    }
    if (!found) (void)fputs(lines, to);
    return found;
}

static enum err plain_write(const struct passfile_user *user,
                            enum passhash_kind kind, uint32_t iterations,
                            FILE *to)
{
    char hash[PASSHASH_TEXT_MAX];
    enum err e = passhash_make(kind, iterations, user->hash, hash);
    if (e != OK) return e;
    (void)fwrite(user->name.data, 1, user->name.size, to);
    (void)fprintf(to, ":%s\n", hash);
    return OK;
}

enum err passedit_hash(struct bytes text, const char *path,
                       enum passhash_kind kind, uint32_t iterations, FILE *to,
                       size_t *count, struct fault *fault)
{
    *count = 0;
    struct bytes rest = mark_write(text, to);
    for (uint32_t number = 1; rest.size > 0; number++) {
        struct bytes raw = raw_next(&rest), line = raw;
        struct passfile_user user;
        enum passline_kind is = passline_read(lines_next(&line), &user, fault);
        if (is == PASSLINE_WRONG) {
            fault_prefix(fault, "%s:%u", path, number);
            return ERR_CONFIG;
        }
        if (is != PASSLINE_PLAIN) {
            line_write(raw, to);
            continue;
        }
        *count += 1;
        enum err e = plain_write(&user, kind, iterations, to);
        if (e != OK) return fault_set(fault, e, "%s", err_text(e));
    }
    return OK;
}
