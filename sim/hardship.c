/* hardship.c - what befalls the broker of a random life. */
#include "sim/life.h"

enum {
    CRASH_COMMITS = 20,   /* that reach the disk before a crash, below this */
    CRASH_AGAIN = 60,     /* steps until another one, if it comes soon */
    LOADS_AGAIN_MS = 2000 /* a failed one is tried again before that */
};

static void commits_hold(struct life *life, bool hold)
{
    life->held = hold;
    story_tell(life->config->story, "commits %s", hold ? "hold" : "release");
    world_hold(life->world, hold);
}

/* The disk is full, and takes nothing more; or has room again. */
static void disk_fail(struct life *life, bool fail)
{
    life->failing = fail;
    life->failed = true;
    model_short(life->model);
    wills_doubt(life->wills, fail);
    commits_hold(life, fail);
    story_tell(life->config->story, "commits %s", fail ? "fail" : "work");
    world_storage(life->world, fail);
}

/* What is read from disk comes late, or never, or as it should. */
static void loads_set(struct life *life, enum loads loads)
{
    static const char *const words[] = {"work", "hold", "fail"};
    if (life->loads == loads) return;
    if (life->loads == LOADS_FAIL) {
        life->loads_ms = world_now(life->world) + LOADS_AGAIN_MS;
    }
    life->loads = loads;
    story_tell(life->config->story, "loads %s", words[loads]);
    world_loads(life->world, loads);
}

/* All are gone. */
static void all_cut(struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++) {
        struct actor *actor = &life->actors[i];
        client_hang_up(actor->clients[0], true);
        client_hang_up(actor->clients[1], true);
        actor->unsure = actor->persistent && !actor->anchored;
        if (!actor->persistent) model_session_broken(life->model, i);
        actor_lost(life, actor);
    }
    for (unsigned i = 0; i < life->rude_count; i++)
        client_hang_up(life->rude[i], true);
    undertaker_lost(life);
}

/* The broker is gone, and all that was under way; it comes back, perhaps with
 * another number of shards. What was torn off had not been committed. Half of
 * them have another one soon, which finds in doubt what this one left so; in a
 * restless life all have. */
static void broker_crash(struct life *life)
{
    uint16_t shards = life->shards;
    size_t commits = life_below(life, CRASH_COMMITS);
    if (life->failing) commits = 0;
    if (life->config->shards == 0 && life_chance(life, 1, 2)) {
        life->shards = (uint16_t)(1 + life_below(life, LIFE_SHARDS_MAX));
    }
    story_tell(life->config->story, "crash %zu %u", commits, life->shards);
    world_crash(life->world, commits);
    wills_crashed(life_wills(life));
    all_cut(life);
    if (life->shards != shards) life->moved = true;
    model_crashed(life->model);
    world_restart(life->world, life->shards);
    life->held = false;
    life->failing = false;
    life->loads = LOADS_WORK;
    bool again = life->restless || life_chance(life, 1, 2);
    bool slow = life_chance(life, 1, 2);
    uint32_t steps = 1 + (uint32_t)life_below(life, CRASH_AGAIN);
    life->crash_at = again ? life->step + steps : ACTS_SETUP;
    if (again && slow) commits_hold(life, true);
    undertaker_return(life);
}

void hardship_act(struct life *life)
{
    if (!world_options(life->world)->persistence) return;
    if (life_chance(life, 1, 30) && !life->failing) {
        commits_hold(life, !life->held);
    }
    if (life_chance(life, 1, life->failing ? 20 : 150)) {
        disk_fail(life, !life->failing);
    }
    if (life_chance(life, 1, 30)) {
        static const enum loads all[] = {LOADS_WORK, LOADS_HELD, LOADS_FAIL};
        loads_set(life, all[life_below(life, 3)]);
    }
    if (life_chance(life, 1, 200) || life->step == life->crash_at) {
        broker_crash(life);
    }
}

void hardship_end(struct life *life)
{
    if (life->failing) disk_fail(life, false);
    if (life->held) commits_hold(life, false);
    loads_set(life, LOADS_WORK);
}
