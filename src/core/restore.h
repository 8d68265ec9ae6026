/* restore.h - what was stored comes back, at start. See record.h. */
#ifndef MOGI_CORE_RESTORE_H
#define MOGI_CORE_RESTORE_H

#include "base/bytes.h"

struct shard;

/* One record, or with an empty `key` the end of them. Records come in the order
 * of their keys. One that can't be read is noted and left out. */
void restore_record(struct shard *shard, struct bytes key, struct bytes value);

#endif
