/* awaited.h - a message of version 1 that deliveries here wait for, at start.
 *
 *     'o' stamp 7 of shard 2 --+--> awaited 7, 2 <-- 'm' 2 7  its body
 *     'o' stamp 7 of shard 2 --+
 *
 * In version 1 a delivery came before its message, and each shard had a copy of
 * its own. When no delivery is of version 1, messages of that go, too. Part of
 * struct restore, until the end of all records.
 */
#ifndef MOGI_CORE_AWAITED_H
#define MOGI_CORE_AWAITED_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/map.h"

struct body;
struct delivery;
struct record_key;
struct restored;
struct shard;

struct awaited {
    struct map_entry entry;
    uint64_t stamp;
    uint16_t home; /* the shard that kept it */
    struct body *body;
    const struct delivery *last; /* the last one that waits for it */
    const struct restored *last_of;
};

/* The message `stamp` that shard `home` kept: known, or from now on. */
struct awaited *awaited_make(struct shard *shard, uint64_t stamp,
                             uint16_t home);

/* The message under `key` came, with `value`. ERR_ID_UNKNOWN: nobody needs it,
 * now that nothing of version 1 is left. ERR_MALFORMED. */
MUST_USE
enum err awaited_message(struct shard *shard, const struct record_key *key,
                         struct bytes value);

/* Forget them all. */
void awaiteds_fini(struct shard *shard);

#endif
