/* answer.h - what a packet from the server means. */
#ifndef MOGI_TINY_ANSWER_H
#define MOGI_TINY_ANSWER_H

#include "base/err.h"
#include "mogi/tiny.h"
#include "wire/packet.h"

/* Act on one packet: fill `event`, change what is under way, queue an answer of
 * at most ENGINE_ANSWER_SIZE bytes, for which there must be room.
 *
 * OK, or what is wrong with the packet: the connection has to end. */
MUST_USE
enum err answer_packet(struct mogi_tiny *t, const struct frame *f,
                       struct mogi_event *event);

#endif
