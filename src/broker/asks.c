/* asks.c - see asks.h. */
#include "broker/asks.h"

#include "auth/bans.h"
#include "auth/chain.h"
#include "auth/jws.h"
#include "auth/scratch.h"
#include "broker/block.h"
#include "broker/guards.h"
#include "broker/host.h"
#include "broker/worker.h"
#include "core/ask.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { REASON_MAX = 96 };

/* A question, from ACTION_ASK until its answer, or, in a conversation, until
 * the last. */
struct asking {
    struct link of_answered;
    struct guest *guest;
    struct auth_call *call; /* NULL: refused before anybody was asked */
    uint32_t ask;
    enum auth_step step;
    struct auth_answer refusal; /* without `call` */
};

/* A call on a thread of libuv's. */
struct work {
    uv_work_t request;
    struct asks *asks;
    struct auth_call *call;
};

static void runner_work(struct auth_runner *runner, struct auth_call *call);
static void runner_wake(struct auth_runner *runner, struct auth_call *call);

void asks_init(struct asks *asks, struct host *host)
{
    *asks = (struct asks){.runner = {runner_work, runner_wake}, .host = host};
    list_init(&asks->answered);
}

static struct asks *asks_of(struct auth_runner *runner)
{
    return (struct asks *)(void *)runner;
}

/* On one of libuv's threads. */
static void on_work(uv_work_t *request)
{
    struct work *work = request->data;
    worker_yield();
    auth_call_work(work->call);
}

/* Back on the thread of the guest. */
static void on_worked(uv_work_t *request, int status)
{
    struct work *work = request->data;
    (void)status;
    asks_back(work->asks, work->call);
    free(work);
}

static void runner_work(struct auth_runner *runner, struct auth_call *call)
{
    struct asks *asks = asks_of(runner);
    struct work *work = block_grow(NULL, sizeof *work);
    *work = (struct work){.asks = asks, .call = call};
    work->request.data = work;
    int error =
        uv_queue_work(&asks->host->loop, &work->request, on_work, on_worked);
    assert(error == 0);
}

static void runner_wake(struct auth_runner *runner, struct auth_call *call)
{
    const struct host *host = asks_of(runner)->host;
    struct mail mail = {.kind = MAIL_WOKEN, .call = call};
    mailbox_push_one(&host->hosts->boxes[host->index], mail);
}

/* Seconds of a clock that never steps. */
static uint64_t now_s(const struct host *host)
{
    return uv_now(&host->loop) / 1000;
}

static struct bytes ip_of(const struct address *address)
{
    size_t size = address->family == ADDRESS_IPV4   ? 4
                  : address->family == ADDRESS_IPV6 ? 16
                                                    : 0;
    return bytes_at(address->ip, size);
}

/* As much of a text from outside as a line can bear. */
static int shown(struct bytes b)
{
    return (int)(b.size < 128 ? b.size : 128);
}

static void ban_note(struct host *host, const struct guest *guest)
{
    struct hosts *hosts = host->hosts;
    uint32_t banned_s =
        bans_failed(hosts->bans, ip_of(&guest->peer), now_s(host));
    if (banned_s == 0) return;
    char text[ADDRESS_TEXT_MAX];
    log_write(hosts->log, LEVEL_WARNING, "banned",
              "too many failed logins from %s: banned for %u s (SIGUSR1 lists "
              "who is banned, SIGUSR2 lifts all bans)",
              address_text(&guest->peer, text), banned_s);
}

/* A line for each login that is refused, and a mark against its address when a
 * name or password was wrong. */
static void refusal_note(struct host *host, const struct asking *asking)
{
    const struct auth_call *call = asking->call;
    const struct auth_answer *answer = &call->answer;
    const struct auth_request *request = call->request;
    char text[ADDRESS_TEXT_MAX];
    /* A token may be good elsewhere: see jwt_field. */
    struct bytes user = request->user;
    if (jws_looks_like(user)) user = bytes_of("(a token)");
    log_write(host->hosts->log, LEVEL_NOTICE, "login",
              "login refused, address %s, client \"%.*s\", %s%.*s%s: %s",
              address_text(&asking->guest->peer, text),
              shown(request->client_id), (const char *)request->client_id.data,
              request->has_user ? "user \"" : "no user name", shown(user),
              (const char *)user.data, request->has_user ? "\"" : "",
              answer->reason != NULL ? answer->reason : err_text(answer->why));
    asking->guest->refused = true;
    if (answer->why == ERR_CREDENTIALS) ban_note(host, asking->guest);
}

/* One question less. When there are none, what hashing needed is free. */
static void asks_count_down(const struct host *host)
{
    if (atomic_fetch_sub(&host->hosts->asks, 1) == 1) (void)scratch_trim();
}

void asks_back(struct asks *asks, struct auth_call *call)
{
    bool dropped = atomic_load(&call->cancelled);
    auth_call_back(call);
    if (dropped) asks_count_down(asks->host);
}

