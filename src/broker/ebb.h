/* ebb.h - when memory has ebbed, what is free goes back to the system.
 *
 *     bytes   ___/\        high: half of it is gone, and EBB_BYTES_MIN,
 *            /     \____   <- and still is EBB_WAIT_MS later
 *
 * An allocator keeps what was freed for the next flood. After a flood that does
 * not come again that would be for ever. One for each thread.
 */
#ifndef MOGI_BROKER_EBB_H
#define MOGI_BROKER_EBB_H

#include <stdbool.h>
#include <stddef.h>

enum { EBB_BYTES_MIN = 4 * 1024 * 1024, EBB_WAIT_MS = 3000 };

/* Zero is a beginning. */
struct ebb {
    size_t high; /* the most bytes since ebb_settle */
};

/* The thread uses `bytes` now: true when it is worth to give memory back. */
bool ebb_low(struct ebb *ebb, size_t bytes);

/* It was given back: what counts from now on is `bytes`. */
void ebb_settle(struct ebb *ebb, size_t bytes);

#endif
