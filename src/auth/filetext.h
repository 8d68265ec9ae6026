/* filetext.h - a whole file of keys or credentials, in memory. */
#ifndef MOGI_AUTH_FILETEXT_H
#define MOGI_AUTH_FILETEXT_H

#include "auth/fault.h"
#include "base/bytes.h"

/* Read file `path`, at most `size_max` bytes, to `*out`, with a NUL behind it
 * that does not count; given back with filetext_free. ERR_IO: the system
 * refuses; ERR_CONFIG: it is no file, or larger; ERR_NO_MEMORY. `fault` says
 * it, without the path. */
MUST_USE
enum err filetext_read(const char *path, size_t size_max, struct bytes *out,
                       struct fault *fault);

/* Wipe and free; what has no data is fine. */
void filetext_free(struct bytes text);

#endif
