/* meter.c - see meter.h. */
#include "cli/meter.h"

#include <assert.h>
#include <inttypes.h>

int meter_wait_ms(const struct meter *m, uint64_t now_ms)
{
    assert(now_ms >= m->begin_ms);
    uint64_t past_ms = now_ms - m->begin_ms;
    return past_ms < METER_PERIOD_MS ? (int)(METER_PERIOD_MS - past_ms) : 0;
}

void meter_tick(struct meter *m, uint64_t now_ms, FILE *to)
{
    if (meter_wait_ms(m, now_ms) > 0) return;
    uint64_t past_ms = now_ms - m->begin_ms;
    uint64_t rate = (m->count * METER_PERIOD_MS + past_ms / 2) / past_ms;
    (void)fprintf(to, "%" PRIu64 " msgs/s\n", rate);
    (void)fflush(to);
    *m = (struct meter){.begin_ms = now_ms};
}
