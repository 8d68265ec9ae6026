/* turn.c - see turn.h. */
#include "broker/turn.h"

#include "broker/block.h"
#include "broker/notes.h"
#include "broker/storage.h"
#include "core/message.h"

#include <assert.h>
#include <stdlib.h>

enum {
    /* Pieces of output given to a stream at once. */
    PIECES_MAX = 256,

    /* A turn with more actions, or more output for one guest, makes the next
     * reads shorter, one with less makes them longer: so a turn is bounded,
     * however many subscribers there are, and no guest gets more at once than
     * it is given time to take. */
    READ_ACTIONS_HIGH = 8192,
    READ_ACTIONS_LOW = 1024,
    READ_OUTPUT_HIGH = 128 * 1024,
    READ_OUTPUT_LOW = 32 * 1024,
    READ_SIZE_MIN = 2048,

    /* So many guests ahead are brought near: a turn for thousands finds none of
     * them in the processor's cache. */
    AHEAD = 8
};

typedef void act(struct host *host, struct action *action);

static act act_send, act_close, act_move, act_pause, act_resume, act_post;
static act act_store, act_load, act_note, act_ask;

static act *const acts[] = {
    [ACTION_SEND] = act_send,     [ACTION_CLOSE] = act_close,
    [ACTION_MOVE] = act_move,     [ACTION_PAUSE] = act_pause,
    [ACTION_RESUME] = act_resume, [ACTION_POST] = act_post,
    [ACTION_PUT] = act_store,     [ACTION_DEL] = act_store,
    [ACTION_HOLD] = act_store,    [ACTION_DROP] = act_store,
    [ACTION_LOAD] = act_load,     [ACTION_NOTE] = act_note,
    [ACTION_ASK] = act_ask,
};

static void changes_reserve(struct host *host);
static void batch_leave(struct host *host);
static void read_size_adapt(struct host *host);
static void mail_leave(struct host *host);
static void output_leave(struct host *host);
static void tick_set(struct host *host);

void turn_end(struct host *host)
{
    struct actions *actions = &host->actions;
    changes_reserve(host);
    if (host->next_capacity < actions->count) {
        host->next = pool_resize(host->pool, host->next,
                                 host->next_capacity * sizeof *host->next,
                                 actions->capacity * sizeof *host->next);
        host->next_capacity = actions->capacity;
    }
    for (size_t i = 0; i < actions->count; i++) {
        if (i + AHEAD < actions->count) {
            guest_fetch(&host->guests, actions->list[i + AHEAD].conn);
        }
        struct action *action = &actions->list[i];
        acts[action->kind](host, action);
    }
    batch_leave(host);
    mail_leave(host);
    output_leave(host);
    streams_settle(&host->streams);
    read_size_adapt(host);
    actions_clear(actions);
    tick_set(host);
}

void turn_relieve(struct host *host)
{
    const struct actions *actions = &host->actions;
    if (actions->count < TURN_ACTIONS_MAX &&
        actions->arena.size < TURN_BYTES_MAX) {
        return;
    }
    turn_end(host);
}

static void read_size_adapt(struct host *host)
{
    size_t count = host->actions.count;
    size_t output = host->output_max;
    size_t *size = &host->streams.read_size;
    host->output_max = 0;
    if (count == 0) return;
    if (count > READ_ACTIONS_HIGH || output > READ_OUTPUT_HIGH) {
        if (*size > READ_SIZE_MIN) *size /= 2;
    } else if (count < READ_ACTIONS_LOW && output < READ_OUTPUT_LOW) {
        if (*size < STREAM_READ_MAX) *size *= 2;
    }
}

/* The guest that an action is about, while the shard knows it. */
static struct guest *guest_known(const struct host *host,
                                 const struct action *action)
{
    struct guest *guest = guest_find(&host->guests, action->conn);
    return guest != NULL && guest->known ? guest : NULL;
}

