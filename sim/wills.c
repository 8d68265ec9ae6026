/* wills.c - see wills.h. */
#include "sim/wills.h"

#include "sim/words_codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum will_state {
    WILL_SAID,    /* CONNECT is on its way */
    WILL_HELD,    /* its client is here */
    WILL_LEAVING, /* DISCONNECT is on its way */
    WILL_WAITING, /* its client is gone, for less than the delay */
    WILL_ASKED,   /* its client comes back: it depends on the session */
    WILL_TAKEN, /* its client comes on another connection, this one is there */
    WILL_OFF,   /* it was called off */
    WILL_DUE,
    WILL_CAME,
    WILL_DOUBTED
};

struct will {
    unsigned actor;
    enum will_state state;
    uint64_t delay_ms, due_ms;
    bool lasting; /* its session outlives the connection */
    bool sealed;  /* its state is on disk */
    bool came;
};

struct wills {
    struct will *list;
    uint32_t count, capacity;
    uint64_t now_ms;
    bool doubt;
    /* By actor, of the last CONNECT and the one before; plus 1, 0: none. */
    uint32_t current[WILLS_ACTORS_MAX], before[WILLS_ACTORS_MAX];
    char error[WILLS_TEXT_MAX + 1];
    char claim[WILLS_TEXT_MAX + 1];
};

struct wills *wills_new(void)
{
    struct wills *wills = calloc(1, sizeof(*wills));
    if (wills == NULL) abort();
    return wills;
}

void wills_free(struct wills *wills)
{
    free(wills->list);
    free(wills);
}

const char *wills_error(const struct wills *wills)
{
    return wills->error;
}

const char *wills_claim(const struct wills *wills)
{
    return wills->claim;
}

/* Will `number` of `actor` is not what it should be: seen `often`. */
static void wrong(struct wills *wills, unsigned actor, uint32_t number,
                  const char *what, const char *often)
{
    if (wills->error[0] != 0) return;
    snprintf(wills->error, sizeof(wills->error),
             "will %" PRIu32 " of actor %u %s", number, actor, what);
    snprintf(wills->claim, sizeof(wills->claim),
             "undertaker saw %spublish \"w/%u\" \"%" PRIu32 "\"\n", often,
             actor, number);
}

static struct will *will_at(struct wills *wills, uint32_t place)
{
    assert(place <= wills->count);
    return place == 0 ? NULL : &wills->list[place - 1];
}

/* Waiting is over for those whose time has come. */
void wills_now(struct wills *wills, uint64_t now_ms)
{
    wills->now_ms = now_ms;
    for (uint32_t i = 0; i < wills->count; i++) {
        struct will *will = &wills->list[i];
        if (will->state == WILL_WAITING && will->due_ms <= now_ms) {
            will->state = WILL_DUE;
        }
    }
}

void wills_connecting(struct wills *wills, unsigned actor)
{
    assert(actor < WILLS_ACTORS_MAX);
    struct will *before = will_at(wills, wills->before[actor]);
    struct will *will = will_at(wills, wills->current[actor]);
    if (before != NULL && before->state == WILL_ASKED) {
        before->state = WILL_DOUBTED;
    }
    wills->before[actor] = wills->current[actor];
    wills->current[actor] = 0;
    if (will == NULL) return;
    if (will->state == WILL_HELD || will->state == WILL_WAITING) {
        will->state = WILL_ASKED;
    } else if (will->state == WILL_SAID || will->state == WILL_LEAVING) {
        will->state = WILL_DOUBTED;
    }
}

uint32_t wills_leave(struct wills *wills, unsigned actor, uint64_t delay_ms,
                     bool lasting)
{
    if (wills->count == wills->capacity) {
        wills->capacity = wills->capacity * 2 + 16;
        wills->list =
            words_memory(wills->list, wills->capacity * sizeof(wills->list[0]));
    }
    wills->list[wills->count] =
        (struct will){.actor = actor,
                      .state = wills->doubt ? WILL_DOUBTED : WILL_SAID,
                      .delay_ms = delay_ms,
                      .lasting = lasting};
    wills->current[actor] = ++wills->count;
    return wills->count - 1;
}

void wills_greeted(struct wills *wills, unsigned actor, bool present)
{
    struct will *before = will_at(wills, wills->before[actor]);
    struct will *will = will_at(wills, wills->current[actor]);
    for (uint32_t i = 0; i < wills->count; i++) {
        struct will *taken = &wills->list[i];
        bool over = taken->actor == actor && taken->state == WILL_TAKEN;
        if (over) taken->state = WILL_DUE;
    }
    if (will != NULL && will->state == WILL_SAID) will->state = WILL_HELD;
    if (before == NULL || before->state != WILL_ASKED) return;
    before->state = WILL_DUE;
    if (before->came) before->state = WILL_CAME;
    if (before->delay_ms == 0 || !present) return;
    before->state = WILL_OFF;
    before->sealed = false;
    if (!before->came) return;
    wrong(wills, actor, wills->before[actor] - 1,
          "came though its client was back", "at_most 0 ");
}

