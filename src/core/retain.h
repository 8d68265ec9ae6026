/* retain.h - this shard's part of the retained messages. MQTT 5.0, 3.3.1.3
 *
 * A tree of topic levels with a hash of its edges: setting one costs its
 * levels, a wildcard lookup costs what its beginnings match and not what is
 * stored. A message takes some 85 bytes beside its body, and 85 more for each
 * further level that it shares with no other. The set owns a reference to each
 * body. Expired ones stay until retain_sweep drops them, but do not match.
 */
#ifndef MOGI_CORE_RETAIN_H
#define MOGI_CORE_RETAIN_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"
#include "core/message.h"

struct retain;

/* Topics whose messages are looked for side by side. */
enum { RETAIN_FETCH_MAX = 32 };

/* An empty set. `key` seeds its hash. */
struct retain *retain_new(struct pool *pool, struct hash_key key);

/* Forget all messages. */
void retain_free(struct retain *retain);

/* Keep `*body` as the retained message of its topic; takes the reference and
 * sets *body to NULL, whatever comes of it. The topic is a valid name. One that
 * is older (by stamp) than the present one is dropped, and that is OK: shards
 * may tell late. A payload of no bytes is kept like another: to clear is the
 * caller's to do. ERR_FULL when the topic is new and `limit` > 0 messages are
 * there; the broker's own, on $SYS/, neither count nor are refused. */
MUST_USE
enum err retain_take(struct retain *retain, struct body **body, uint64_t limit);

/* No retained message on `topic` from `stamp` on (an older clear of a newer
 * message does nothing). True when there was one. [MQTT-3.3.1-6] */
bool retain_clear(struct retain *retain, struct bytes topic, uint64_t stamp);

/* The retained message of `topic`, borrowed, expired or not; or NULL. */
struct body *retain_get(struct retain *retain, struct bytes topic);

/* Bring near what is looked at for these topics, of which there are at most
 * RETAIN_FETCH_MAX: a million messages are not. They need not be valid. */
void retain_fetch(const struct retain *retain, const struct bytes *topics,
                  size_t count);

/* Called for each match; `body` is borrowed. Must not change the set. */
typedef void retain_visit(struct body *body, void *context);

/* Visit what matches `filter` (valid, without "$share/") and has not expired
 * at `now_ms`; a leading wildcard leaves out topics that begin with "$". */
void retain_match(struct retain *retain, struct bytes filter, uint64_t now_ms,
                  retain_visit *visit, void *context);

/* Drop expired messages in the next `count_max` > 0 slots, going round; there
 * are up to twice as many slots as levels in the tree. `gone` (or NULL) is told
 * of each before it goes, and must not change the set. */
void retain_sweep(struct retain *retain, uint64_t now_ms, size_t count_max,
                  retain_visit *gone, void *context);

/* How many messages, and the bytes of their payloads. */
uint64_t retain_count(const struct retain *retain);
uint64_t retain_bytes(const struct retain *retain);

/* How many of them have an expiry: without any there is nothing to sweep. */
uint64_t retain_expiring(const struct retain *retain);

#endif
