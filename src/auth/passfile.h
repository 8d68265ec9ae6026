/* passfile.h - a file of user names and what is kept of their passwords, in
 * Mosquitto's format, as an immutable table.
 *
 *     # a comment
 *     ann:$argon2id$v=19$m=19456,t=2,p=1$...$...
 *     bob:$7$101$...$...
 *
 * Blanks around names and hashes do not count; lines may end with CRLF, and the
 * file may begin with a byte order mark.
 */
#ifndef MOGI_AUTH_PASSFILE_H
#define MOGI_AUTH_PASSFILE_H

#include "auth/fault.h"
#include "auth/passhash.h"

enum {
    PASSFILE_BYTES_MAX = 256 * 1024 * 1024,
    PASSFILE_USER_MAX = 65535 /* bytes of a user name */
};

struct passfile_user {
    struct bytes name;
    struct bytes hash; /* text that passhash_parse takes */
    uint32_t line;
};

struct passfile {
    struct bytes text;           /* owned; the names and hashes lie in it */
    struct passfile_user *users; /* owned; sorted by name */
    size_t count;

    /* A hash of the most frequent kind and cost here, that fits no password:
     * to be checked for users that do not exist. */
    struct passhash nobody;
};

/* One line, told apart. */
enum passline_kind {
    PASSLINE_EMPTY, /* nothing, or a comment */
    PASSLINE_USER,  /* name and hash */
    PASSLINE_PLAIN, /* name, and a password that is not hashed */
    PASSLINE_WRONG  /* anything else; `fault` says what */
};

/* Tell apart `line`, which has no line feed; for USER and PLAIN, name and what
 * stands behind it go to `*out`, and lie in `line`. */
enum passline_kind passline_read(struct bytes line, struct passfile_user *out,
                                 struct fault *fault);

/* Read `text`, which is kept (filetext_read made it) and freed with the table,
 * or now when it fails. `path` is for messages. OK; ERR_CONFIG: `fault` says
 * "PATH:LINE: what, and what to do"; ERR_NO_MEMORY. */
MUST_USE
enum err passfile_parse(struct bytes text, const char *path,
                        struct passfile *out, struct fault *fault);

/* Read file `path`. As passfile_parse, and ERR_IO. */
MUST_USE
enum err passfile_read(const char *path, struct passfile *out,
                       struct fault *fault);

/* Wipe and free what it holds. */
void passfile_fini(struct passfile *file);

/* The user called `name`, or NULL. */
const struct passfile_user *passfile_find(const struct passfile *file,
                                          struct bytes name);

/* Is `password` that of `user`? With `user` NULL it is not, which takes as
 * long. OK, ERR_CREDENTIALS, ERR_NO_MEMORY. Slow, as passhash_check. */
MUST_USE
enum err passfile_check(const struct passfile *file,
                        const struct passfile_user *user,
                        struct bytes password);

#endif
