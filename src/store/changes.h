/* changes.h - changes read out of the log, in its order. */
#ifndef MOGI_STORE_CHANGES_H
#define MOGI_STORE_CHANGES_H

#include "store/lmdb.h"

/* All zero: none. */
struct changes {
    struct lmdb_change *list;
    size_t count, capacity;
};

/* One more, behind the others; its bytes stay where they are. OK, or
 * ERR_NO_MEMORY. */
MUST_USE
enum err changes_add(struct changes *changes,
                     const struct logframe_change *change);

/* Give the memory back. */
void changes_free(struct changes *changes);

#endif
