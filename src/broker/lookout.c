/* lookout.c - see lookout.h. */
#include "broker/lookout.h"

#include <assert.h>

static void on_look(uv_timer_t *timer)
{
    struct lookout *lookout = timer->data;
    uint64_t stamp = lookout->stamp(lookout->user);
    bool steady = stamp == lookout->seen;
    lookout->seen = stamp;
    if (!steady || stamp == lookout->known) return;
    lookout->known = stamp;
    lookout->changed(lookout->user);
}

static void on_day(uv_timer_t *timer)
{
    const struct lookout *lookout = timer->data;
    lookout->day(lookout->user);
}

void lookout_start(struct lookout *lookout, uv_loop_t *loop)
{
    int error = uv_timer_init(loop, &lookout->look);
    error |= uv_timer_init(loop, &lookout->days);
    assert(error == 0);
    lookout->look.data = lookout->days.data = lookout;
    (void)uv_timer_start(&lookout->look, on_look, LOOKOUT_MS, LOOKOUT_MS);
    (void)uv_timer_start(&lookout->days, on_day, LOOKOUT_DAY_MS,
                         LOOKOUT_DAY_MS);
}

void lookout_settle(struct lookout *lookout)
{
    lookout->known = lookout->seen = lookout->stamp(lookout->user);
}
