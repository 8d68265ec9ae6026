/* move.h - full segments go into LMDB, without what was undone since. */
#ifndef MOGI_STORE_MOVE_H
#define MOGI_STORE_MOVE_H

#include "store/wal_state.h"

/* Move what still counts in the `count` segments `files`, the oldest, 1 to
 * MOVE_SEGMENTS_MAX, into LMDB, or in as many of them as have MOVE_BYTES_MAX of
 * it. *moved says in how many, with an error too: their files are gone; the
 * others are still there, and are moved again. From the keeper's thread.
 *
 * ERR_MALFORMED: one of them is not what was written; ERR_SHUTTING_DOWN: the
 * store is being closed; ERR_FULL, ERR_IO, ERR_NO_MEMORY. */
MUST_USE
enum err move_segments(struct wal *wal, struct logfile **files, size_t count,
                       size_t *moved);

#endif
