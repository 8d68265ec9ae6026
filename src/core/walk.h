/* walk.h - which records are read at start, and which are left where they are.
 *
 * A host walks over the records in the order of their keys and asks after each
 * where to go on. Of a session's queue it sees what was sent, the first that
 * was not, and the last:
 *
 *     'c' "a" S    o1 sent   o2 sent   o3   o4 ... o9998   o9999   's' ...
 *     see          see       see       see  ------ jump -->see     see
 *
 * What goes to members of groups is all seen. What is left of sessions that
 * have ended is seen as runs of WALK_SPAN orders, by their ends: there may be
 * gaps between them that nobody wants to go over. Of the messages only the last
 * is seen, whose stamp is the greatest.
 */
#ifndef MOGI_CORE_WALK_H
#define MOGI_CORE_WALK_H

#include "base/jump.h"
#include "core/record.h"

enum { WALK_SPAN = 1 << 20 };

/* Where the walk is. All zero at the start. */
struct walk {
    uint8_t client[RECORD_TEXT_MAX]; /* of the last record, as in its key */
    uint16_t client_size;
    uint64_t floor; /* of its session; UINT64_MAX: it has none */
};

/* The key of the message that must come with a record. */
struct walk_message {
    uint16_t size; /* 0: none must */
    uint8_t key[RECORD_KEY_MAX];
};

/* After a record: where to go on, and what belongs to it. */
void walk_step(struct walk *walk, struct bytes key, struct bytes value,
               struct jump *jump, struct walk_message *message);

#endif
