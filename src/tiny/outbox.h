/* outbox.h - what leaves, in order: small packets from `out`, QoS 1 and 2
 * messages straight from the store, so that these are never copied.
 *
 *     out    [ left | a | b | c | free ]
 *                    ^first   ^  ^end
 *     a slot with its mark here +        leaves after b, before c
 *
 * Positions count all bytes that were ever put into `out`, and wrap.
 */
#ifndef MOGI_TINY_OUTBOX_H
#define MOGI_TINY_OUTBOX_H

#include "base/cursor.h"
#include "mogi/tiny.h"

/* The position behind the last byte in `out`: always between two packets. */
uint32_t outbox_position(const struct mogi_tiny *t);

/* Bytes that outbox_open can give. */
size_t outbox_room(const struct mogi_tiny *t);

/* Begin a packet of at most `size` bytes; false when there is no room. */
bool outbox_open(struct mogi_tiny *t, size_t size, struct writer *w);

/* The packet is written, whole, and `w` has not failed. */
void outbox_close(struct mogi_tiny *t, const struct writer *w);

/* Throw away what has not left. */
void outbox_clear(struct mogi_tiny *t);

#endif
