/* walk.h - which records are read at start, and which are left where they are.
 *
 * A host walks over the records in the order of their keys and asks after each
 * where to go on. Of a session's queue it sees what was sent, the first that
 * was not, and the last:
 *
 *     'c' "a" S    o1 sent   o2 sent   o3   o4 ... o9998   o9999   's' ...
 *     see          see       see       see  ------ jump -->see     see
 *
 * What goes to other clients is all seen. What is left of sessions that have
 * ended is seen as runs of WALK_SPAN orders, by their ends: there may be gaps
 * between them that nobody wants to go over. Of the messages only the last is
 * seen, whose stamp is the greatest.
 */
#ifndef MOGI_CORE_WALK_H
#define MOGI_CORE_WALK_H

#include "core/record.h"

enum { WALK_SPAN = 1 << 20 };

/* Where the walk is. All zero at the start. */
struct walk {
    uint8_t client[RECORD_TEXT_MAX]; /* of the last record, as in its key */
    uint16_t client_size;
    uint64_t floor; /* of its session; UINT64_MAX: it has none */
};

struct walk_next {
    /* The key of the message that must come with this record; or size 0. */
    uint16_t message_size;
    uint8_t message[RECORD_KEY_MAX];

    /* Go on at the first record from `key` on; `last`: at the last before it,
     * if that is further on. Size 0: at the next record. */
    bool last;
    uint16_t size;
    uint8_t key[RECORD_KEY_MAX];
};

/* After a record: where to go on. */
void walk_step(struct walk *walk, struct bytes key, struct bytes value,
               struct walk_next *next);

#endif