static void act_send(struct host *host, struct action *action)
{
    struct guest *guest = guest_known(host, action);
    if (guest == NULL) return;
    uint32_t number = (uint32_t)(action - host->actions.list) + 1;
    host->next[number - 1] = 0;
    if (guest->first == 0) {
        guest->first = number;
        crowd_add(&host->output, host->pool, guest->id);
    } else {
        host->next[guest->last - 1] = number;
    }
    guest->last = number;
}

static void act_close(struct host *host, struct action *action)
{
    struct guest *guest = guest_known(host, action);
    if (guest == NULL) return;
    host_end(host, guest, action->linger ? GUEST_LINGERS : GUEST_GOES);
}

/* The piece of mail that brings a connection, with a copy of `bytes`; the
 * socket and its TLS are the mail's. */
static struct mail moved_mail(struct guest *guest, struct bytes bytes)
{
    struct moved *moved = block_grow(NULL, sizeof *moved + bytes.size);
    moved->listener = guest->listener;
    moved->peer = guest->peer;
    moved->seated = guest->seated;
    moved->counted = guest->counted;
    moved->identity = guest_identity(guest);
    if (guest->papers != NULL) guest->papers->identity = NULL;
    guest->seated = guest->counted = false;
    moved->fd = stream_detach(&guest->stream, &moved->shield);
    moved->size = bytes.size;
    if (bytes.size > 0) memcpy(moved->bytes, bytes.data, bytes.size);
    return (struct mail){.kind = MAIL_MOVED, .moved = moved};
}

/* A connection moves before anything was sent to it but by TLS itself, so its
 * socket and its TLS are all there is of it. */
static void act_move(struct host *host, struct action *action)
{
    struct guest *guest = guest_known(host, action);
    if (guest == NULL) return;
    assert(action->shard < host->hosts->count);
    if (guest->first != 0 || stream_waiting_bytes(&guest->stream) > 0) {
        host_end(host, guest, GUEST_GOES);
        return;
    }
    guest->known = false;
    guest->moved = true;
    struct bytes bytes = action_bytes(&host->actions, action);
    mails_add(&host->out[action->shard], moved_mail(guest, bytes),
              MAIL_WEIGHT + bytes.size);
    host->out_set |= (uint64_t)1 << action->shard;
}

static void act_pause(struct host *host, struct action *action)
{
    struct guest *guest = guest_known(host, action);
    if (guest == NULL) return;
    guest->shard_paused = true;
    guest_read(guest);
}

static void act_resume(struct host *host, struct action *action)
{
    struct guest *guest = guest_known(host, action);
    if (guest == NULL) return;
    guest->shard_paused = false;
    guest_read(guest);
}

static void act_post(struct host *host, struct action *action)
{
    assert(action->shard < host->hosts->count);
    struct post *post = &host->actions.posts[action->post];
    mails_add_post(&host->out[action->shard], post,
                   action_bytes(&host->actions, action));
    host->out_set |= (uint64_t)1 << action->shard;
    /* The mail has the references now. */
    post->body = post->group = NULL;
}

/* One change more of the turn's batch. */
static void act_store(struct host *host, struct action *action)
{
    const struct actions *actions = &host->actions;
    assert(host->hosts->store != NULL);
    assert(host->change_count < host->change_capacity);
    struct store_change *change = &host->changes[host->change_count++];
    static const enum store_change_kind kinds[] = {
        [ACTION_PUT] = STORE_PUT,
        [ACTION_DEL] = STORE_DEL,
        [ACTION_HOLD] = STORE_HOLD,
        [ACTION_DROP] = STORE_DROP,
    };
    *change = (struct store_change){.kind = kinds[action->kind],
                                    .key = action_bytes(actions, action)};
    if (!store_has_value(change->kind)) return;
    change->value = action_value(actions, action);
    const struct body *body = action->body;
    if (body == NULL) return;
    change->tail = bytes_at(body->bytes, body->size - sizeof *body);
}

