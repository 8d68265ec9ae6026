/* arrivals.c - see arrivals.h. */
#include "broker/arrivals.h"

#include "broker/block.h"
#include "broker/host.h"
#include "net/socket.h"
#include "wire/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The stream of a guest did not open: nothing of it stays. */
static void arrival_fail(struct host *host, struct guest *guest, int fd)
{
    socket_close(fd);
    if (guest->surplus) atomic_fetch_sub(&host->hosts->surplus, 1);
    host_unseat(host, guest);
    guest_identify(&host->guests, guest, NULL);
    guest_free(&host->guests, guest);
    atomic_fetch_sub(&host->hosts->connections, 1);
}

static struct guest *arrival_place(struct host *host, uint16_t listener,
                                   const struct address *peer)
{
    struct guest *guest = guest_new(&host->guests);
    guest->listener = listener;
    guest->peer = *peer;
    return guest;
}

/* The shard is told of it. */
static void arrival_welcome(struct host *host, struct guest *guest)
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
    if (count <= ARRIVALS_REFUSED_MAX) return true;
    atomic_fetch_sub(&hosts->surplus, 1);
    return false;
}

/* Somebody came in by a listener. Where that has TLS, the shard is told after
 * the handshake. */
static void arrival_sit(struct host *host, const struct standing *who,
                        bool refused)
{
    const struct settings *settings = host->settings;
    struct tls_server *server = settings_tls(settings, who->listener);
    struct guest *guest = arrival_place(host, who->listener, &who->peer);
    guest->surplus = refused;
    guest->seated = !refused;
    guest->counted = who->counted;
    guest_identify(&host->guests, guest, who->identity);
    atomic_fetch_add(&host->hosts->connections, 1);
    enum err err =
        server == NULL
            ? stream_open(&guest->stream, &host->streams, who->fd, NULL)
            : stream_greet(&guest->stream, &host->streams, who->fd, server,
                           settings->greeting_ms);
    if (err != OK) {
        arrival_fail(host, guest, who->fd);
    } else if (server == NULL) {
        arrival_welcome(host, guest);
    }
}

/* Those who stood have waited long enough: in, or told that it is full. */
static void on_seats(uv_timer_t *timer)
{
    struct host *host = timer->data;
    struct hosts *hosts = host->hosts;
    struct arrivals *arrivals = &host->arrivals;
    for (size_t i = 0; i < arrivals->standing_count; i++) {
        const struct standing *who = &arrivals->standing[i];
        enum door_answer answer =
            door_sit(&hosts->door, &host->settings->doors, who->listener);
        if (answer == DOOR_OPEN) {
            arrival_sit(host, who, false);
        } else if (surplus_take(hosts)) {
            arrival_sit(host, who, true);
        } else {
            turn_away(host, who, answer);
        }
    }
    arrivals->standing_count = 0;
}

/* Wait for a seat, if there is room to. */
static void who_stands(struct host *host, const struct standing *who,
                       enum door_answer why)
{
    struct arrivals *arrivals = &host->arrivals;
    if (arrivals->standing_count == ARRIVALS_REFUSED_MAX) {
        turn_away(host, who, why);
        return;
    }
    if (arrivals->standing_count == 0) {
        (void)uv_timer_start(&arrivals->seats, on_seats, ARRIVALS_SEAT_MS, 0);
    }
    arrivals->standing[arrivals->standing_count++] = *who;
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
    if (porch_enter(&host->arrivals.porch, &visit, version,
                    settings->proxies.wait_ms) != OK) {
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
    struct host *host = OWNER(porch, struct host, arrivals.porch);
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
    arrival_sit(host, &who, false);
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
        arrival_sit(host, &who, false);
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

void arrivals_init(struct host *host)
{
    struct arrivals *arrivals = &host->arrivals;
    int error = uv_timer_init(&host->loop, &arrivals->seats);
    assert(error == 0);
    arrivals->seats.data = host;
    porch_init(&arrivals->porch, &host->loop, on_visited);
}

enum err arrivals_listen(struct host *host, int fd, uint16_t number)
{
    struct arrivals *arrivals = &host->arrivals;
    size_t max = sizeof arrivals->listeners / sizeof *arrivals->listeners;
    if (arrivals->listener_count == max) {
        socket_close(fd);
        return ERR_FULL;
    }
    struct listener *listener = &arrivals->listeners[arrivals->listener_count];
    listener->accepted = on_accepted;
    listener->strained = on_strained;
    listener->user = host;
    listener->index = number;
    enum err err = listener_start(listener, &host->loop, fd);
    if (err == OK) arrivals->listener_count++;
    return err;
}

void arrivals_retry(struct host *host)
{
    for (size_t i = 0; i < host->arrivals.listener_count; i++)
        listener_retry(&host->arrivals.listeners[i]);
}

void arrivals_stop(struct host *host)
{
    struct arrivals *arrivals = &host->arrivals;
    for (size_t i = 0; i < arrivals->listener_count; i++)
        listener_stop(&arrivals->listeners[i]);
    for (size_t i = 0; i < arrivals->standing_count; i++) {
        const struct standing *who = &arrivals->standing[i];
        if (who->counted) door_part(&host->hosts->door, &who->peer);
        socket_close(who->fd);
    }
    arrivals->standing_count = 0;
    porch_fini(&arrivals->porch);
}

struct guest *arrivals_moved(struct host *host, const struct moved *moved)
{
    struct guest *guest = arrival_place(host, moved->listener, &moved->peer);
    guest->heard = true;
    guest->seated = moved->seated;
    guest->counted = moved->counted;
    guest_identify(&host->guests, guest, moved->identity);
    enum err err =
        stream_open(&guest->stream, &host->streams, moved->fd, moved->shield);
    if (err != OK) {
        shield_free(moved->shield);
        arrival_fail(host, guest, moved->fd);
        return NULL;
    }
    arrival_welcome(host, guest);
    return guest;
}

void arrivals_moved_late(struct host *host, const struct moved *moved)
{
    socket_close(moved->fd);
    shield_free(moved->shield);
    free(moved->identity);
    if (moved->seated) door_rise(&host->hosts->door, moved->listener);
    if (moved->counted) door_part(&host->hosts->door, &moved->peer);
    atomic_fetch_sub(&host->hosts->connections, 1);
}

void arrivals_greeted(struct stream *stream)
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
    arrival_welcome(host_of(guest), guest);
}

void arrivals_refused(struct stream *stream, const char *why)
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
