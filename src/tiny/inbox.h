/* inbox.h - received bytes, cut into packets.
 *
 * A packet that is whole in the caller's bytes is used where it lies; only one
 * that comes in pieces is gathered in `in`.
 */
#ifndef MOGI_TINY_INBOX_H
#define MOGI_TINY_INBOX_H

#include "base/err.h"
#include "mogi/tiny.h"
#include "wire/packet.h"

/* Cut the next packet off `*in`.
 *
 *   f       on OK, the packet, in `*in` or in t's `in` memory
 *   needed  on ERR_FULL, the size that `in` should have
 *
 * OK, or
 * ERR_MORE       all was taken, and the packet is not whole yet
 * ERR_FULL       the packet is larger than `in`; nothing is lost
 * ERR_MALFORMED, ERR_TOO_LARGE as frame_next */
MUST_USE
enum err inbox_next(struct mogi_tiny *t, struct bytes *in, struct frame *f,
                    size_t *needed);

#endif
