/* scramfile.h - who may prove a password by SCRAM: a file of names and what is
 * kept of their passwords, as an immutable table.
 *
 *     # a comment
 *     ann:SCRAM-SHA-256$15000:SALT$STORED_KEY:SERVER_KEY
 *     ann:SCRAM-SHA-512$15000:SALT$STORED_KEY:SERVER_KEY
 *
 * A user may have a line for each mechanism. `mogi passwd --scram` writes them.
 *
 * Who is not in the table is answered like somebody who is, with a salt that
 * stays the same, so that nobody can ask which names there are. RFC 5802, 9
 */
#ifndef MOGI_AUTH_SCRAMFILE_H
#define MOGI_AUTH_SCRAMFILE_H

#include "auth/fault.h"
#include "auth/scram.h"

enum { SCRAMFILE_BYTES_MAX = 64 * 1024 * 1024, SCRAMFILE_SEED = 32 };

struct scramfile_user {
    struct bytes name;
    struct scram_secret secret;
    uint32_t line;
};

struct scramfile {
    struct bytes text;            /* owned; the names lie in it */
    struct scramfile_user *users; /* owned; sorted by name, then mechanism */
    size_t count;

    /* Salts of those who do not exist are made of their names and this. It
     * comes from the file's first line, so that it outlives a restart and
     * changes of others. */
    uint8_t seed[SCRAMFILE_SEED];
    uint32_t iterations[SCRAM_SHA512 + 1]; /* that they get: as others */
};

/* Read `text`, which is kept (filetext_read made it) and freed with the table,
 * or now when it fails. `path` is for messages. OK; ERR_CONFIG: `fault` says
 * "PATH:LINE: what, and what to do"; ERR_NO_MEMORY; ERR_IO: the system has no
 * random bits. */
MUST_USE
enum err scramfile_parse(struct bytes text, const char *path,
                         struct scramfile *out, struct fault *fault);

/* Read file `path`. As scramfile_parse. */
MUST_USE
enum err scramfile_read(const char *path, struct scramfile *out,
                        struct fault *fault);

/* Wipe and free what it holds. */
void scramfile_fini(struct scramfile *file);

/* What is kept of the password of user `name` for `hash`. Of one that is not
 * there, something that no password fits; false then. */
bool scramfile_find(const struct scramfile *file, struct bytes name,
                    enum scram_hash hash, struct scram_secret *out);

#endif
