/* backoff.h - how long to wait before trying again. */
#ifndef MOGI_CLIENT_BACKOFF_H
#define MOGI_CLIENT_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t min_ms;
    uint32_t max_ms; /* >= min_ms */
    uint32_t next_ms;
};

/* Begin with `min_ms`. */
void backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms);

/* It worked: begin with min_ms again. */
void backoff_reset(struct backoff *b);

/* The next pause: doubles up to max_ms. When it does not stay the same anyway,
 * up to a quarter is taken off, by `random`, lest a thousand clients come back
 * in the same moment. */
uint32_t backoff_next(struct backoff *b, uint32_t random);

#endif
