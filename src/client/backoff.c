/* backoff.c - see backoff.h. */
#include "client/backoff.h"

#include <assert.h>

void backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms)
{
    assert(min_ms > 0);
    b->min_ms = min_ms;
    b->max_ms = max_ms < min_ms ? min_ms : max_ms;
    backoff_reset(b);
}

void backoff_reset(struct backoff *b)
{
    b->next_ms = b->min_ms;
}

uint32_t backoff_next(struct backoff *b, uint32_t random)
{
    uint32_t wait_ms = b->next_ms;
    assert(wait_ms >= b->min_ms);
    b->next_ms = wait_ms > b->max_ms / 2 ? b->max_ms : wait_ms * 2;
    if (b->min_ms == b->max_ms || wait_ms < 4) return wait_ms;
    return wait_ms - random % (wait_ms / 4);
}