static void asking_free(struct asking *asking)
{
    struct guest *guest = asking->guest;
    list_remove(&asking->of_answered);
    guest->papers->asking = NULL;
    guest_tidy(&host_of(guest)->guests, guest);
    free(asking);
}

static void asking_answered(struct asking *asking, enum auth_step step)
{
    struct host *host = host_of(asking->guest);
    asking->step = step;
    list_push(&host->asks.answered, &asking->of_answered);
}

static void on_done(struct auth_call *call, enum auth_step step)
{
    struct asking *asking = call->owner;
    if (step == AUTH_REFUSE) {
        refusal_note(host_of(asking->guest), asking);
    }
    asking_answered(asking, step);
}

static void refuse(struct asking *asking, enum err why)
{
    asking->refusal = (struct auth_answer){.why = why};
    asking_answered(asking, AUTH_REFUSE);
}

static enum auth_request_kind kind_of(uint8_t ask_kind)
{
    static const enum auth_request_kind kinds[] = {
        [ASK_CONNECT] = AUTH_CONNECT,
        [ASK_CONTINUE] = AUTH_CONTINUE,
        [ASK_AGAIN] = AUTH_AGAIN,
    };
    return kinds[ask_kind];
}

/* The address without port, for methods that judge by it or pass it on. */
static struct bytes peer_text(const struct address *address,
                              char text[ADDRESS_TEXT_MAX])
{
    (void)address_text(address, text);
    char *end = strrchr(text, ':');
    if (end != NULL) *end = '\0';
    struct bytes b = bytes_of(text);
    if (b.size >= 2 && b.data[0] == '[') b = bytes_at(text + 1, b.size - 2);
    return b;
}

static struct auth_call *call_new(struct asks *asks, struct asking *asking,
                                  const struct ask *ask,
                                  enum auth_request_kind kind)
{
    const struct guest *guest = asking->guest;
    const struct guards *guards = asks->host->settings->guards;
    char text[ADDRESS_TEXT_MAX];
    struct auth_request request = {
        .kind = kind,
        .listener = guest->listener,
        .has_user = ask->has_user,
        .has_password = ask->has_password,
        .has_method = ask->has_method,
        .has_data = ask->has_data,
        .client_id = ask->client_id,
        .user = ask->user,
        .password = ask->password,
        .identity = ask->identity,
        .method = ask->method,
        .data = ask->data,
        .peer = peer_text(&guest->peer, text),
    };
    assert(guest->listener < guards->count);
    return auth_call_new(guards->list[guest->listener].chain, &request,
                         &asks->runner, on_done, asking);
}

/* May a new question be asked? What is wrong goes to `text`. */
static enum err asking_check(const struct host *host, const struct guest *guest,
                             const struct ask *ask, char text[REASON_MAX])
{
    struct hosts *hosts = host->hosts;
    if (atomic_load(&hosts->asks) > ASKS_MAX) {
        (void)snprintf(text, REASON_MAX, "more than %d are under way",
                       ASKS_MAX);
        return ERR_BUSY;
    }
    uint32_t left_s = bans_left(hosts->bans, ip_of(&guest->peer), now_s(host));
    if (left_s > 0) {
        (void)snprintf(text, REASON_MAX, "it is banned for %u s more", left_s);
        return ERR_BANNED;
    }
    if (ask_size(ask) > ASK_BYTES_MAX) {
        (void)snprintf(text, REASON_MAX,
                       "its name, password and data are longer than %d bytes",
                       ASK_BYTES_MAX);
        return ERR_TOO_LARGE;
    }
    return OK;
}

static void asking_begin(struct asks *asks, struct asking *asking,
                         const struct ask *ask, enum auth_request_kind kind)
{
    struct host *host = asks->host;
    struct guest *guest = asking->guest;
    char why[REASON_MAX], from[ADDRESS_TEXT_MAX];
    enum err e = asking_check(host, guest, ask, why);
    if (e != OK) {
        log_write(host->hosts->log, LEVEL_NOTICE, "login",
                  "login refused, address %s: %s",
                  address_text(&guest->peer, from), why);
        guest->refused = true;
        refuse(asking, e);
        return;
    }
    asking->call = call_new(asks, asking, ask, kind);
    if (asking->call == NULL) {
        refuse(asking, ERR_NO_MEMORY);
    } else {
        auth_call_begin(asking->call);
    }
}

void asks_begin(struct asks *asks, struct guest *guest,
                const struct action *action, struct bytes bytes)
{
    struct ask ask;
    enum err e = ask_read(bytes, &ask);
    assert(e == OK);
    struct asking *asking = guest_asking(guest);
    enum auth_request_kind kind = kind_of(action->ask_kind);
    if (kind == AUTH_CONTINUE && asking != NULL) {
        asking->ask = action->ask;
        auth_call_continue(asking->call, ask.has_data, ask.data);
        return;
    }
    asks_drop(guest);
    asking = block_grow(NULL, sizeof *asking);
    *asking = (struct asking){.guest = guest, .ask = action->ask};
    list_init(&asking->of_answered);
    guest_papers(&host_of(guest)->guests, guest)->asking = asking;
    atomic_fetch_add(&host_of(guest)->hosts->asks, 1);
    if (kind == AUTH_CONTINUE) {
        refuse(asking, ERR_PROTOCOL);
    } else {
        asking_begin(asks, asking, &ask, kind);
    }
}

