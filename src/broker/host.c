/* host.c - see host.h. */
#include "broker/host.h"

#include "broker/loop.h"
#include "broker/spare.h"
#include "broker/turn.h"
#include "core/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void on_mail(uv_async_t *async);
static void on_turn(uv_prepare_t *prepare);
static void on_roused(uv_check_t *check);
static void mail_open_all(struct host *host);
static void on_bytes(struct stream *stream, struct bytes bytes);
static void on_written(struct stream *stream, unsigned count);
static void on_ended(struct stream *stream);
static void on_closed(struct stream *stream);
static void on_release(void *owner);

static const struct stream_user stream_user = {
    .bytes = on_bytes,
    .written = on_written,
    .ended = on_ended,
    .closed = on_closed,
    .release = on_release,
    .greeted = arrivals_greeted,
    .refused = arrivals_refused,
};

static void *memory_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

static void loop_init(struct host *host)
{
    uv_loop_t *loop = &host->loop;
    int error = uv_prepare_init(loop, &host->turn);
    error |= uv_check_init(loop, &host->roused);
    error |= uv_idle_init(loop, &host->again);
    error |= uv_timer_init(loop, &host->tick);
    error |= uv_timer_init(loop, &host->stop);
    error |= uv_timer_init(loop, &host->lull);
    assert(error == 0);
    host->turn.data = host->roused.data = host->again.data = host;
    host->tick.data = host->stop.data = host->lull.data = host;
    host->tick_ms = UINT64_MAX;
    (void)uv_prepare_start(&host->turn, on_turn);
    (void)uv_check_start(&host->roused, on_roused);
}

enum err host_init(struct host *host, struct hosts *hosts, uint16_t index,
                   struct settings *settings)
{
    host->hosts = hosts;
    host->index = index;
    if (uv_loop_init(&host->loop) != 0) return ERR_IO;
    if (uv_random(NULL, NULL, &host->luck, sizeof host->luck, 0, NULL) != 0) {
        return ERR_IO;
    }
    loop_init(host);
    mailbox_init(&hosts->boxes[index], &host->loop, on_mail, host);
    struct memory memory = {memory_grow, NULL};
    host->pool = pool_new(memory, hosts->pool_bytes_max);
    if (host->pool == NULL) return ERR_NO_MEMORY;
    guests_init(&host->guests, host->pool);
    actions_init(&host->actions, host->pool);
    host->batch = host->actions.batch = 1;
    host->settings = settings_ref(settings);
    arrivals_init(host);
    asks_init(&host->asks, host);
    struct shard_place place = {index, hosts->count, hosts->key};
    host->shard =
        shard_new(host->pool, place, &settings->options, host_now_ms(host));
    return streams_init(&host->streams, &host->loop, host->pool, &stream_user);
}

uint64_t host_now_ms(const struct host *host)
{
    return host->hosts->epoch_ms + uv_now(&host->loop);
}

static uint64_t luck_draw(struct host *host)
{
    host->luck_count++;
    return hash_bytes(&host->luck,
                      bytes_at(&host->luck_count, sizeof host->luck_count));
}

void host_step(struct host *host, struct event *event)
{
    event->now_ms = host_now_ms(host);
    event->random = luck_draw(host);
    shard_step(host->shard, event, &host->actions);
}

void host_unseat(struct host *host, struct guest *guest)
{
    struct hosts *hosts = host->hosts;
    if (guest->seated) door_rise(&hosts->door, guest->listener);
    if (guest->counted) door_part(&hosts->door, &guest->peer);
    struct tally_key *user = guest_user(guest);
    if (user != NULL) {
        door_unname(&hosts->door, user);
        pool_give(host->pool, user, sizeof *user);
        guest->papers->user = NULL;
        guest_tidy(&host->guests, guest);
    }
    guest->seated = guest->counted = false;
}

void host_end(struct host *host, struct guest *guest, enum guest_end end)
{
    guest->known = false;
    asks_drop(guest);
    host_unseat(host, guest);
    guest->end = (uint8_t)end;
    crowd_add(&host->output, host->pool, guest->id);
}

void host_wrote(struct host *host, struct guest *guest, unsigned count)
{
    if (count == 0) return;
    if (guest->written == 0) {
        crowd_add(&host->written, host->pool, guest->id);
    }
    guest->written += count;
}

