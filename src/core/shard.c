/* shard.c - the broker is one function. */
#include "core/shard.h"

#include "core/absence.h"
#include "core/admission.h"
#include "core/conn.h"
#include "core/grave.h"
#include "core/group.h"
#include "core/journal.h"
#include "core/pace.h"
#include "core/recall.h"
#include "core/restore.h"
#include "core/route.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"

#include <assert.h>

enum {
    SWEEP_INTERVAL_MS = 1000,
    SWEEP_SLOTS_MAX = 4096,
    CLOCK_MS_SHIFT = 20, /* of the logical clock: ms above, a count below */
    STAMP_SHARD_SHIFT = 6
};

/* --- clock, luck, places ------------------------------------------------- */

uint64_t shard_stamp(struct shard *shard)
{
    uint64_t least = shard->now_ms << (CLOCK_MS_SHIFT - STAMP_SHARD_SHIFT);
    shard->clock = shard->clock < least ? least : shard->clock + 1;
    return shard->clock << STAMP_SHARD_SHIFT | shard->place.index;
}

uint64_t shard_random(struct shard *shard)
{
    shard->random += 0x9e3779b97f4a7c15;
    uint64_t x = shard->random;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

uint16_t shard_of(const struct shard *shard, struct bytes text)
{
    return place_home(&shard->place, text);
}

/* --- timers -------------------------------------------------------------- */

static void sweep_visit(struct body *body, void *context)
{
    struct shard *shard = context;
    journal_retained_gone(shard, body);
}

/* Drop retained messages that expired, a bounded number at a time. */
static void shard_sweep(struct shard *shard)
{
    retain_sweep(shard->retain, shard->now_ms, SWEEP_SLOTS_MAX, sweep_visit,
                 shard);
    restore_late(shard);
    backlogs_retry(shard);
}

/* Sweep before long, if there is anything to sweep: a broker with nothing to do
 * sleeps. */
static void shard_plan_sweep(struct shard *shard)
{
    if (shard->sweep.deadline_ms != 0) return;
    bool needed = retain_expiring(shard->retain) > 0 ||
                  shard->restore != NULL || backlogs_waiting(shard);
    if (!needed) return;
    wheel_set(&shard->timers, &shard->sweep, shard->now_ms + SWEEP_INTERVAL_MS);
}

/* The two timers of the shard itself, and those of grants. */
static void shard_due(struct shard *shard, struct timer *timer)
{
    if (timer == &shard->sys.timer) {
        sys_due(shard);
    } else if (timer == &shard->sweep) {
        shard_sweep(shard);
    } else {
        grant_due(shard, OWNER(timer, struct grant, timer));
    }
}

static void shard_tick(struct shard *shard)
{
    struct timer *timer;
    while ((timer = wheel_due(&shard->conn_timers, shard->now_ms)) != NULL) {
        conn_due(shard, OWNER(timer, struct conn, timer));
    }
    while ((timer = wheel_due(&shard->session_timers, shard->now_ms)) != NULL) {
        session_due(shard, OWNER(timer, struct absence, timer)->session);
    }
    while ((timer = wheel_due(&shard->pace_timers, shard->now_ms)) != NULL) {
        pace_due(shard, OWNER(timer, struct pace, timer));
    }
    while ((timer = wheel_due(&shard->timers, shard->now_ms)) != NULL) {
        shard_due(shard, timer);
    }
}

/* --- posts --------------------------------------------------------------- */

static void post_done(struct shard *shard, const struct post *post)
{
    join_answer(shard, post->join, post->count, (enum err)post->reason);
}

static void post_expect(struct shard *shard, const struct post *post)
{
    join_expect(shard, post->join);
}

static void (*const POSTS[])(struct shard *, const struct post *) = {
    [POST_PUBLISH] = route_posted,    [POST_DONE] = post_done,
    [POST_EXPECT] = post_expect,      [POST_INTEREST] = route_interest,
    [POST_RECALL] = recall_asked,     [POST_RETAINED] = recall_got,
    [POST_MEMBER] = group_posted,     [POST_SHARED] = share_offered,
    [POST_RETURNED] = share_returned, [POST_STATS] = sys_told,
};

/* What another shard said. Its clock carries ours along, so that what comes of
 * it is stamped later. */
static void step_posted(struct shard *shard, const struct event *event)
{
    struct post *post = event->post;
    assert(post->from < shard->place.count);
    assert(post->from != shard->place.index);
    assert(post->kind < sizeof POSTS / sizeof POSTS[0]);
    if (shard->clock < post->clock) shard->clock = post->clock;
    POSTS[post->kind](shard, post);
    post_drop(post);
}

/* Sign the posts of this step. */
static void shard_sign(struct shard *shard, size_t first)
{
    struct actions *out = shard->out;
    for (size_t i = first; i < out->post_count; i++) {
        out->posts[i].from = shard->place.index;
        out->posts[i].clock = shard->clock;
    }
    stat_add(shard, STAT_POSTS, out->post_count - first);
}

/* --- events -------------------------------------------------------------- */

static void step_opened(struct shard *shard, const struct event *event)
{
    conn_open(shard, event->conn, event->listener, event->identity,
              event->refused);
}

static void step_bytes(struct shard *shard, const struct event *event)
{
    struct conn *conn = conn_find(shard, event->conn);
    if (conn == NULL) return;
    stat_add(shard, STAT_BYTES_IN, event->bytes.size);
    conn_input(shard, conn, event->bytes);
}

static void step_drained(struct shard *shard, const struct event *event)
{
    struct conn *conn = conn_find(shard, event->conn);
    if (conn != NULL && conn->notify_asked) conn_drained(shard, conn);
}

static void step_closed(struct shard *shard, const struct event *event)
{
    struct conn *conn = conn_find(shard, event->conn);
    if (conn != NULL) conn_lost(shard, conn);
}

static void step_expelled(struct shard *shard, const struct event *event)
{
    assert(event->why != OK && event->why != ERR_MORE);
    struct conn *conn = conn_find(shard, event->conn);
    if (conn != NULL && !conn->closed) conn_fail(shard, conn, event->why);
}

/* An answer that nobody waits for falls on the floor. */
static void step_granted(struct shard *shard, const struct event *event)
{
    assert(event->answer != NULL);
    assert(event->ask != 0);
    struct conn *conn = conn_find(shard, event->conn);
    if (conn != NULL) {
        admission_granted(shard, conn, event->ask, event->answer);
    }
}

static void step_tick(struct shard *shard, const struct event *event)
{
    assert(event->now_ms == shard->now_ms);
    shard_tick(shard);
}

static void step_committed(struct shard *shard, const struct event *event)
{
    gate_committed(shard, event->batch);
    backlogs_committed(shard);
    graves_dig(shard);
}

static void step_storage(struct shard *shard, const struct event *event)
{
    assert(event->kind == EVENT_STORAGE);
    shard->storage_fails = event->failing;
}

static void step_restored(struct shard *shard, const struct event *event)
{
    restore_record(shard, event->key, event->value, event->message);
}

static void step_loaded(struct shard *shard, const struct event *event)
{
    if (event->token == 0) {
        grave_loaded(shard, event);
    } else {
        backlog_loaded(shard, event);
    }
}

static void step_reloaded(struct shard *shard, const struct event *event)
{
    assert(event->options != NULL);
    shard->options = event->options;
    grants_init(shard);
    sys_reload(shard);
}

static void step_stopped(struct shard *shard, const struct event *event)
{
    assert(event->kind == EVENT_STOPPED);
    shard->stopping = true;
    conns_fail(shard, ERR_SHUTTING_DOWN);
}

static void step_turned_away(struct shard *shard, const struct event *event)
{
    assert(event->kind == EVENT_TURNED_AWAY);
    stat_add(shard, STAT_TURNED_AWAY, 1);
}

static void (*const STEPS[])(struct shard *, const struct event *) = {
    [EVENT_OPENED] = step_opened,
    [EVENT_BYTES] = step_bytes,
    [EVENT_DRAINED] = step_drained,
    [EVENT_CLOSED] = step_closed,
    [EVENT_TICK] = step_tick,
    [EVENT_POSTED] = step_posted,
    [EVENT_COMMITTED] = step_committed,
    [EVENT_RESTORED] = step_restored,
    [EVENT_STORAGE] = step_storage,
    [EVENT_RELOADED] = step_reloaded,
    [EVENT_STOPPED] = step_stopped,
    [EVENT_GRANTED] = step_granted,
    [EVENT_EXPELLED] = step_expelled,
    [EVENT_LOADED] = step_loaded,
    [EVENT_TURNED_AWAY] = step_turned_away,
};

void shard_step(struct shard *shard, const struct event *event,
                struct actions *actions)
{
    assert(event->kind < sizeof STEPS / sizeof STEPS[0]);
    assert(event->now_ms >= shard->now_ms);
    assert(shard->closed_conns.size == 0);
    size_t first_post = actions->post_count;
    shard->out = actions;
    shard->now_ms = event->now_ms;
    shard->random ^= event->random;
    shard->step += 1;
    STEPS[event->kind](shard, event);
    conns_reap(shard);
    shard_plan_sweep(shard);
    shard_sign(shard, first_post);
    shard->out = NULL;
}

uint64_t shard_deadline_ms(const struct shard *shard)
{
    uint64_t next_ms = wheel_next(&shard->timers);
    uint64_t conn_ms = wheel_next(&shard->conn_timers);
    uint64_t session_ms = wheel_next(&shard->session_timers);
    uint64_t pace_ms = wheel_next(&shard->pace_timers);
    if (conn_ms < next_ms) next_ms = conn_ms;
    if (pace_ms < next_ms) next_ms = pace_ms;
    return session_ms < next_ms ? session_ms : next_ms;
}

/* --- life ---------------------------------------------------------------- */

struct shard *shard_new(struct pool *pool, struct shard_place place,
                        const struct options *options, uint64_t now_ms)
{
    assert(place.count >= 1 && place.count <= SHARDS_MAX);
    assert(place.index < place.count);
    struct shard *shard = pool_take(pool, sizeof *shard);
    shard->pool = pool;
    shard->place = place;
    shard->options = options;
    shard->now_ms = now_ms;
    wheel_init(&shard->timers, now_ms);
    wheel_init(&shard->conn_timers, now_ms);
    wheel_init(&shard->session_timers, now_ms);
    wheel_init(&shard->pace_timers, now_ms);
    buffer_init(&shard->closed_conns, pool);
    inbound_init(&shard->no_inbound);
    table_init(&shard->conns, pool);
    table_init(&shard->session_slots, pool);
    map_init(&shard->sessions, pool);
    map_init(&shard->groups, pool);
    buffer_init(&shard->scratch, pool);
    buffer_init(&shard->mounted, pool);
    grants_init(shard);
    hot_init(&shard->hot, pool, place.key);
    shard->topics = topics_new(pool, place.key);
    shard->interest = interest_new(pool, place.key);
    shard->retain = retain_new(pool, place.key);
    flaps_init(&shard->flaps, pool);
    joins_init(&shard->joins);
    gate_init(&shard->gate);
    journal_init(shard, options->persistence);
    backlogs_init(&shard->backlogs);
    timer_init(&shard->sweep);
    sys_init(shard);
    return shard;
}

void shard_look_ahead(struct shard *shard)
{
    shard->lookahead.always = true;
    /* Its memory is taken at once, not when the first publish comes. */
    size_t none = topics_foresee(shard->topics, NULL, 0);
    assert(none == 0);
}

void shard_free(struct shard *shard)
{
    if (shard == NULL) return;
    struct pool *pool = shard->pool;
    sessions_fini(shard);
    conns_fini(shard);
    groups_fini(shard);
    topics_free(shard->topics);
    interest_free(shard->interest);
    retain_free(shard->retain);
    gate_fini(shard);
    restore_fini(shard);
    graves_fini(shard);
    flaps_fini(&shard->flaps, shard->pool);
    joins_fini(&shard->joins, pool);
    sys_fini(shard);
    grants_fini(shard);
    buffer_fini(&shard->scratch);
    buffer_fini(&shard->mounted);
    hot_fini(&shard->hot);
    pool_give(pool, shard, sizeof *shard);
}
