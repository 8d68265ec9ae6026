/* memory.h - a store in memory, whose disk can be slow, broken or unplugged.
 *
 *     submit --> [ pending batches ] --commit--> [ records, sorted by key ]
 *                       |
 *                       +--crash--> gone
 *
 * One thread at a time. Setting a record costs time in proportion to the
 * number of records: it is made for tests, not for millions.
 */
#ifndef MOGI_STORE_MEMORY_H
#define MOGI_STORE_MEMORY_H

#include "store/store.h"

/* An empty store that commits each batch as it is submitted, and reports to
 * `done` (may be NULL) with `context`. NULL when there is no memory. Freed with
 * store_free. */
struct store *memory_new(store_done *done, void *context);

/* With `hold`, batches gather and wait for memory_commit or the end of the
 * hold; without it, what waits is committed now. */
void memory_hold(struct store *store, bool hold);

/* Commit the first `count_max` batches that wait, in the order in which they
 * were submitted, and report each. Returns how many there were. */
size_t memory_commit(struct store *store, size_t count_max);

/* The next commit loses its batch and reports ERR_IO; from then on submit
 * fails with ERR_IO, until memory_crash. */
void memory_fail(struct store *store);

/* While `blind`, nothing can be looked at: ERR_IO. */
void memory_blind(struct store *store, bool blind);

/* The power goes: what waits is gone and never reported; what was committed
 * is still there, and the disk works again. */
void memory_crash(struct store *store);

/* Records there are, and batches that wait. */
size_t memory_count(const struct store *store);
size_t memory_pending(const struct store *store);

#endif
