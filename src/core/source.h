/* source.h - who said something that is kept, so that it can be judged later.
 *
 *     [ topic | forward | source | payload ]       the bytes of a body
 *                            |
 *     [ listener:2 | has user | user size:2 ][ user | client id ]
 *
 * A retained message is shown only as long as its publisher may still write its
 * topic (check_retain_source), and a will that came from disk is published only
 * then. What is known for that is written down with the message; not when there
 * are no rules, nor when rules came with the publisher's grant, as they are not
 * known later. What says nothing of where it is from is not judged.
 */
#ifndef MOGI_CORE_SOURCE_H
#define MOGI_CORE_SOURCE_H

#include "core/message.h"

struct answer;
struct session;
struct shard;

/* The shared copy of `*m`, which has none yet, with `session` as its source
 * where that is worth while: as message_share. */
struct body *source_share(struct shard *shard, struct message *m,
                          const struct session *session);

/* The same for a client that comes in as `client_id` through `listener`, with
 * `answer`. */
struct body *source_share_answer(struct shard *shard, struct message *m,
                                 uint16_t listener, const struct answer *answer,
                                 struct bytes client_id);

/* May whoever said `m` still publish to its topic, as far as is known? */
bool source_stands(const struct shard *shard, const struct message *m);

#endif
