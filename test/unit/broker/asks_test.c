/* asks_test.c - questions of a shard are answered once, after the turn, and
 * not to those who have gone. The shard here only remembers what it is told. */
#include "auth/bans.h"
#include "auth/passhash.h"
#include "broker/asks.h"
#include "broker/guards.h"
#include "broker/host.h"
#include "broker/loop.h"
#include "check.h"
#include "core/ask.h"
#include "unit_pool.h"

struct shard {
    unsigned granted;
    uint32_t ask;
    struct conn_id conn;
    enum answer_verdict verdict;
    enum err why;
    char user[32];
};

struct shard *shard_new(struct pool *pool, struct shard_place place,
                        const struct options *options, uint64_t now_ms)
{
    (void)place;
    (void)options;
    (void)now_ms;
    return pool_take(pool, sizeof(struct shard));
}

void shard_free(struct shard *shard)
{
    (void)shard;
}

uint64_t shard_deadline_ms(const struct shard *shard)
{
    (void)shard;
    return UINT64_MAX;
}

void shard_step(struct shard *shard, const struct event *event,
                struct actions *actions)
{
    (void)actions;
    if (!CHECK_EQ(event->kind, EVENT_GRANTED)) return;
    const struct answer *answer = event->answer;
    shard->granted += 1;
    shard->ask = event->ask;
    shard->conn = event->conn;
    shard->verdict = answer->verdict;
    shard->why = answer->why;
    (void)snprintf(shard->user, sizeof shard->user, "%.*s",
                   (int)answer->user.size, (const char *)answer->user.data);
}

static char path[] = "/tmp/mogi-asks-XXXXXX",
            log_path[] = "/tmp/mogi-log-XXXXXX";

static struct stage {
    struct hosts hosts;
    struct host host;
    struct shard shard;
    struct config config;
    struct guards *guards;
} * stage;

static void guards_make(void)
{
    struct config_reports reports = {0};
    config_init(&stage->config);
    struct config_listener *listener = config_listener_add(&stage->config);
    listener->entry.anonymous = ANONYMOUS_NO;
    (void)snprintf(listener->entry.password_file, CONFIG_TEXT_MAX, "%s", path);
    stage->config.auth_cache_s = 0;
    REQUIRE(guards_new(&stage->config, &stage->guards, &reports) == OK);
    report_fini(&reports.notes);
    stage->host.settings = settings_of(&stage->config, stage->guards, NULL);
}

static void stage_start(void)
{
    stage = calloc(1, sizeof *stage);
    struct host *host = &stage->host;
    struct bans_options bans = {3, 60, 60};
    struct log_options log = log_defaults();
    log.to_stderr = false;
    log.file = log_path;
    REQUIRE(truncate(log_path, 0) == 0);
    REQUIRE(log_new(&log, &stage->hosts.log) == OK);
    stage->hosts.bans = bans_new(&bans);
    host->hosts = &stage->hosts;
    host->shard = &stage->shard;
    host->pool = unit_pool();
    REQUIRE(stage->hosts.bans != NULL && host->pool != NULL);
    REQUIRE(uv_loop_init(&host->loop) == 0);
    guests_init(&host->guests, host->pool);
    asks_init(&host->asks, host);
    guards_make();
}

static void stage_end(void)
{
    struct host *host = &stage->host;
    loop_fini(&host->loop);
    CHECK_EQ(atomic_load(&stage->hosts.asks), 0);
    guests_fini(&host->guests);
    pool_free(host->pool);
    settings_unref(host->settings);
    guards_unref(stage->guards);
    bans_free(stage->hosts.bans);
    log_free(stage->hosts.log);
    free(stage);
}

static struct guest *guest_come(uint8_t last)
{
    struct guest *guest = guest_new(&stage->host.guests);
    guest->stream.all = &stage->host.streams;
    guest->known = true;
    guest->peer = (struct address){
        .family = ADDRESS_IPV4, .ip = {10, 0, 0, last}, .port = 9};
    return guest;
}

static void guest_go(struct guest *guest)
{
    asks_drop(guest);
    guest_free(&stage->host.guests, guest);
}

/* As ACTION_ASK in a turn. */
static void begin(struct guest *guest, enum ask_kind kind, uint32_t number,
                  const char *password)
{
    uint8_t bytes[ASK_BYTES_MAX + 256];
    struct ask ask = {.client_id = bytes_of("c\n1"),
                      .has_user = true,
                      .user = bytes_of("ann"),
                      .has_password = true,
                      .password = bytes_of(password)};
    struct writer w = writer_at(bytes, sizeof bytes);
    ask_write(&w, &ask);
    struct action action = {.kind = ACTION_ASK,
                            .conn = guest->id,
                            .ask = number,
                            .ask_kind = (uint8_t)kind};
    asks_begin(&stage->host.asks, guest, &action,
               bytes_at(bytes, ask_size(&ask)));
}

/* Let the workers work; then the turn is over. */
static bool deliver(void)
{
    (void)uv_run(&stage->host.loop, UV_RUN_DEFAULT);
    return asks_deliver(&stage->host.asks);
}

static bool logged(const char *text)
{
    char all[16384] = "";
    FILE *file = fopen(log_path, "r");
    REQUIRE(file != NULL);
    size_t size = fread(all, 1, sizeof all - 1, file);
    all[size] = '\0';
    fclose(file);
    return strstr(all, text) != NULL;
}