static void act_load(struct host *host, struct action *action)
{
    storage_load(host, action_bytes(&host->actions, action));
}

/* Room for the turn's changes. */
static void changes_reserve(struct host *host)
{
    size_t count = host->actions.put_count;
    if (count <= host->change_capacity) return;
    host->changes = pool_resize(host->pool, host->changes,
                                host->change_capacity * sizeof *host->changes,
                                2 * count * sizeof *host->changes);
    host->change_capacity = 2 * count;
}

/* Hand the turn's batch to the store, before anybody else hears of it: so what
 * others store because of it is stored behind it. */
static void batch_leave(struct host *host)
{
    if (host->change_count == 0) return;
    enum err e = store_submit(host->hosts->store, host->index, host->batch,
                              host->changes, host->change_count);
    if (e != OK) {
        log_write(host->hosts->log, LEVEL_ERROR, NULL,
                  "what must survive cannot be kept: %s", err_text(e));
        abort();
    }
    host->change_count = 0;
    host->batch += 1;
    host->actions.batch = host->batch;
}

static void act_ask(struct host *host, struct action *action)
{
    struct guest *guest = guest_known(host, action);
    if (guest == NULL) return;
    struct bytes bytes = action_bytes(&host->actions, action);
    asks_begin(&host->asks, guest, action, bytes);
    /* There is a password in it. */
    memset(host->actions.arena.data + action->offset, 0, bytes.size);
}

static void act_note(struct host *host, struct action *action)
{
    const struct hosts *hosts = host->hosts;
    bool traffic = action->note_kind == NOTE_CONNECTED ||
                   action->note_kind == NOTE_DISCONNECTED;
    if (traffic && !hosts->connection_messages) return;
    const struct guest *guest = NULL;
    if (action->has_conn) guest = guest_find(&host->guests, action->conn);
    bool refused = action->note_kind == NOTE_REFUSED && guest != NULL;
    if (refused && guest->refused) return;
    notes_write(hosts->log, &host->actions, action,
                guest != NULL ? &guest->peer : NULL);
    if (!refused) return;
    const struct options_listener *options =
        options_of(&host->settings->options, guest->listener);
    if (options->allow_anonymous || options->ask) return;
    log_write(hosts->log, LEVEL_NOTICE, "anonymous",
              "nobody is let in as it is configured: give clients names and "
              "passwords (`mogi passwd -c FILE NAME`, and the line "
              "\"password_file FILE\"), or, to let in whoever can reach the "
              "listener, add the line \"allow_anonymous true\"");
}

/* Push what other shards get, and stop reading from those whose input fills
 * mailboxes that are full. */
static void mail_leave(struct host *host)
{
    uint64_t full = 0;
    if (host->out_set != 0) {
        full = mailbox_push(host->hosts->boxes, host->out, host->out_set,
                            host->index);
        host->out_set = 0;
    }
    for (size_t i = 0; i < host->posted.count; i++) {
        struct guest *guest = guest_find(&host->guests, host->posted.list[i]);
        if (guest == NULL) continue;
        bool blamed = (guest->posted & full) != 0 && guest->known;
        guest->posted = 0;
        if (!blamed || guest->host_paused) continue;
        guest->host_paused = true;
        crowd_add(&host->paused, host->pool, guest->id);
        guest_read(guest);
    }
    host->posted.count = 0;
    if (host->paused.count > 0) host->full |= full;
}

void turn_resume(struct host *host)
{
    if (host->paused.count == 0) return;
    for (uint16_t i = 0; i < host->hosts->count; i++) {
        uint64_t bit = (uint64_t)1 << i;
        if ((host->full & bit) == 0) continue;
        if (mailbox_wait(&host->hosts->boxes[i], host->index)) continue;
        host->full &= ~bit;
    }
    if (host->full != 0) return;
    for (size_t i = 0; i < host->paused.count; i++) {
        struct guest *guest = guest_find(&host->guests, host->paused.list[i]);
        if (guest == NULL || !guest->host_paused) continue;
        guest->host_paused = false;
        guest_read(guest);
    }
    host->paused.count = 0;
}

