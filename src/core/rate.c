/* rate.c - see rate.h. */
#include "core/rate.h"

#include <assert.h>

static const uint64_t SECOND_NS = 1000000000, MS_NS = 1000000;

/* Pay for `count` of what there may be `per_second` of; returns how many ns
 * the payment lies beyond the burst. */
static uint64_t rate_pay(uint64_t *paid_ns, uint64_t count, uint64_t per_second,
                         uint64_t now_ns)
{
    assert(per_second > 0);
    assert(count <= UINT64_MAX / SECOND_NS);
    if (*paid_ns < now_ns) *paid_ns = now_ns;
    *paid_ns += count * SECOND_NS / per_second;
    assert(*paid_ns >= now_ns);
    uint64_t ahead_ns = *paid_ns - now_ns;
    return ahead_ns > SECOND_NS ? ahead_ns - SECOND_NS : 0;
}

uint64_t rate_take(struct rate *rate, const struct options *options,
                   uint32_t size, uint64_t now_ms)
{
    uint64_t now_ns = now_ms * MS_NS;
    uint64_t wait_ns = 0;
    assert(now_ns / MS_NS == now_ms);
    if (options->max_packets_per_second > 0) {
        wait_ns = rate_pay(&rate->packets_ns, 1,
                           options->max_packets_per_second, now_ns);
    }
    if (options->max_bytes_per_second > 0) {
        uint64_t more_ns = rate_pay(&rate->bytes_ns, size,
                                    options->max_bytes_per_second, now_ns);
        if (more_ns > wait_ns) wait_ns = more_ns;
    }
    return (wait_ns + MS_NS - 1) / MS_NS;
}
