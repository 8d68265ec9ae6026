/* backup.h - a copy of a store, whether a broker uses it or not.
 *
 *     1  the log, as far as it is written        0000000007.log 0000000008.log
 *     2  base.mdb, as it is then                 holds all before segment 8
 *     3  what base.mdb still needs of the log    0000000008.log
 *
 * The keeper moves segments into base.mdb meanwhile, and gives their files
 * other names; what was copied of those is not needed, since base.mdb is copied
 * after them. Should base.mdb have a part of what came after the log was
 * copied, all is copied again. The copy is what was stored at one moment while
 * it was made, and is a store like any other: a broker can be started on it.
 */
#ifndef MOGI_STORE_BACKUP_H
#define MOGI_STORE_BACKUP_H

#include "store/inspect.h"

/* Copy the store in `from` to `to`, a folder that is not there yet or is empty,
 * and read the copy back, whole. `report` says what is in it.
 *
 * OK, or `why` says what is wrong: ERR_BUSY, there is something in `to`;
 * ERR_MALFORMED, the store itself is broken; ERR_FULL, ERR_IO, ERR_NO_MEMORY.
 * Then `to` is of no use. */
MUST_USE
enum err backup_folder(const char *from, const char *to,
                       struct inspect_report *report, char why[WAL_TEXT_MAX]);

#endif
