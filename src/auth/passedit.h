/* passedit.h - change who stands in a file of "name:secret" lines, and leave
 * all else in it as it was: comments, order, lines of others.
 */
#ifndef MOGI_AUTH_PASSEDIT_H
#define MOGI_AUTH_PASSEDIT_H

#include "auth/fault.h"
#include "auth/passhash.h"

#include <stdio.h>

/* NULL, or why nobody can be called `name` in such a file: a sentence part,
 * static memory. */
const char *passedit_name(struct bytes name);

/* Write `text` to `to` with `lines` (whole ones, may be none) in place of those
 * of `name`; when there are none, at the end. Returns whether there were. */
bool passedit_set(struct bytes text, struct bytes name, const char *lines,
                  FILE *to);

/* Write `text` to `to` with each password that is not hashed yet hashed, as
 * passhash_make does it; `*count` is how many. Hashes stay as they are.
 * ERR_CONFIG: `fault` says which line is neither; ERR_IO, ERR_NO_MEMORY. */
MUST_USE
enum err passedit_hash(struct bytes text, const char *path,
                       enum passhash_kind kind, uint32_t iterations, FILE *to,
                       size_t *count, struct fault *fault);

#endif