void wills_sealed(struct wills *wills, unsigned actor)
{
    for (uint32_t i = 0; i < wills->count; i++) {
        struct will *will = &wills->list[i];
        bool settled = will->state == WILL_HELD || will->state == WILL_OFF;
        if (will->actor == actor && settled) will->sealed = true;
    }
}

void wills_leaving(struct wills *wills, unsigned actor)
{
    struct will *will = will_at(wills, wills->current[actor]);
    if (will == NULL || will->state != WILL_HELD) return;
    will->state = WILL_LEAVING;
    will->sealed = false;
}

void wills_left(struct wills *wills, unsigned actor)
{
    struct will *will = will_at(wills, wills->current[actor]);
    if (will != NULL && will->state == WILL_LEAVING) will->state = WILL_OFF;
}

static bool will_waits(const struct will *will)
{
    return will->delay_ms > 0 && will->lasting;
}

/* CONNECT may never be whole, if time jumps: then nothing is taken over, and
 * the connection that left the will stays. */
void wills_taken(struct wills *wills, unsigned actor)
{
    struct will *will = will_at(wills, wills->current[actor]);
    if (will == NULL || will->state != WILL_HELD || will_waits(will)) return;
    will->state = WILL_TAKEN;
}

void wills_lost(struct wills *wills, unsigned actor, bool late)
{
    struct will *before = will_at(wills, wills->before[actor]);
    struct will *will = will_at(wills, wills->current[actor]);
    if (before != NULL && before->state == WILL_ASKED) {
        before->state = WILL_DOUBTED;
    }
    if (will == NULL) return;
    if (will->state == WILL_SAID) will->state = WILL_DOUBTED;
    if (will->state != WILL_HELD) return;
    bool waits = will_waits(will);
    will->state = !waits ? WILL_DUE : late ? WILL_DOUBTED : WILL_WAITING;
    will->due_ms = wills->now_ms + (waits ? will->delay_ms : 0);
}

/* What is on disk waits from now on: nobody is here. */
static void will_crashed(const struct wills *wills, struct will *will)
{
    bool kept = will->sealed && will->lasting;
    switch (will->state) {
    case WILL_HELD:
        will->state = kept ? WILL_WAITING : WILL_DOUBTED;
        will->due_ms = wills->now_ms + will->delay_ms;
        break;
    case WILL_WAITING:
        if (!kept) will->state = WILL_DOUBTED;
        break;
    case WILL_OFF:
        if (!will->sealed) will->state = WILL_DOUBTED;
        break;
    default: will->state = WILL_DOUBTED;
    }
}

void wills_crashed(struct wills *wills)
{
    for (uint32_t i = 0; i < wills->count; i++)
        will_crashed(wills, &wills->list[i]);
}

void wills_jumped(struct wills *wills)
{
    for (uint32_t i = 0; i < wills->count; i++) {
        struct will *will = &wills->list[i];
        bool counts = will->state == WILL_WAITING ||
                      will->state == WILL_ASKED || will->state == WILL_DUE;
        if (counts) will->state = WILL_DOUBTED;
    }
}

void wills_doubt(struct wills *wills, bool doubt)
{
    wills->doubt = doubt;
    for (uint32_t i = 0; i < wills->count; i++)
        wills->list[i].state = WILL_DOUBTED;
}

void wills_came(struct wills *wills, unsigned actor, uint32_t number)
{
    static const char *const early[] = {
        [WILL_HELD] = "came while its client is here",
        [WILL_LEAVING] = "came after DISCONNECT",
        [WILL_WAITING] = "came before its time",
        [WILL_OFF] = "came after it was called off",
        [WILL_DOUBTED] = NULL,
    };
    if (number >= wills->count || wills->list[number].actor != actor) {
        wrong(wills, actor, number, "was left by nobody", "at_most 0 ");
        return;
    }
    struct will *will = &wills->list[number];
    if (early[will->state] != NULL) {
        wrong(wills, actor, number, early[will->state], "at_most 0 ");
    } else if (will->state == WILL_CAME) {
        wrong(wills, actor, number, "came twice", "at_most 1 ");
    }
    will->came = true;
    bool due = will->state == WILL_DUE || will->state == WILL_TAKEN;
    if (due) will->state = WILL_CAME;
}

void wills_end(struct wills *wills)
{
    for (uint32_t i = 0; i < wills->count; i++) {
        const struct will *will = &wills->list[i];
        if (will->state != WILL_DUE) continue;
        wrong(wills, will->actor, i, "is missing", "");
    }
}
