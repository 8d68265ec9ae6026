/* turn_test.c - what a shard wants, carried out: one host, no thread, and the
 * test on the other end of a socket pair. */
#include "broker/turn.h"
#include "check.h"
#include "core/message.h"
#include "net/socket.h"

#include <sys/socket.h>

/* A shard that only counts: this test adds actions by hand. */
struct shard {
    struct pool *pool;
    unsigned drained;
    uint64_t deadline_ms;
    unsigned ticks;
};

struct shard *shard_new(struct pool *pool, struct shard_place place,
                        const struct options *options, uint64_t now_ms)
{
    (void)place;
    (void)options;
    (void)now_ms;
    struct shard *shard = pool_take(pool, sizeof *shard);
    *shard = (struct shard){.pool = pool, .deadline_ms = UINT64_MAX};
    return shard;
}

void shard_free(struct shard *shard)
{
    pool_give(shard->pool, shard, sizeof *shard);
}

uint64_t shard_deadline_ms(const struct shard *shard)
{
    return shard->deadline_ms;
}

void shard_step(struct shard *shard, const struct event *event,
                struct actions *actions)
{
    (void)actions;
    shard->drained += event->kind == EVENT_DRAINED;
    if (event->kind != EVENT_TICK) return;
    shard->ticks++;
    shard->deadline_ms = UINT64_MAX;
}

static struct hosts hosts;
static struct host *host;
static struct settings *settings;

static void world_open(void)
{
    hosts = (struct hosts){.count = 1, .epoch_ms = 1000};
    struct log_options options = log_defaults();
    options.levels = LOG_UP_TO(LEVEL_ERROR);
    REQUIRE(log_new(&options, &hosts.log) == OK);
    host = hosts.list = calloc(1, sizeof *host);
    struct options core;
    options_init(&core);
    settings = settings_new(&core, 0);
    REQUIRE(host_init(host, &hosts, 0, settings) == OK);
}

static void world_close(void)
{
    host_close(host);
    host_fini(host);
    settings_unref(settings);
    log_free(hosts.log);
    free(host);
}

/* A guest, and the other end of its socket. */
static int guest_add(struct conn_id *id)
{
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    struct guest *guest = guest_new(&host->guests);
    REQUIRE(stream_open(&guest->stream, &host->streams, fds[0], NULL) == OK);
    guest->known = true;
    atomic_fetch_add(&hosts.connections, 1);
    *id = guest->id;
    return fds[1];
}

static void send_text(struct conn_id id, const char *text, struct body *body,
                      bool notify)
{
    uint32_t offset = (uint32_t)host->actions.arena.size;
    buffer_append(&host->actions.arena, bytes_of(text));
    actions_send(&host->actions, id, offset, (uint32_t)strlen(text), body,
                 notify);
}

static void check_far(int fd, const char *want)
{
    char got[1024];
    ssize_t size = read(fd, got, sizeof got);
    CHECK_BYTES(got, size < 0 ? 0 : (size_t)size, want, strlen(want));
}

static void output_leaves_in_order_for_each(void)
{
    world_open();
    struct conn_id a, b;
    int far_a = guest_add(&a), far_b = guest_add(&b);
    struct message m = {.payload = bytes_of("payload")};
    struct body *body = message_share(&m, host->pool);
    message_done(&m);
    send_text(a, "1", NULL, false);
    send_text(b, "2", body, false);
    send_text(a, "3", NULL, true);
    send_text(a, "4", body, true);
    body_unref(body);
    turn_end(host);
    check_far(far_a, "134payload");
    check_far(far_b, "2payload");
    CHECK_EQ(host->actions.count, 0);
    CHECK_EQ(host->shard->drained, 0);
    turn_written(host);
    CHECK_EQ(host->shard->drained, 2);
    turn_written(host);
    CHECK_EQ(host->shard->drained, 2);
    close(far_a);
    close(far_b);
    world_close();
}

/* More small packets than go into one call. */
static void long_chains_leave_whole(void)
{
    world_open();
    struct conn_id a;
    int far = guest_add(&a);
    char want[1001] = "";
    for (int i = 0; i < 1000; i++) {
        want[i] = (char)('a' + i % 26);
        char text[2] = {want[i], '\0'};
        send_text(a, text, NULL, false);
    }
    turn_end(host);
    check_far(far, want);
    close(far);
    world_close();
}

static void close_comes_after_output(void)
{
    world_open();
    struct conn_id a, b;
    int far_a = guest_add(&a), far_b = guest_add(&b);
    send_text(a, "bye", NULL, false);
    actions_add(&host->actions, ACTION_CLOSE, a)->linger = true;
    send_text(a, "never", NULL, false);
    actions_add(&host->actions, ACTION_CLOSE, b);
    turn_end(host);
    check_far(far_a, "bye");
    check_far(far_a, "");
    check_far(far_b, "");
    CHECK(!guest_find(&host->guests, a)->known);
    CHECK_EQ(guest_find(&host->guests, a)->stream.state, STREAM_DRAINING);
    CHECK_EQ(guest_find(&host->guests, b)->stream.state, STREAM_CLOSED);
    close(far_a);
    close(far_b);
    world_close();
}

