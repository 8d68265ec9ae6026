/* host_test.c - two hosts in threads, around a shard that repeats what it
 * hears.
 *
 * A line "m..." moves the connection to the other shard, "p..." posts to it
 * and closes when the answer is there, "q" closes with a last word; all else
 * comes back.
 */
#include "base/log.h"
#include "broker/host.h"
#include "check.h"
#include "core/message.h"
#include "net/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { BIG = 2 * 1024 * 1024 };

struct shard {
    struct shard_place place;
    struct pool *pool;
    const struct options *options;
    struct conn_id waits;
    unsigned opened, closed, drained, refused;
};

struct shard *shard_new(struct pool *pool, struct shard_place place,
                        const struct options *options, uint64_t now_ms)
{
    CHECK(now_ms > 1500000000000);
    struct shard *shard = pool_take(pool, sizeof *shard);
    *shard = (struct shard){.place = place, .pool = pool, .options = options};
    return shard;
}

void shard_free(struct shard *shard)
{
    pool_give(shard->pool, shard, sizeof *shard);
}

uint64_t shard_deadline_ms(const struct shard *shard)
{
    (void)shard;
    return UINT64_MAX;
}

static void say(struct actions *actions, struct conn_id conn, struct bytes b,
                bool notify)
{
    uint32_t offset = (uint32_t)actions->arena.size;
    buffer_append(&actions->arena, b);
    actions_send(actions, conn, offset, (uint32_t)b.size, NULL, notify);
}

static void hear(struct shard *shard, const struct event *event,
                 struct actions *actions)
{
    uint16_t other = (uint16_t)((shard->place.index + 1) % shard->place.count);
    struct message m = {.payload = event->bytes};
    switch (event->bytes.data[0]) {
    case 'm': {
        struct bytes rest = bytes_skip(event->bytes, 1);
        uint32_t offset = (uint32_t)actions->arena.size;
        buffer_append(&actions->arena, rest);
        struct action *move = actions_add(actions, ACTION_MOVE, event->conn);
        move->shard = other;
        move->offset = offset;
        move->size = (uint32_t)rest.size;
        break;
    }
    case 'p': {
        shard->waits = event->conn;
        struct post *post = actions_post(actions, other, POST_PUBLISH);
        post->from = shard->place.index;
        post->body = message_share(&m, shard->pool);
        message_done(&m);
        break;
    }
    case 'q':
        say(actions, event->conn, bytes_of("bye"), false);
        actions_add(actions, ACTION_CLOSE, event->conn)->linger = true;
        break;
    default: say(actions, event->conn, event->bytes, true); break;
    }
}

static void answer(struct shard *shard, struct post *post,
                   struct actions *actions)
{
    if (post->kind == POST_PUBLISH) {
        struct post *done = actions_post(actions, post->from, POST_DONE);
        done->from = shard->place.index;
        done->body = post->body;
        return;
    }
    uint32_t offset = (uint32_t)actions->arena.size;
    buffer_append(&actions->arena, bytes_of("posted:"));
    actions_send(actions, shard->waits, offset, 7, post->body, false);
    actions_add(actions, ACTION_CLOSE, shard->waits)->linger = true;
    post_drop(post);
}

void shard_step(struct shard *shard, const struct event *event,
                struct actions *actions)
{
    switch (event->kind) {
    case EVENT_OPENED:
        shard->opened++;
        shard->refused += event->refused;
        break;
    case EVENT_BYTES: hear(shard, event, actions); break;
    case EVENT_POSTED: answer(shard, event->post, actions); break;
    case EVENT_DRAINED: shard->drained++; break;
    case EVENT_CLOSED: shard->closed++; break;
    case EVENT_RELOADED: shard->options = event->options; break;
    default: break;
    }
}

static struct world {
    struct hosts hosts;
    struct settings *settings;
    uv_loop_t loop;
    uv_async_t ended;
    struct address at;
} * world;

static void on_ended(uv_async_t *async)
{
    (void)async;
    if (atomic_load(&world->hosts.running) == 0) uv_stop(&world->loop);
}

static void world_start(uint16_t count, uint32_t max_connections)
{
    world = calloc(1, sizeof *world);
    struct hosts *hosts = &world->hosts;
    struct options options;
    options_init(&options);
    world->settings = settings_new(&options, max_connections);
    REQUIRE(uv_loop_init(&world->loop) == 0);
    REQUIRE(uv_async_init(&world->loop, &world->ended, on_ended) == 0);
    hosts->list = calloc(count, sizeof *hosts->list);
    hosts->count = count;
    hosts->ended = &world->ended;
    hosts->epoch_ms = 1600000000000;
    struct log_options log = log_defaults();
    log.levels = LOG_UP_TO(LEVEL_ERROR);
    REQUIRE(log_new(&log, &hosts->log) == OK);
    world->at = (struct address){.family = ADDRESS_IPV4, .ip = {127, 0, 0, 1}};
    for (uint16_t i = 0; i < count; i++) {
        struct host *host = &hosts->list[i];
        REQUIRE(host_init(host, hosts, i, world->settings) == OK);
        int fd = socket_listen(&world->at, true, NULL);
        REQUIRE(fd >= 0);
        REQUIRE(arrivals_listen(host, fd, 0) == OK);
    }
    for (uint16_t i = 0; i < count; i++) {
        REQUIRE(host_start(&hosts->list[i]) == OK);
    }
}

