/* inspect.h - look at a store without changing it, while no broker uses it.
 *
 *     base.mdb      a   c   e           sorted
 *     the log         b   -c  E         its newest changes, sorted
 *     is shown      a b       E
 */
#ifndef MOGI_STORE_INSPECT_H
#define MOGI_STORE_INSPECT_H

#include "store/wal.h"

struct inspect_report {
    uint64_t records;         /* that were shown */
    uint64_t base;            /* of these and others, in LMDB */
    uint64_t segments;        /* of the log, whose changes are not in LMDB */
    uint64_t frames, changes; /* in them */
    uint64_t bytes;           /* of LMDB's file in use */
    bool torn;                /* the end of the log is cut off */
};

/* Check all that is in `folder`, and show `visit` each record, in order of
 * their keys.
 *
 * OK, or `why` says what is wrong: ERR_BUSY, a broker uses it; ERR_MALFORMED,
 * something is broken or missing; ERR_VERSION; ERR_IO, ERR_NO_MEMORY. Some
 * records may have been shown by then. */
MUST_USE
enum err inspect_folder(const char *folder, store_visit *visit, void *context,
                        struct inspect_report *report, char why[WAL_TEXT_MAX]);

#endif