void asks_drop(struct guest *guest)
{
    struct asking *asking = guest_asking(guest);
    if (asking == NULL) return;
    /* One that is at work still counts until it is back. */
    bool busy = asking->call != NULL && asking->call->busy;
    if (!busy) asks_count_down(host_of(guest));
    auth_call_cancel(asking->call);
    asking_free(asking);
}

/* Unix time `expires_s` as in events; 0 stays 0. */
static uint64_t expires_ms(const struct host *host, uint64_t expires_s)
{
    if (expires_s == 0) return 0;
    uint64_t unix_s = (uint64_t)time(NULL);
    uint64_t left_s = expires_s > unix_s ? expires_s - unix_s : 0;
    return host_now_ms(host) + left_s * 1000 + 1;
}

static enum answer_verdict verdict_of(enum auth_step step)
{
    if (step == AUTH_ACCEPT) return ANSWER_ACCEPT;
    return step == AUTH_MORE ? ANSWER_MORE : ANSWER_REFUSE;
}

/* Does what `guest` was let in by stand in the settings of now? */
static bool proof_stands(const struct host *host, const struct guest *guest,
                         uint64_t proof)
{
    const struct guards *guards = host->settings->guards;
    return proof == 0 ||
           auth_chain_stands(guards->list[guest->listener].chain, proof);
}

/* An answer may have been found by settings that are no more. */
static void asking_review(struct host *host, struct asking *asking)
{
    if (asking->step != AUTH_ACCEPT) return;
    struct auth_answer *answer = &asking->call->answer;
    if (proof_stands(host, asking->guest, answer->proof)) {
        guest_papers(&host->guests, asking->guest)->proof = answer->proof;
        return;
    }
    asking->step = auth_answer_refuse(answer, ERR_NOT_AUTHORIZED,
                                      "its password has changed meanwhile");
    refusal_note(host, asking);
}

/* Not more connections under one name than there may be. */
static bool user_counted(struct host *host, struct guest *guest,
                         const struct answer *answer)
{
    const struct door_limits *limits = &host->settings->doors;
    bool counts = answer->verdict == ANSWER_ACCEPT && answer->has_user &&
                  limits->user > 0 && guest_user(guest) == NULL && guest->known;
    if (!counts) return true;
    struct tally_key key;
    struct hosts *hosts = host->hosts;
    if (door_name(&hosts->door, limits, answer->user, &key)) {
        struct guest_papers *papers = guest_papers(&host->guests, guest);
        papers->user = pool_take(host->pool, sizeof *papers->user);
        *papers->user = key;
        return true;
    }
    log_write(hosts->log, LEVEL_NOTICE, "door",
              "user \"%.*s\" has as many connections as there may be "
              "(max_connections_per_user)",
              shown(answer->user), (const char *)answer->user.data);
    return false;
}

static void asking_deliver(struct host *host, struct asking *asking)
{
    asking_review(host, asking);
    struct guest *guest = asking->guest;
    struct auth_call *call = asking->call;
    const struct auth_answer *from =
        call != NULL ? &call->answer : &asking->refusal;
    struct answer answer = {
        .verdict = verdict_of(asking->step),
        .why = from->why,
        .user = from->user,
        .has_user = from->has_user,
        .acl = from->acl,
        .expires_ms = expires_ms(host, from->expires_s),
        .data = from->data,
        .has_data = from->has_data,
    };
    struct event event = {.kind = EVENT_GRANTED,
                          .conn = guest->id,
                          .ask = asking->ask,
                          .answer = &answer};
    if (!user_counted(host, guest, &answer)) {
        answer = (struct answer){.verdict = ANSWER_REFUSE, .why = ERR_QUOTA};
    }
    bool more = asking->step == AUTH_MORE;
    if (guest->known) host_step(host, &event);
    if (more) return;
    asks_count_down(host);
    asking_free(asking);
    auth_call_free(call);
}

void asks_reload(struct asks *asks)
{
    struct host *host = asks->host;
    for (uint32_t i = 0; i < host->guests.slots.end; i++) {
        struct guest *guest = table_get(&host->guests.slots, i);
        if (guest == NULL || !guest->known) continue;
        if (guest_proof(guest) == 0) continue;
        if (proof_stands(host, guest, guest_proof(guest))) continue;
        struct event event = {.kind = EVENT_EXPELLED,
                              .conn = guest->id,
                              .why = ERR_NOT_AUTHORIZED};
        host_step(host, &event);
    }
}

bool asks_deliver(struct asks *asks)
{
    bool any = false;
    while (!list_empty(&asks->answered)) {
        struct asking *asking =
            OWNER(asks->answered.next, struct asking, of_answered);
        list_remove(&asking->of_answered);
        asking_deliver(asks->host, asking);
        any = true;
    }
    return any;
}
