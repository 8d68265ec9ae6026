/* aclfile.h - Mosquitto's acl_file, read into rules that the core judges by.
 *
 *     topic read $SYS/#                 clients without a user name
 *     user ann
 *     topic readwrite home/ann/#        ann alone; without a word: readwrite
 *     topic deny home/ann/lock
 *     pattern write devices/%c/state    everybody, for its own client id
 *
 * A topic may hold spaces when one of the words read, write, readwrite, deny
 * stands before it. A user may stand several times. Blanks at the ends of lines
 * do not count; lines may end with CRLF, and the file may begin with a byte
 * order mark.
 */
#ifndef MOGI_AUTH_ACLFILE_H
#define MOGI_AUTH_ACLFILE_H

#include "auth/fault.h"
#include "core/acl.h"

enum { ACLFILE_BYTES_MAX = 64 * 1024 * 1024 };

/* Read `text`, which is kept (filetext_read made it) and freed with the list,
 * or now when it fails. `path` is copied. `*out` gets one reference, for
 * acl_unref. OK; ERR_CONFIG: `fault` says "PATH:LINE: what, and what to do";
 * ERR_NO_MEMORY. */
MUST_USE
enum err aclfile_parse(struct bytes text, const char *path,
                       const struct acl **out, struct fault *fault);

/* Read file `path`. As aclfile_parse, and ERR_IO. */
MUST_USE
enum err aclfile_read(const char *path, const struct acl **out,
                      struct fault *fault);

/* Line `number` (from 1) of the file that `acl` was read from by this room,
 * as it stood there, without blanks around it; empty when there is none. */
struct bytes aclfile_line(const struct acl *acl, uint32_t number);

#endif
