/* filesave.h - put a file of secrets in place of another, whole or not at all.
 */
#ifndef MOGI_AUTH_FILESAVE_H
#define MOGI_AUTH_FILESAVE_H

#include "auth/fault.h"
#include "base/bytes.h"

/* Write `bytes` to file `path`, so that whoever reads it meanwhile sees the old
 * file or the new one. A file that is there keeps its owner and mode, a new one
 * is for its owner alone; a link stays one, and what it points to is replaced.
 * OK; ERR_IO: `fault` says what the system says, without the path, and the old
 * file is as it was. */
MUST_USE
enum err filesave_write(const char *path, struct bytes bytes,
                        struct fault *fault);

#endif
