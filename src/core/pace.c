/* pace.c - see pace.h. */
#include "core/pace.h"

#include "core/conn.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

enum {
    /* How long a publisher waits after each PUBLISH while memory is short. */
    SHORT_MS = 20
};

static struct pace *pace_of(struct shard *shard, struct conn *conn)
{
    struct conn_rare *rare = conn_rare(shard->pool, conn);
    if (rare->pace == NULL) {
        rare->pace = pool_take(shard->pool, sizeof *rare->pace);
        rare->pace->conn = conn;
        timer_init(&rare->pace->timer);
    }
    assert(rare->pace->conn == conn);
    return rare->pace;
}

static void pace_note(struct shard *shard, struct pace *pace, const char *why)
{
    stat_add(shard, STAT_SLOWED, 1);
    if (pace->noted) return;
    pace->noted = true;
    actions_note(shard->out, NOTE_NOTICE, NOTE_ABUSE, &pace->conn->id,
                 "Client %s is read more slowly: %s",
                 session_name(pace->conn->session), why);
}

static void pace_wait(struct shard *shard, struct pace *pace, uint64_t wait_ms)
{
    assert(wait_ms > 0);
    assert(pace->timer.deadline_ms == 0);
    wheel_set(&shard->pace_timers, &pace->timer, shard->now_ms + wait_ms);
}

enum err pace_packet(struct shard *shard, struct conn *conn,
                     const struct frame *frame)
{
    const struct options *options = shard->options;
    assert(conn->session != NULL && !conn->closed);
    assert(!pace_waits(conn));
    uint64_t wait_ms = 0;
    const char *why = "memory is short (memory_limit)";
    if (options->max_packets_per_second > 0 ||
        options->max_bytes_per_second > 0) {
        struct rate *rate = &pace_of(shard, conn)->rate;
        wait_ms =
            rate_take(rate, options, (uint32_t)frame->size, shard->now_ms);
        if (wait_ms > 0) why = "it sends more than it may in a second";
    }
    if (wait_ms > 0 && options->rate_overflow == RATE_DISCONNECT) {
        return ERR_RATE;
    }
    bool brings = frame->type == PACKET_PUBLISH;
    if (wait_ms < SHORT_MS && brings && pool_short(shard->pool)) {
        wait_ms = SHORT_MS;
    }
    if (wait_ms == 0) return OK;
    struct pace *pace = pace_of(shard, conn);
    pace_note(shard, pace, why);
    pace_wait(shard, pace, wait_ms);
    return OK;
}

bool pace_idle(const struct shard *shard)
{
    const struct options *options = shard->options;
    return options->max_packets_per_second == 0 &&
           options->max_bytes_per_second == 0 && !pool_short(shard->pool);
}

bool pace_waits(const struct conn *conn)
{
    const struct pace *pace = conn_pace(conn);
    return pace != NULL && pace->timer.deadline_ms != 0;
}

void pace_due(struct shard *shard, struct pace *pace)
{
    assert(!pace->conn->closed);
    assert(!pace_waits(pace->conn));
    conn_resume(shard, pace->conn);
}

void pace_drop(struct shard *shard, struct conn *conn)
{
    struct pace *pace = conn_pace(conn);
    if (pace == NULL) return;
    assert(pace->conn == conn);
    wheel_clear(&shard->pace_timers, &pace->timer);
    conn->rare->pace = NULL;
    pool_give(shard->pool, pace, sizeof *pace);
    conn_tidy(shard->pool, conn);
}
