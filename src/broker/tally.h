/* tally.h - how many there are of each, and how fast they come.
 *
 * Used for connections by address and by user. Shared by all threads: cut into
 * parts with a lock each, which is held for a look into one short chain. What
 * has none left and has not come for a while is forgotten.
 */
#ifndef MOGI_BROKER_TALLY_H
#define MOGI_BROKER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whom it is about: an address, or the hash of a name. */
struct tally_key {
    uint8_t bytes[16];
};

/* At once, and new ones in a second; 0: no limit. Four seconds' worth may come
 * in a burst. */
struct tally_limits {
    uint32_t count;
    uint32_t rate;
};

enum tally_answer { TALLY_FINE, TALLY_MANY, TALLY_FAST };

struct tally;

/* Nobody yet. Never NULL: the process ends when there is no memory. */
struct tally *tally_new(void);

/* NULL is fine. */
void tally_free(struct tally *tally);

/* One more of `key` at `now_ms`, if `limits` let it: FINE. Else it is not
 * counted. Any thread. */
enum tally_answer tally_enter(struct tally *tally, const struct tally_key *key,
                              const struct tally_limits *limits,
                              uint64_t now_ms);

/* One fewer; tally_enter said FINE once for it. Any thread. */
void tally_leave(struct tally *tally, const struct tally_key *key);

/* How many keys it remembers. */
size_t tally_size(struct tally *tally);

#endif
