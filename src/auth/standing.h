/* standing.h - what somebody was let in by, as a number that is kept while it
 * is connected: a reload looks whether that is still in the files.
 *
 * A hash under a key that is drawn once and never leaves the process, so that
 * the number says nothing to others, and outlives a configuration.
 */
#ifndef MOGI_AUTH_STANDING_H
#define MOGI_AUTH_STANDING_H

#include "base/bytes.h"

/* The number of `count` parts, at most 8, in this order; never 0. Where one
 * ends and the next begins counts. Any thread. */
uint64_t standing_of(const struct bytes *parts, size_t count);

/* Sort `count` numbers for standing_has. */
void standing_sort(uint64_t *numbers, size_t count);

/* Is `number` among these, which are sorted? */
bool standing_has(const uint64_t *numbers, size_t count, uint64_t number);

#endif