static void world_stop(void)
{
    struct hosts *hosts = &world->hosts;
    for (size_t i = 0; i < hosts->count; i++) {
        mailbox_push_one(&hosts->boxes[i], (struct mail){.kind = MAIL_STOP});
    }
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < hosts->count; i++)
        host_join(&hosts->list[i]);
}

static void world_free(void)
{
    struct hosts *hosts = &world->hosts;
    for (size_t i = 0; i < hosts->count; i++)
        host_close(&hosts->list[i]);
    CHECK_EQ(atomic_load(&hosts->connections), 0);
    for (size_t i = 0; i < hosts->count; i++)
        host_fini(&hosts->list[i]);
    settings_unref(world->settings);
    uv_close((uv_handle_t *)&world->ended, NULL);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&world->loop), 0);
    log_free(hosts->log);
    free(hosts->list);
    free(world);
}

static unsigned sum(size_t offset)
{
    unsigned total = 0;
    for (size_t i = 0; i < world->hosts.count; i++) {
        const char *shard = (const char *)world->hosts.list[i].shard;
        total += *(const unsigned *)(const void *)(shard + offset);
    }
    return total;
}

#define SUM(member) sum(offsetof(struct shard, member))

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(world->at.port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    struct timeval patience = {20, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* Say `text` and expect `want`, then, with `end`, the end. */
static void talk(int fd, const char *text, const char *want, bool end)
{
    char got[64];
    size_t size = 0, want_size = strlen(want);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    while (size < want_size) {
        ssize_t count = read(fd, got + size, sizeof got - size);
        if (count <= 0) break;
        size += (size_t)count;
    }
    CHECK_BYTES(got, size, want, want_size);
    if (end) CHECK_EQ(read(fd, got, 1), 0);
}

static void connections_move_and_shards_talk(void)
{
    world_start(2, 0);
    for (int i = 0; i < 40; i++) {
        int fd = dial();
        talk(fd, "hello", "hello", false);
        if (i % 4 == 1) talk(fd, "mthere", "there", false);
        if (i % 4 == 2) talk(fd, "m", "", false);
        talk(fd, "again", "again", false);
        if (i % 2 == 0) talk(fd, "post", "posted:post", true);
        if (i % 4 == 3) talk(fd, "quit", "bye", true);
        close(fd);
    }
    world_stop();
    CHECK_EQ(SUM(opened), 60);
    CHECK(SUM(drained) > 0);
    world_free();
}

/* Output that does not fit is kept in order, and then told about. */
static void slow_readers_get_everything(void)
{
    world_start(1, 0);
    int fd = dial();
    uint8_t *data = malloc(BIG), *got = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        data[i] = (uint8_t)('A' + i / 7 % 11);
    size_t in = 0, out = 0;
    while (out < BIG) {
        ssize_t put = send(fd, data + in, BIG - in, MSG_DONTWAIT);
        if (put > 0) in += (size_t)put;
        if (put > 0 && in < BIG) continue;
        size_t most = BIG - out < 5000 ? BIG - out : 5000;
        ssize_t count = read(fd, got + out, most);
        REQUIRE(count > 0);
        out += (size_t)count;
    }
    CHECK(memcmp(data, got, BIG) == 0);
    close(fd);
    free(data);
    free(got);
    world_stop();
    CHECK(SUM(drained) > 0);
    world_free();
}

static void too_many_are_told(void)
{
    world_start(1, 1);
    int first = dial(), second = dial();
    talk(second, "x", "x", false);
    talk(first, "y", "y", false);
    close(first);
    close(second);
    world_stop();
    CHECK_EQ(SUM(opened), 2);
    CHECK_EQ(SUM(refused), 1);
    world_free();
}

static void reload_reaches_every_shard(void)
{
    world_start(2, 0);
    struct options options;
    options_init(&options);
    options.listener.max_qos = 1;
    struct settings *next = settings_new(&options, 0);
    for (size_t i = 0; i < 2; i++) {
        struct mail mail = {.kind = MAIL_RELOAD,
                            .settings = settings_ref(next)};
        mailbox_push_one(&world->hosts.boxes[i], mail);
    }
    settings_unref(next);
    world_stop();
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(world->hosts.list[i].shard->options->listener.max_qos, 1);
    }
    world_free();
}

/* Clients that do not go when told to are left behind. */
static void stop_does_not_wait_for_ever(void)
{
    world_start(2, 0);
    int fd = dial();
    talk(fd, "x", "x", false);
    uint64_t start_ms = uv_hrtime() / 1000000;
    world_stop();
    CHECK(uv_hrtime() / 1000000 - start_ms < HOST_STOP_MS * 3);
    CHECK_EQ(SUM(closed), 0);
    world_free();
    close(fd);
}

int main(void)
{
    RUN(connections_move_and_shards_talk);
    RUN(slow_readers_get_everything);
    RUN(too_many_are_told);
    RUN(reload_reaches_every_shard);
    RUN(stop_does_not_wait_for_ever);
    return check_result();
}
