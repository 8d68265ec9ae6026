/* bans.h - addresses whose logins fail too often, kept out for a while.
 *
 *     failures  1 .. 2 ... 30          banned                  forgotten
 *               |<-- window_s -->| <----- ban_s -----> |
 *
 * An IPv6 address counts with its /64, which one subscriber has for himself.
 * Loopback is exempt: who is on this machine would lock itself out. What is
 * remembered has a bound; when it is reached, who failed longest ago gives way.
 * Any thread may use it.
 */
#ifndef MOGI_AUTH_BANS_H
#define MOGI_AUTH_BANS_H

#include "base/bytes.h"

enum { BANS_SETS = 4096, BANS_WAYS = 8 };

struct bans_options {
    uint32_t attempts; /* failures within `window_s` that ban; 0: none do */
    uint32_t window_s;
    uint32_t ban_s;
};

struct bans;

/* Nobody is banned; NULL when there is no memory, or no random bits. */
struct bans *bans_new(const struct bans_options *options);

/* NULL is fine. */
void bans_free(struct bans *bans);

/* From now on; who is banned stays so. */
void bans_set(struct bans *bans, const struct bans_options *options);

/* A login from `address`, of 4 or 16 bytes, has failed at `now_s` of a clock
 * that never steps. Returns for how long it is banned by that, in s; 0: it is
 * not, or was already. An address of another size is never banned. */
uint32_t bans_failed(struct bans *bans, struct bytes address, uint64_t now_s);

/* For how many more s is `address` banned; 0: it is not. */
uint32_t bans_left(struct bans *bans, struct bytes address, uint64_t now_s);

/* Lift all bans and forget all failures. Returns how many were banned. */
size_t bans_clear(struct bans *bans, uint64_t now_s);

/* Tell `each` of every address that is banned: 4 bytes, or 8 for a /64. The
 * lock is held meanwhile. Returns how many there are. */
size_t bans_each(struct bans *bans, uint64_t now_s,
                 void (*each)(void *context, struct bytes address,
                              uint32_t left_s),
                 void *context);

#endif