/* There is nothing to do but not to wait. */
static void on_again(uv_idle_t *idle)
{
    (void)idle;
}

static struct mailbox *host_box(const struct host *host)
{
    return &host->hosts->boxes[host->index];
}

/* Memory has ebbed, and if it still has, it is given back. */
static void on_lull(uv_timer_t *timer)
{
    struct host *host = timer->data;
    size_t bytes = pool_bytes(host->pool);
    if (!ebb_low(&host->ebb, bytes)) return;
    spare_release();
    ebb_settle(&host->ebb, bytes);
}

/* Has memory ebbed? */
static void lull_watch(struct host *host)
{
    if (!ebb_low(&host->ebb, pool_bytes(host->pool))) return;
    if (uv_is_active((uv_handle_t *)&host->lull)) return;
    (void)uv_timer_start(&host->lull, on_lull, EBB_WAIT_MS, 0);
}

/* Let others run before this thread sleeps. False: that is not worth it now. */
static bool courtesy_show(struct host *host)
{
    uint64_t steps = host->luck_count - host->luck_seen;
    host->luck_seen = host->luck_count;
    if (host->hosts->count == 1 || steps < COURTESY_STEPS_MIN) return false;
    uint64_t begin_ns = uv_hrtime();
    if (!courtesy_due(&host->courtesy, begin_ns)) return false;
    courtesy_yield();
    courtesy_account(&host->courtesy, begin_ns, uv_hrtime());
    return true;
}

/* The turn ends before the loop waits. What it has written may let the shard
 * go on, and there may be mail: then the loop does not wait, but looks for
 * other work in between. So it does when others have run meanwhile. */
static void on_turn(uv_prepare_t *prepare)
{
    struct host *host = prepare->data;
    if (!mailbox_is_empty(host_box(host))) mail_open_all(host);
    turn_written(host);
    turn_end(host);
    while (asks_deliver(&host->asks))
        turn_end(host);
    lull_watch(host);
    bool more = host->written.count > 0 || courtesy_show(host);
    if (!more && mailbox_doze(host_box(host))) {
        (void)uv_idle_stop(&host->again);
    } else {
        (void)uv_idle_start(&host->again, on_again);
    }
}

/* The loop has waited. */
static void on_roused(uv_check_t *check)
{
    mailbox_rouse(host_box(check->data));
}

/* What a step added: which shards it posts to, and whether a guest leaves. */
static void actions_look(const struct host *host, size_t before,
                         uint64_t *posted, bool *moved)
{
    const struct actions *actions = &host->actions;
    for (size_t i = before; i < actions->count; i++) {
        const struct action *action = &actions->list[i];
        if (action->kind == ACTION_POST)
            *posted |= (uint64_t)1 << action->shard;
        if (action->kind == ACTION_MOVE) *moved = true;
    }
}

static void guest_bytes(struct host *host, struct guest *guest,
                        struct bytes bytes)
{
    size_t before = host->actions.count;
    struct event event = {
        .kind = EVENT_BYTES, .conn = guest->id, .bytes = bytes};
    host_step(host, &event);
    uint64_t posted = 0;
    bool moved = false;
    actions_look(host, before, &posted, &moved);
    if (posted != 0 && guest->posted == 0) {
        crowd_add(&host->posted, host->pool, guest->id);
    }
    guest->posted |= posted;
    /* What else comes from a guest that moves is for its new shard. */
    if (moved) turn_end(host);
    turn_relieve(host);
}

/* What begins otherwise than MQTT, and what its log line says. */
static const struct {
    const char *start, *what;
} STRANGERS[] = {
    {"\x16\x03", "begins with TLS, and this listener has none: write "
                 "\"certfile\" and \"keyfile\" below its \"listener\" line, or "
                 "let the client speak without TLS"},
    {"GET ", "speaks HTTP or WebSocket, and this port is for MQTT alone: let "
             "the client use mqtt:// in place of ws://, or put a proxy before "
             "it that translates"},
    {"", "does not begin with MQTT's CONNECT: is it here by mistake?"},
};

/* The first words on a connection without TLS. A stranger is told nothing that
 * it understands: the log says what happened. */
