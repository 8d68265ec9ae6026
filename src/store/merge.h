/* merge.h - batches of one group, without what they undo themselves.
 *
 *     batch 7  PUT a, HOLD M1 "x"          [ DEL a, PUT b ]
 *     batch 8  PUT b                 --->
 *     batch 9  DEL a, DROP M1
 *
 * They are one frame then, all or nothing: who has read only the first of them
 * must not find it without what another took out of it.
 */
#ifndef MOGI_STORE_MERGE_H
#define MOGI_STORE_MERGE_H

#include "store/wal_state.h"

/* Put one batch in place of all in `group`, if that saves anything worth it. It
 * stands for the last of them; what it replaces is freed. Without memory for
 * that, `group` is as it was. */
void batches_merge(struct link *group);

#endif
