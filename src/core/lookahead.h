/* lookahead.h - what the next publishes of an input need is brought near.
 *
 *     input  [ publish | publish | publish | ... ]
 *              ^ handled   ^---- looked at ----^
 *
 * Changes nothing but the time it takes; see foresee.h. Worth it only where
 * much of what publishes meet is not near: in a large index, when their topics
 * are not those of a moment ago.
 */
#ifndef MOGI_CORE_LOOKAHEAD_H
#define MOGI_CORE_LOOKAHEAD_H

#include "base/bytes.h"

#include <stdint.h>

struct conn;
struct shard;

enum { LOOKAHEAD_MET = 1024 };

struct lookahead {
    bool always;                  /* not only where it pays */
    bool looked;                  /* something is foreseen */
    uint64_t published, resolved; /* at the last look */
    uint32_t met[LOOKAHEAD_MET];  /* marks of topics that were kept lately */
};

/* `in`, whose packets `conn` is about to handle one by one, is there until
 * lookahead_end. Returns how many bytes of it to handle before the next look,
 * at least one. */
size_t lookahead(struct shard *shard, const struct conn *conn, struct bytes in);

/* The hash of `topic`, the very one that was looked at, or 0. Something was. */
uint64_t lookahead_hash(struct shard *shard, struct bytes topic);

/* What was looked at may go. Something was. */
void lookahead_end(struct shard *shard);

#endif