static void guest_hear(struct guest *guest, struct bytes bytes)
{
    enum { CONNECT = 0x10 };
    guest->heard = true;
    if (bytes.size == 0 || bytes.data[0] == CONNECT) return;
    size_t i = 0;
    size_t size = strlen(STRANGERS[i].start);
    while (bytes.size < size ||
           memcmp(bytes.data, STRANGERS[i].start, size) != 0) {
        i++;
        size = strlen(STRANGERS[i].start);
    }
    char peer[ADDRESS_TEXT_MAX];
    log_write(host_of(guest)->hosts->log, LEVEL_NOTICE, "stranger", "%s %s",
              address_text(&guest->peer, peer), STRANGERS[i].what);
}

static void on_bytes(struct stream *stream, struct bytes bytes)
{
    struct guest *guest = OWNER(stream, struct guest, stream);
    if (!guest->heard) guest_hear(guest, bytes);
    if (guest->known) guest_bytes(host_of(guest), guest, bytes);
}

static void on_written(struct stream *stream, unsigned count)
{
    struct guest *guest = OWNER(stream, struct guest, stream);
    host_wrote(host_of(guest), guest, count);
}

static void on_ended(struct stream *stream)
{
    struct guest *guest = OWNER(stream, struct guest, stream);
    struct host *host = host_of(guest);
    /* The shard may have closed it in this very turn. */
    turn_end(host);
    if (!guest->known) return;
    struct event event = {.kind = EVENT_CLOSED, .conn = guest->id};
    host_step(host, &event);
    host_end(host, guest, GUEST_GOES);
}

static void on_closed(struct stream *stream)
{
    struct guest *guest = OWNER(stream, struct guest, stream);
    struct host *host = host_of(guest);
    /* One that moved is counted where it is now. */
    if (!guest->moved) atomic_fetch_sub(&host->hosts->connections, 1);
    if (guest->surplus) atomic_fetch_sub(&host->hosts->surplus, 1);
    if (guest->lingers) host->lingering--;
    asks_drop(guest);
    host_unseat(host, guest);
    guest_identify(&host->guests, guest, NULL);
    guest_free(&host->guests, guest);
    arrivals_retry(host);
    if (host->stopping && host->guests.slots.count == 0) uv_stop(&host->loop);
}

static void on_release(void *owner)
{
    body_unref(owner);
}

static void mail_post(struct host *host, struct mail *mail)
{
    struct event event = {.kind = EVENT_POSTED, .post = &mail->post};
    host_step(host, &event);
}

static void mail_moved(struct host *host, struct mail *mail)
{
    struct moved *moved = mail->moved;
    if (host->stopping) {
        arrivals_moved_late(host, moved);
    } else {
        struct guest *guest = arrivals_moved(host, moved);
        struct bytes bytes = bytes_at(moved->bytes, moved->size);
        if (guest != NULL && bytes.size > 0) guest_bytes(host, guest, bytes);
    }
    free(moved);
}

static void mail_reload(struct host *host, struct mail *mail)
{
    struct settings *old = host->settings;
    host->settings = mail->settings;
    struct event event = {.kind = EVENT_RELOADED,
                          .options = &host->settings->options};
    host_step(host, &event);
    asks_reload(&host->asks);
    settings_unref(old);
}

/* The last output had its time. */
static void on_stop(uv_timer_t *timer)
{
    struct host *host = timer->data;
    for (uint32_t i = 0; i < host->guests.slots.end; i++) {
        struct guest *guest = table_get(&host->guests.slots, i);
        if (guest != NULL) stream_cut(&guest->stream);
    }
}

/* Who has not come in yet, does not any more. */
static void greeting_drop(struct host *host)
{
    for (uint32_t i = 0; i < host->guests.slots.end; i++) {
        struct guest *guest = table_get(&host->guests.slots, i);
        if (guest == NULL || guest->stream.state != STREAM_GREETING) continue;
        stream_cut(&guest->stream);
    }
}

static void mail_stop(struct host *host, struct mail *mail)
{
    (void)mail;
    if (host->stopping) return;
    arrivals_stop(host);
    struct event event = {.kind = EVENT_STOPPED};
    host_step(host, &event);
    turn_end(host);
    host->stopping = true;
    greeting_drop(host);
    (void)uv_timer_start(&host->stop, on_stop, HOST_STOP_MS, 0);
    if (host->guests.slots.count == 0) uv_stop(&host->loop);
}

