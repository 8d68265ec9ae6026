/* passwords.h - the method that looks passwords up in a file.
 *
 * A password is hashed on another thread, and so is one of a user that does
 * not exist: how long a refusal takes says nothing. Who has proven a password a
 * moment ago is let in at once (proven.h).
 */
#ifndef MOGI_AUTH_PASSWORDS_H
#define MOGI_AUTH_PASSWORDS_H

#include "auth/method.h"
#include "auth/passfile.h"

/* A method on the password file `path`, which is read now. `cache_s` is how
 * long what was proven is remembered; 0: not at all. OK; ERR_CONFIG, ERR_IO,
 * ERR_NO_MEMORY: `fault` says what to do, with the path.
 *
 * Clients without user name, and those with an authentication method, are
 * passed on; so are users that are not in the file, if another method follows.
 */
MUST_USE
enum err passwords_open(const char *path, uint32_t cache_s,
                        struct auth_method *out, struct fault *fault);

/* How many users the file of this method has. */
size_t passwords_count(const struct auth_method *method);

#endif
