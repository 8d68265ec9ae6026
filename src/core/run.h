/* run.h - publishes of QoS 0 on one topic, one behind the other: routed as one.
 *
 *     input   [ t 1 ][ t 2 ][ t 3 ][ t 4 ][ u 1 ]
 *                |   <------- run ------>   |
 *                |            |             +--> publish_in()
 *                |            +--> one copy for each receiver
 *                +--> publish_in(): judged, its topic looked up, delivered
 *
 * Who sends quickly mostly sends on one topic, and then one read brings many
 * packets that differ in nothing but their payloads. Nothing happens between
 * them, so what was found out about the first holds for those behind it, and
 * they go on together, as they are. What does not fit that is left to
 * publish_in, one by one, with the same outcome.
 */
#ifndef MOGI_CORE_RUN_H
#define MOGI_CORE_RUN_H

#include "base/bytes.h"

#include <stdint.h>

struct conn;
struct publish;
struct shard;

/* Where a publish stood that went on as it was, and what the next ones have to
 * begin with to be of its run. Views of the input, for one call of
 * conn_input. */
struct trail {
    const uint8_t *end; /* of its packet; NULL: there was none */
    struct bytes head;  /* of its body: all before the payload */
    struct bytes topic;
    uint64_t hash;   /* of the topic */
    uint64_t barred; /* that of one whose publishes go one by one; 0: none */
};

/* The packet being handled is `p`, of QoS 0, not retained, and may go on as it
 * is: others may follow it. `hash` is that of its topic. */
void run_lead(struct shard *shard, const struct publish *p, uint64_t hash);

/* There is nothing that what comes could follow. */
void run_end(struct shard *shard);

/* Route the publishes at the start of `in`, which `conn` may have handled now,
 * if they are of one run with the packet before it. How many bytes they take;
 * 0: the next packet is to be handled by itself. */
size_t run_take(struct shard *shard, struct conn *conn, struct bytes in);

#endif
