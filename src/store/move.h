/* move.h - full segments go into LMDB, without what was undone since. */
#ifndef MOGI_STORE_MOVE_H
#define MOGI_STORE_MOVE_H

#include "store/wal_state.h"

/* Move what still counts in the `count` segments `files`, the oldest, 1 to
 * MOVE_SEGMENTS_MAX, into LMDB. Their files are then gone. From the keeper's
 * thread.
 *
 * ERR_MALFORMED: one of them is not what was written; ERR_FULL, ERR_IO,
 * ERR_NO_MEMORY. Then all are still there, and are moved again. */
MUST_USE
enum err move_segments(struct wal *wal, struct logfile **files, size_t count);

#endif
