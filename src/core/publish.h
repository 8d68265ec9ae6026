/* publish.h - PUBLISH from a client. MQTT 5.0, 3.3, 4.3 */
#ifndef MOGI_CORE_PUBLISH_H
#define MOGI_CORE_PUBLISH_H

#include "base/err.h"
#include "core/conn.h"
#include "core/options.h"
#include "wire/properties.h"

/* PUBLISH came. */
MUST_USE
enum err publish_in(struct shard *shard, struct conn *conn,
                    const struct frame *frame);

/* Is `topic` one of the broker's own figures: $SYS? Those of another broker are
 * not: it bridges to this one and says whether it is there, as Mosquitto does,
 * in $SYS/broker/connection/NAME/state: 1, and 0 as its will. */
bool publish_reserved(struct bytes topic);

/* Is `topic` one that no client may ever publish to: $SYS, or $CONTROL? */
bool publish_forbidden(struct bytes topic);

/* ERR_PAYLOAD_FORMAT when `payload` is said to be UTF-8, is not, and the
 * options ask to look. MQTT 5.0, 3.3.2.3.2 */
MUST_USE
enum err publish_payload_check(const struct options *options,
                               const struct properties *properties,
                               struct bytes payload);

/* The region of properties that subscribers get. Valid until the next call. */
struct bytes publish_forward(struct shard *shard,
                             const struct properties *properties);

/* When a message expires that is published now with `expiry_s` (when `has`), or
 * is retained; 0: never. */
uint64_t publish_expires_ms(const struct shard *shard, bool has,
                            uint32_t expiry_s, bool retain);

#endif