static void passwords_are_answered(void)
{
    stage_start();
    struct guest *guest = guest_come(1);
    begin(guest, ASK_CONNECT, 7, "secret");
    CHECK_EQ(stage->shard.granted, 0);
    CHECK(deliver());
    CHECK(!deliver());
    CHECK_EQ(stage->shard.granted, 1);
    CHECK_EQ(stage->shard.ask, 7);
    CHECK_EQ(stage->shard.conn.v, guest->id.v);
    CHECK_EQ(stage->shard.verdict, ANSWER_ACCEPT);
    CHECK_STR(stage->shard.user, "ann");
    CHECK(guest_asking(guest) == NULL);
    begin(guest, ASK_CONNECT, 8, "wrong");
    CHECK(deliver());
    CHECK_EQ(stage->shard.verdict, ANSWER_REFUSE);
    CHECK_EQ(stage->shard.why, ERR_CREDENTIALS);
    CHECK(logged("login refused, address 10.0.0.1:9, client \"c\\x0a1\", user "
                 "\"ann\": the password is wrong"));
    guest_go(guest);
    stage_end();
}

static void who_has_gone_hears_nothing(void)
{
    stage_start();
    struct guest *guest = guest_come(1), *other = guest_come(2);
    begin(guest, ASK_CONNECT, 1, "wrong");
    begin(other, ASK_CONNECT, 2, "secret");
    guest_go(guest);
    CHECK(deliver());
    CHECK_EQ(stage->shard.granted, 1);
    CHECK_EQ(stage->shard.ask, 2);
    /* One that was answered, and goes before it is told. */
    begin(other, ASK_CONNECT, 3, "secret");
    (void)uv_run(&stage->host.loop, UV_RUN_DEFAULT);
    guest_go(other);
    CHECK(!asks_deliver(&stage->host.asks));
    CHECK_EQ(stage->shard.granted, 1);
    stage_end();
}

static void a_new_question_takes_the_place_of_the_old(void)
{
    stage_start();
    struct guest *guest = guest_come(1);
    begin(guest, ASK_CONNECT, 1, "secret");
    begin(guest, ASK_AGAIN, 2, "secret");
    CHECK(deliver());
    CHECK_EQ(stage->shard.granted, 1);
    CHECK_EQ(stage->shard.ask, 2);
    begin(guest, ASK_CONTINUE, 3, "");
    CHECK(deliver());
    CHECK_EQ(stage->shard.why, ERR_PROTOCOL);
    guest_go(guest);
    stage_end();
}

static void failures_ban_an_address(void)
{
    stage_start();
    struct guest *guest = guest_come(1), *other = guest_come(2);
    for (uint32_t i = 0; i < 3; i++) {
        begin(guest, ASK_CONNECT, i, "wrong");
        CHECK(deliver());
        CHECK_EQ(stage->shard.why, ERR_CREDENTIALS);
    }
    CHECK(logged("too many failed logins from 10.0.0.1:9: banned for 60 s"));
    begin(guest, ASK_CONNECT, 4, "secret");
    CHECK(deliver());
    CHECK_EQ(stage->shard.why, ERR_BANNED);
    CHECK(logged("address 10.0.0.1:9: it is banned for 60 s more"));
    begin(other, ASK_CONNECT, 5, "secret");
    CHECK(deliver());
    CHECK_EQ(stage->shard.verdict, ANSWER_ACCEPT);
    guest_go(guest);
    guest_go(other);
    stage_end();
}

static void long_ones_are_refused(void)
{
    stage_start();
    struct guest *guest = guest_come(1);
    static char password[ASK_BYTES_MAX];
    memset(password, 'x', sizeof password - 1);
    begin(guest, ASK_CONNECT, 1, password);
    CHECK(deliver());
    CHECK_EQ(stage->shard.why, ERR_TOO_LARGE);
    CHECK(logged("are longer than 16384 bytes"));
    guest_go(guest);
    stage_end();
}

static void too_many_are_told_to_come_later(void)
{
    stage_start();
    struct guest *guest = guest_come(1);
    atomic_fetch_add(&stage->hosts.asks, ASKS_MAX);
    begin(guest, ASK_CONNECT, 1, "secret");
    CHECK(deliver());
    CHECK_EQ(stage->shard.why, ERR_BUSY);
    atomic_fetch_sub(&stage->hosts.asks, ASKS_MAX);
    guest_go(guest);
    stage_end();
}

int main(void)
{
    char hash[PASSHASH_TEXT_MAX];
    REQUIRE(passhash_make(PASSHASH_PBKDF2, 1, bytes_of("secret"), hash) == OK);
    int fd = mkstemp(path), log_fd = mkstemp(log_path);
    REQUIRE(fd >= 0 && log_fd >= 0);
    dprintf(fd, "ann:%s\n", hash);
    close(fd);
    close(log_fd);
    RUN(passwords_are_answered);
    RUN(who_has_gone_hears_nothing);
    RUN(a_new_question_takes_the_place_of_the_old);
    RUN(failures_ban_an_address);
    RUN(long_ones_are_refused);
    RUN(too_many_are_told_to_come_later);
    unlink(path);
    unlink(log_path);
    /* The threads of libuv end before OpenSSL does, and what it keeps for each
     * of them goes with it. */
    uv_library_shutdown();
    return check_result();
}
