/* host.c - see host.h. */
#include "broker/host.h"

#include "broker/block.h"
#include "broker/loop.h"
#include "broker/turn.h"
#include "core/message.h"
#include "net/socket.h"
#include "wire/utf8.h"

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
static void on_greeted(struct stream *stream);
static void on_refused(struct stream *stream, const char *why);
static void on_visited(struct porch *porch, const struct porch_visit *visit,
                       enum err err, const struct proxy *proxy);

static const struct stream_user stream_user = {
    .bytes = on_bytes,
    .written = on_written,
    .ended = on_ended,
    .closed = on_closed,
    .release = on_release,
    .greeted = on_greeted,
    .refused = on_refused,
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
    error |= uv_timer_init(loop, &host->seats);
    assert(error == 0);
    host->turn.data = host->roused.data = host->again.data = host;
    host->tick.data = host->stop.data = host->seats.data = host;
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
    porch_init(&host->porch, &host->loop, on_visited);
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

/* The turn ends before the loop waits. What it has written may let the shard
 * go on, and there may be mail: then the loop does not wait, but looks for
 * other work in between. */
static void on_turn(uv_prepare_t *prepare)
{
    struct host *host = prepare->data;
    if (!mailbox_is_empty(host_box(host))) mail_open_all(host);
    turn_written(host);
    turn_end(host);
    while (asks_deliver(&host->asks))
        turn_end(host);
    if (host->written.count == 0 && mailbox_doze(host_box(host))) {
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

/* What its proxy has seen proven is `identity`, which is taken, from now on;
 * NULL: nothing. */
static void identity_take(struct host *host, struct guest *guest,
                          char *identity)
{
    if (identity == guest_identity(guest)) return;
    free(guest_identity(guest));
    guest_papers(&host->guests, guest)->identity = identity;
    guest_tidy(&host->guests, guest);
}

/* The stream of a guest did not open: nothing of it stays. */
static void guest_fail(struct host *host, struct guest *guest, int fd)
{
    socket_close(fd);
    if (guest->surplus) atomic_fetch_sub(&host->hosts->surplus, 1);
    host_unseat(host, guest);
    identity_take(host, guest, NULL);
    guest_free(&host->guests, guest);
    atomic_fetch_sub(&host->hosts->connections, 1);
}

static struct guest *guest_place(struct host *host, uint16_t listener,
                                 const struct address *peer)
{
    struct guest *guest = guest_new(&host->guests);
    guest->listener = listener;
    guest->peer = *peer;
    return guest;
}

/* The shard is told of it. */
static void guest_welcome(struct host *host, struct guest *guest)
{
    const char *identity = guest_identity(guest);
    if (identity == NULL) identity = stream_identity(&guest->stream);
    struct event event = {.kind = EVENT_OPENED,
                          .conn = guest->id,
                          .refused = guest->surplus,
                          .identity = bytes_at(identity, strlen(identity)),
                          .listener = guest->listener};
    guest->known = true;
    host_step(host, &event);
}

/* Nobody hears why: a line in the log, and a figure. */
static void turn_away(struct host *host, const struct standing *who,
                      enum door_answer why)
{
    struct hosts *hosts = host->hosts;
    char peer[ADDRESS_TEXT_MAX];
    if (who->counted) door_part(&hosts->door, &who->peer);
    log_write(hosts->log, LEVEL_NOTICE, "door",
              "a connection from %s is closed: %s",
              address_text(&who->peer, peer), door_why(why));
    if (who->fd >= 0) socket_close(who->fd);
    struct event event = {.kind = EVENT_TURNED_AWAY};
    host_step(host, &event);
}

/* One more than there are seats, that can be told so? */
static bool surplus_take(struct hosts *hosts)
{
    unsigned count = atomic_fetch_add(&hosts->surplus, 1) + 1;
    if (count <= HOSTS_REFUSED_MAX) return true;
    atomic_fetch_sub(&hosts->surplus, 1);
    return false;
}

/* Somebody came in by a listener. Where that has TLS, the shard is told after
 * the handshake. */
static void guest_arrive(struct host *host, const struct standing *who,
                         bool refused)
{
    const struct settings *settings = host->settings;
    struct tls_server *server = settings_tls(settings, who->listener);
    struct guest *guest = guest_place(host, who->listener, &who->peer);
    guest->surplus = refused;
    guest->seated = !refused;
    guest->counted = who->counted;
    identity_take(host, guest, who->identity);
    atomic_fetch_add(&host->hosts->connections, 1);
    enum err err =
        server == NULL
            ? stream_open(&guest->stream, &host->streams, who->fd, NULL)
            : stream_greet(&guest->stream, &host->streams, who->fd, server,
                           settings->greeting_ms);
    if (err != OK) {
        guest_fail(host, guest, who->fd);
    } else if (server == NULL) {
        guest_welcome(host, guest);
    }
}

static void on_greeted(struct stream *stream)
{
    struct guest *guest = OWNER(stream, struct guest, stream);
    struct log *log = host_of(guest)->hosts->log;
    guest->heard = true;
    if (log_wants(log, LEVEL_DEBUG)) {
        char peer[ADDRESS_TEXT_MAX], text[TUNNEL_TEXT_MAX];
        tunnel_describe(stream->shield->tunnel, text);
        log_write(log, LEVEL_DEBUG, "tls", "%s speaks %s",
                  address_text(&guest->peer, peer), text);
    }
    guest_welcome(host_of(guest), guest);
}

static void on_refused(struct stream *stream, const char *why)
{
    const struct guest *guest = OWNER(stream, struct guest, stream);
    struct log *log = host_of(guest)->hosts->log;
    char peer[ADDRESS_TEXT_MAX];
    (void)address_text(&guest->peer, peer);
    if (why == NULL) {
        log_write(log, LEVEL_DEBUG, "tls", "%s came and went without a word",
                  peer);
        return;
    }
    log_write(log, LEVEL_NOTICE, "tls", "no TLS with %s: %s", peer, why);
}

static void standing_drop(struct host *host)
{
    for (size_t i = 0; i < host->standing_count; i++) {
        const struct standing *who = &host->standing[i];
        if (who->counted) door_part(&host->hosts->door, &who->peer);
        socket_close(who->fd);
    }
    host->standing_count = 0;
}

/* Those who stood have waited long enough: in, or told that it is full. */
static void on_seats(uv_timer_t *timer)
{
    struct host *host = timer->data;
    struct hosts *hosts = host->hosts;
    for (size_t i = 0; i < host->standing_count; i++) {
        const struct standing *who = &host->standing[i];
        enum door_answer answer =
            door_sit(&hosts->door, &host->settings->doors, who->listener);
        if (answer == DOOR_OPEN) {
            guest_arrive(host, who, false);
        } else if (surplus_take(hosts)) {
            guest_arrive(host, who, true);
        } else {
            turn_away(host, who, answer);
        }
    }
    host->standing_count = 0;
}

/* Wait for a seat, if there is room to. */
static void who_stands(struct host *host, const struct standing *who,
                       enum door_answer why)
{
    if (host->standing_count == HOSTS_REFUSED_MAX) {
        turn_away(host, who, why);
        return;
    }
    if (host->standing_count == 0) {
        (void)uv_timer_start(&host->seats, on_seats, HOST_SEAT_MS, 0);
    }
    host->standing[host->standing_count++] = *who;
}

/* A proxy brings somebody: it holds a seat while it says whom. */
static void visit_begin(struct host *host, const struct standing *who)
{
    const struct settings *settings = host->settings;
    struct door *door = &host->hosts->door;
    enum door_answer answer = DOOR_STRANGER;
    if (settings_trust(settings, &who->peer)) {
        answer = door_sit(door, &settings->doors, who->listener);
    }
    if (answer != DOOR_OPEN) {
        turn_away(host, who, answer);
        return;
    }
    struct porch_visit visit = {who->fd, who->listener, who->peer};
    unsigned version = settings->proxies.listeners[who->listener].version;
    if (porch_enter(&host->porch, &visit, version, settings->proxies.wait_ms) !=
        OK) {
        door_rise(door, who->listener);
    }
}

/* Can it be a user name? */
static bool name_is_fit(struct bytes name)
{
    return name.size > 0 && utf8_valid(name);
}

/* Where the connection comes from, if it may come in. */
static enum door_answer visit_judge(struct host *host, struct standing *who,
                                    const struct proxy *proxy)
{
    const struct settings *settings = host->settings;
    const struct proxy_rule *rule = &settings->proxies.listeners[who->listener];
    if (rule->require_certificate && !proxy->proven) return DOOR_UNPROVEN;
    if (rule->identity && !name_is_fit(proxy->common_name)) {
        return DOOR_UNPROVEN;
    }
    /* The proxy's own connections, to see whether we live. */
    if (!proxy->named) return DOOR_OPEN;
    if (rule->require_tls && !proxy->tls) return DOOR_PLAIN;
    who->peer = proxy->from;
    return door_meet(&host->hosts->door, &settings->doors, &who->peer,
                     host_now_ms(host), &who->counted);
}

static void on_visited(struct porch *porch, const struct porch_visit *visit,
                       enum err err, const struct proxy *proxy)
{
    struct host *host = OWNER(porch, struct host, porch);
    struct standing who = {
        .fd = visit->fd, .listener = visit->listener, .peer = visit->peer};
    enum door_answer answer = DOOR_HEADER;
    if (err == OK) answer = visit_judge(host, &who, proxy);
    if (answer != DOOR_OPEN) {
        door_rise(&host->hosts->door, who.listener);
        if (err != OK) who.fd = -1;
        turn_away(host, &who, answer);
        return;
    }
    struct bytes name = proxy->common_name;
    if (host->settings->proxies.listeners[who.listener].identity) {
        who.identity = block_grow(NULL, name.size + 1);
        memcpy(who.identity, name.data, name.size);
        who.identity[name.size] = '\0';
    }
    guest_arrive(host, &who, false);
}

static void on_accepted(struct listener *listener, int fd,
                        const struct address *peer)
{
    struct host *host = listener->user;
    struct door *door = &host->hosts->door;
    const struct door_limits *limits = &host->settings->doors;
    struct standing who = {
        .fd = fd, .listener = listener->index, .peer = *peer};
    if (host->settings->proxies.listeners[who.listener].version > 0) {
        visit_begin(host, &who);
        return;
    }
    enum door_answer answer =
        door_meet(door, limits, peer, host_now_ms(host), &who.counted);
    if (answer != DOOR_OPEN) {
        turn_away(host, &who, answer);
        return;
    }
    answer = door_sit(door, limits, who.listener);
    if (answer == DOOR_OPEN) {
        guest_arrive(host, &who, false);
    } else {
        who_stands(host, &who, answer);
    }
}

static void on_strained(struct listener *listener, int error)
{
    const struct host *host = listener->user;
    log_write(host->hosts->log, LEVEL_WARNING, "strained",
              "cannot accept connections for now: %s; raise the limit of open "
              "files (ulimit -n, or LimitNOFILE= in the systemd unit)",
              uv_strerror(error));
}

enum err host_listen(struct host *host, int fd, uint16_t number)
{
    size_t max = sizeof host->listeners / sizeof *host->listeners;
    if (host->listener_count == max) {
        socket_close(fd);
        return ERR_FULL;
    }
    struct listener *listener = &host->listeners[host->listener_count];
    listener->accepted = on_accepted;
    listener->strained = on_strained;
    listener->user = host;
    listener->index = number;
    enum err err = listener_start(listener, &host->loop, fd);
    if (err == OK) host->listener_count++;
    return err;
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

/* The first words on a connection without TLS. Who begins with TLS here is told
 * nothing that it understands: the log says what happened. */
static void guest_hear(struct guest *guest, struct bytes bytes)
{
    guest->heard = true;
    if (bytes.size < 2 || bytes.data[0] != 0x16 || bytes.data[1] != 0x03) {
        return;
    }
    char peer[ADDRESS_TEXT_MAX];
    log_write(host_of(guest)->hosts->log, LEVEL_NOTICE, "tls",
              "%s begins with TLS, and this listener has none: write "
              "\"certfile\" and \"keyfile\" below its \"listener\" line, or "
              "let the client speak without TLS",
              address_text(&guest->peer, peer));
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
    identity_take(host, guest, NULL);
    guest_free(&host->guests, guest);
    for (size_t i = 0; i < host->listener_count; i++) {
        listener_retry(&host->listeners[i]);
    }
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

/* A connection came from another thread. */
static void moved_place(struct host *host, const struct moved *moved)
{
    struct guest *guest = guest_place(host, moved->listener, &moved->peer);
    guest->heard = true;
    guest->seated = moved->seated;
    guest->counted = moved->counted;
    identity_take(host, guest, moved->identity);
    enum err err =
        stream_open(&guest->stream, &host->streams, moved->fd, moved->shield);
    if (err != OK) {
        shield_free(moved->shield);
        guest_fail(host, guest, moved->fd);
        return;
    }
    guest_welcome(host, guest);
    if (moved->size == 0) return;
    guest_bytes(host, guest, bytes_at(moved->bytes, moved->size));
}

static void mail_moved(struct host *host, struct mail *mail)
{
    struct moved *moved = mail->moved;
    if (host->stopping) {
        socket_close(moved->fd);
        shield_free(moved->shield);
        free(moved->identity);
        if (moved->seated) door_rise(&host->hosts->door, moved->listener);
        if (moved->counted) door_part(&host->hosts->door, &moved->peer);
        atomic_fetch_sub(&host->hosts->connections, 1);
    } else {
        moved_place(host, moved);
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
    for (size_t i = 0; i < host->listener_count; i++) {
        listener_stop(&host->listeners[i]);
    }
    standing_drop(host);
    porch_fini(&host->porch);
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
    for (size_t i = 0; i < host->listener_count; i++) {
        listener_stop(&host->listeners[i]);
    }
    /* No mail is opened any more: it could be for a host that is closed. */
    uv_close((uv_handle_t *)&host_box(host)->wake, NULL);
    standing_drop(host);
    porch_fini(&host->porch);
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