/* The pieces of one SEND: its bytes, and the payload of its body, whose
 * reference the second takes over. Returns how many. */
static size_t action_pieces(const struct actions *actions,
                            struct action *action, struct piece *pieces)
{
    pieces[0] = (struct piece){.bytes = action_bytes(actions, action),
                               .notify = action->notify};
    if (action->body == NULL) return 1;
    pieces[0].notify = false;
    pieces[1] = (struct piece){.bytes = action->body->message.payload,
                               .owner = action->body,
                               .notify = action->notify};
    action->body = NULL;
    return 2;
}

/* Write all that the turn has for one guest. */
static void guest_write(struct host *host, struct guest *guest)
{
    struct piece pieces[PIECES_MAX];
    size_t count = 0, size = 0;
    uint32_t number = guest->first;
    guest->first = guest->last = 0;
    while (number != 0) {
        struct action *action = &host->actions.list[number - 1];
        size += action->size;
        count += action_pieces(&host->actions, action, pieces + count);
        number = host->next[number - 1];
        if (number != 0 && count + 2 <= PIECES_MAX) continue;
        host_wrote(host, guest, stream_post(&guest->stream, pieces, count));
        count = 0;
    }
    if (host->output_max < size) host->output_max = size;
}

/* May the socket of `guest`, which was closed, linger? Not too many do, or who
 * is refused again and again would have all of them. */
static bool guest_linger(struct host *host, struct guest *guest)
{
    if (guest->end != GUEST_LINGERS) return false;
    if (host->lingering >= HOST_LINGER_MAX && !host->stopping) return false;
    host->lingering++;
    guest->lingers = true;
    return true;
}

static void output_leave(struct host *host)
{
    for (size_t i = 0; i < host->output.count; i++) {
        if (i + AHEAD < host->output.count) {
            guest_fetch(&host->guests, host->output.list[i + AHEAD]);
        }
        struct guest *guest = guest_find(&host->guests, host->output.list[i]);
        if (guest == NULL || guest->stream.state != STREAM_OPEN) continue;
        if (guest->first != 0) guest_write(host, guest);
        if (guest->end == GUEST_STAYS) continue;
        streams_flush(&host->streams);
        stream_close(&guest->stream, guest_linger(host, guest));
    }
    host->output.count = 0;
    streams_flush(&host->streams);
}

void turn_written(struct host *host)
{
    /* A step may send more to the same guests: that is for the next time. */
    struct crowd now = host->written;
    host->written = host->drained;
    for (size_t i = 0; i < now.count; i++) {
        struct guest *guest = guest_find(&host->guests, now.list[i]);
        if (guest == NULL) continue;
        unsigned count = guest->written;
        guest->written = 0;
        struct event event = {.kind = EVENT_DRAINED, .conn = guest->id};
        for (; count > 0 && guest->known; count--)
            host_step(host, &event);
    }
    now.count = 0;
    host->drained = now;
}

static void on_tick(uv_timer_t *timer)
{
    struct host *host = timer->data;
    struct event event = {.kind = EVENT_TICK};
    host->tick_ms = UINT64_MAX;
    host_step(host, &event);
}

/* Wake the shard when it wants to be. */
static void tick_set(struct host *host)
{
    uint64_t deadline_ms = shard_deadline_ms(host->shard);
    if (deadline_ms == host->tick_ms) return;
    host->tick_ms = deadline_ms;
    if (deadline_ms == UINT64_MAX) {
        (void)uv_timer_stop(&host->tick);
        return;
    }
    uint64_t now_ms = host_now_ms(host);
    uint64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    (void)uv_timer_start(&host->tick, on_tick, wait_ms, 0);
}
