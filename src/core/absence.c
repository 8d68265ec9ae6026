/* absence.c - what is due while a session is alone. */
#include "core/absence.h"

#include "core/session.h"
#include "core/state.h"

#include <assert.h>

uint64_t absence_ends_ms(const struct session *session)
{
    return session->absence == NULL ? 0 : session->absence->ends_ms;
}

uint64_t absence_will_ms(const struct session *session)
{
    return session->absence == NULL ? 0 : session->absence->will_ms;
}

static struct absence *absence_own(struct shard *shard, struct session *session)
{
    if (session->absence != NULL) return session->absence;
    struct absence *absence = pool_take(shard->pool, sizeof *absence);
    timer_init(&absence->timer);
    absence->session = session;
    session->absence = absence;
    return absence;
}

/* Forget it, with nothing due. */
static void absence_tidy(struct shard *shard, struct session *session)
{
    const struct absence *absence = session->absence;
    if (absence->ends_ms == 0 && absence->will_ms == 0) {
        absence_over(shard, session);
    }
}

void absence_end_at(struct shard *shard, struct session *session,
                    uint64_t ends_ms)
{
    if (ends_ms == absence_ends_ms(session)) return;
    absence_own(shard, session)->ends_ms = ends_ms;
    absence_tidy(shard, session);
    assert(absence_ends_ms(session) == ends_ms);
}

void absence_will_at(struct shard *shard, struct session *session,
                     uint64_t will_ms)
{
    if (will_ms == absence_will_ms(session)) return;
    absence_own(shard, session)->will_ms = will_ms;
    absence_tidy(shard, session);
    assert(absence_will_ms(session) == will_ms);
}

void absence_wait(struct shard *shard, struct session *session)
{
    struct absence *absence = session->absence;
    if (absence == NULL) return;
    assert(absence->session == session);
    uint64_t at_ms = absence->will_ms;
    uint64_t ends_ms = absence->ends_ms;
    if (at_ms == 0 || (ends_ms != 0 && ends_ms < at_ms)) at_ms = ends_ms;
    assert(at_ms != 0);
    wheel_set(&shard->session_timers, &absence->timer, at_ms);
}

void absence_over(struct shard *shard, struct session *session)
{
    struct absence *absence = session->absence;
    if (absence == NULL) return;
    wheel_clear(&shard->session_timers, &absence->timer);
    session->absence = NULL;
    pool_give(shard->pool, absence, sizeof *absence);
}