static void mail_committed(struct host *host, struct mail *mail)
{
    struct event event = {.kind = EVENT_COMMITTED, .batch = mail->batch};
    host_step(host, &event);
}

static void mail_storage(struct host *host, struct mail *mail)
{
    struct event event = {.kind = EVENT_STORAGE, .failing = mail->failing};
    host_step(host, &event);
}

static void mail_woken(struct host *host, struct mail *mail)
{
    asks_back(&host->asks, mail->call);
}

static void mail_loaded(struct host *host, struct mail *mail)
{
    struct loaded *loaded = mail->loaded;
    struct event event = {.kind = EVENT_LOADED,
                          .token = loaded->token,
                          .end = loaded->end,
                          .failing = loaded->failing,
                          .page = bytes_at(loaded->bytes, loaded->size)};
    host_step(host, &event);
    free(loaded);
}

typedef void mail_open(struct host *host, struct mail *mail);

static mail_open *const mail_opens[MAIL_KINDS] = {
    [MAIL_POST] = mail_post,       [MAIL_MOVED] = mail_moved,
    [MAIL_RELOAD] = mail_reload,   [MAIL_COMMITTED] = mail_committed,
    [MAIL_STORAGE] = mail_storage, [MAIL_WOKEN] = mail_woken,
    [MAIL_LOADED] = mail_loaded,   [MAIL_STOP] = mail_stop,
};

static void mail_open_all(struct host *host)
{
    struct mailbox *box = host_box(host);
    mailbox_take(box, &host->in);
    for (struct mail *mail; (mail = mails_next(&host->in)) != NULL;) {
        mail_opens[mail->kind](host, mail);
        turn_relieve(host);
    }
    uint64_t waiters = mailbox_settle(box);
    for (uint16_t i = 0; i < host->hosts->count; i++) {
        if ((waiters >> i & 1) != 0) mailbox_wake(&host->hosts->boxes[i]);
    }
    turn_resume(host);
}

static void on_mail(uv_async_t *async)
{
    mail_open_all(async->data);
}

bool host_catch_up(struct host *host)
{
    if (mailbox_is_empty(host_box(host))) return false;
    mail_open_all(host);
    turn_end(host);
    return true;
}

static void host_run(void *argument)
{
    struct host *host = argument;
    (void)uv_run(&host->loop, UV_RUN_DEFAULT);
    atomic_fetch_sub(&host->hosts->running, 1);
    int error = uv_async_send(host->hosts->ended);
    assert(error == 0);
}

enum err host_start(struct host *host)
{
    atomic_fetch_add(&host->hosts->running, 1);
    if (uv_thread_create(&host->thread, host_run, host) != 0) return ERR_IO;
    host->has_thread = true;
    return OK;
}

void host_join(struct host *host)
{
    if (host->has_thread) (void)uv_thread_join(&host->thread);
    host->has_thread = false;
}

void host_close(struct host *host)
{
    arrivals_stop(host);
    /* No mail is opened any more: it could be for a host that is closed. */
    uv_close((uv_handle_t *)&host_box(host)->wake, NULL);
    (void)uv_prepare_stop(&host->turn);
    (void)uv_check_stop(&host->roused);
    (void)uv_timer_stop(&host->tick);
    on_stop(&host->stop);
    (void)uv_run(&host->loop, UV_RUN_NOWAIT);
    streams_fini(&host->streams);
    loop_fini(&host->loop);
    actions_clear(&host->actions);
    shard_free(host->shard);
    mails_fini(&host->in);
    for (size_t i = 0; i < SHARDS_MAX; i++)
        mails_fini(&host->out[i]);
    mailbox_fini(host_box(host));
}

void host_fini(struct host *host)
{
    actions_fini(&host->actions);
    crowd_fini(&host->output, host->pool);
    crowd_fini(&host->posted, host->pool);
    crowd_fini(&host->paused, host->pool);
    crowd_fini(&host->written, host->pool);
    crowd_fini(&host->drained, host->pool);
    guests_fini(&host->guests);
    pool_give(host->pool, host->next, host->next_capacity * sizeof *host->next);
    pool_give(host->pool, host->changes,
              host->change_capacity * sizeof *host->changes);
    pool_free(host->pool);
    settings_unref(host->settings);
}