static void pause_and_resume(void)
{
    world_open();
    struct conn_id a;
    int far = guest_add(&a);
    struct guest *guest = guest_find(&host->guests, a);
    actions_add(&host->actions, ACTION_PAUSE, a);
    turn_end(host);
    CHECK(!guest->stream.reading);
    actions_add(&host->actions, ACTION_RESUME, a);
    turn_end(host);
    CHECK(guest->stream.reading);
    close(far);
    world_close();
}

static void moved_sockets_go_by_mail(void)
{
    world_open();
    struct conn_id a;
    int far = guest_add(&a);
    buffer_append(&host->actions.arena, bytes_of("rest"));
    struct action *move = actions_add(&host->actions, ACTION_MOVE, a);
    move->size = 4;
    turn_end(host);
    struct mails in = {0};
    mailbox_take(&hosts.boxes[0], &in);
    REQUIRE(in.count == 1);
    const struct mail *mail = in.first->list;
    REQUIRE(mail->kind == MAIL_MOVED);
    CHECK_BYTES(mail->moved->bytes, mail->moved->size, "rest", 4);
    CHECK_EQ(write(mail->moved->fd, "x", 1), 1);
    check_far(far, "x");
    (void)mailbox_settle(&hosts.boxes[0]);
    mails_fini(&in);
    close(far);
    world_close();
    CHECK_EQ(atomic_load(&hosts.connections), 1);
}

/* Whoever fills a mailbox is not read until there is room. */
static void full_mailboxes_pause_who_fills_them(void)
{
    world_open();
    struct conn_id a, b;
    int far_a = guest_add(&a), far_b = guest_add(&b);
    struct guest *guilty = guest_find(&host->guests, a);
    struct guest *other = guest_find(&host->guests, b);
    size_t count = MAILBOX_HIGH / MAIL_WEIGHT + 1;
    for (size_t i = 0; i < count; i++) {
        (void)actions_post(&host->actions, 0, POST_EXPECT);
    }
    guilty->posted = 1;
    crowd_add(&host->posted, host->pool, a);
    turn_end(host);
    CHECK(guilty->host_paused && !guilty->stream.reading);
    CHECK(!other->host_paused && other->stream.reading);
    turn_resume(host);
    CHECK(guilty->host_paused);
    struct mails in = {0};
    mailbox_take(&hosts.boxes[0], &in);
    CHECK_EQ(in.count, count);
    CHECK_EQ(mailbox_settle(&hosts.boxes[0]), 1);
    turn_resume(host);
    CHECK(!guilty->host_paused && guilty->stream.reading);
    mails_fini(&in);
    close(far_a);
    close(far_b);
    world_close();
}

static void large_turns_end_early(void)
{
    world_open();
    struct conn_id a;
    int far = guest_add(&a);
    send_text(a, "x", NULL, false);
    turn_relieve(host);
    CHECK_EQ(host->actions.count, 1);
    while (host->actions.count < TURN_ACTIONS_MAX) {
        (void)actions_add(&host->actions, ACTION_RESUME, a);
    }
    turn_relieve(host);
    CHECK_EQ(host->actions.count, 0);
    close(far);
    world_close();
}

/* Much output for one guest makes the next read shorter. */
static void reads_follow_output(void)
{
    world_open();
    struct conn_id a;
    int far = guest_add(&a);
    char text[4001] = "";
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 40; i++)
        send_text(a, text, NULL, false);
    turn_end(host);
    CHECK_EQ(host->streams.read_size, STREAM_READ_MAX / 2);
    turn_end(host);
    CHECK_EQ(host->streams.read_size, STREAM_READ_MAX / 2);
    send_text(a, "x", NULL, false);
    turn_end(host);
    CHECK_EQ(host->streams.read_size, STREAM_READ_MAX);
    send_text(a, "x", NULL, false);
    turn_end(host);
    CHECK_EQ(host->streams.read_size, STREAM_READ_MAX);
    close(far);
    world_close();
}

static void ticks_come_when_wanted(void)
{
    world_open();
    uv_update_time(&host->loop);
    host->shard->deadline_ms = host_now_ms(host) + 20;
    turn_end(host);
    uint64_t start_ms = uv_now(&host->loop);
    while (host->shard->ticks == 0)
        (void)uv_run(&host->loop, UV_RUN_ONCE);
    CHECK(uv_now(&host->loop) - start_ms >= 20);
    CHECK_EQ(host->shard->ticks, 1);
    world_close();
}

int main(void)
{
    RUN(output_leaves_in_order_for_each);
    RUN(long_chains_leave_whole);
    RUN(close_comes_after_output);
    RUN(pause_and_resume);
    RUN(moved_sockets_go_by_mail);
    RUN(full_mailboxes_pause_who_fills_them);
    RUN(large_turns_end_early);
    RUN(reads_follow_output);
    RUN(ticks_come_when_wanted);
    return check_result();
}
