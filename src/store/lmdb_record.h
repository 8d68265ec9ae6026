/* lmdb_record.h - how a record lies in the file beneath the log: for
 * src/store/lmdb*.c only.
 *
 *     [ value | how many refer to it: 4, if it is counted | checksum: 4 ]
 *
 * The head's sum is the exclusive or of all their marks, so that one that is
 * gone is missed. Errors are 0, or one of LMDB's.
 */
#ifndef MOGI_STORE_LMDB_RECORD_H
#define MOGI_STORE_LMDB_RECORD_H

#include "store/lmdb_state.h"

/* Make the `count` > 0 changes of one key, in their order, and count in `head`
 * what they do. Most records are new, and their place is looked for once. */
int lmdb_record_make(MDB_cursor *cursor, const struct lmdb_change *changes,
                     size_t count, struct lmdb_head *head);

/* What was put under `key`, out of what is stored. False: its checksum is
 * wrong. */
bool lmdb_record_open(struct bytes key, struct bytes stored,
                      struct bytes *value);

/* What it adds to the head's sum; it has been opened. */
uint64_t lmdb_record_mark(struct bytes key, struct bytes stored);

#endif
