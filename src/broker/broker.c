/* broker.c - see broker.h. */
#include "broker/broker.h"

#include "broker/banlist.h"
#include "broker/block.h"
#include "broker/guards.h"
#include "broker/help.h"
#include "broker/host.h"
#include "broker/lookout.h"
#include "broker/loop.h"
#include "broker/ports.h"
#include "broker/privileges.h"
#include "broker/process.h"
#include "broker/seals.h"
#include "broker/storage.h"
#include "broker/welcome.h"
#include "broker/worker.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct broker {
    struct config config;
    struct config_reports reports;
    char **arguments;
    size_t argument_count;
    struct log *log;
    struct hosts hosts;
    struct settings *settings;
    struct guards *guards; /* those of `settings` */
    struct seals *seals;   /* likewise */
    struct lookout lookout;
    struct ports ports;
    uint64_t files; /* that may be open */
    struct privileges privileges;
    uv_loop_t loop; /* of the main thread: signals, and the threads' ends */
    uv_async_t ended;
    uv_signal_t signals[5];
    bool stopping;
    int starter; /* the command that waits for a daemon to start, or -1 */
};

static void on_signal(uv_signal_t *handle, int number);

/* Errors of the configuration, to whoever typed the command. */
static void errors_print(struct config_reports *reports)
{
    const struct report *errors = &reports->errors;
    for (size_t i = 0; i < errors->count; i++) {
        (void)fprintf(stderr, "mogi: %s\n", errors->lines[i]);
    }
    if (errors->lost > 0) {
        (void)fprintf(stderr, "mogi: and %zu more\n", errors->lost);
    }
}

static void report_log(struct broker *broker, enum log_level level,
                       struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        log_write(broker->log, level, NULL, "%s", report->lines[i]);
    }
    report_fini(report);
}

static int config_test(const struct broker *broker)
{
    const struct report *notes = &broker->reports.notes;
    for (size_t i = 0; i < notes->count; i++) {
        (void)fprintf(stderr, "mogi: note: %s\n", notes->lines[i]);
    }
    (void)fprintf(stderr, "mogi: the configuration is fine\n");
    return 0;
}

/* Ports below 1024 are for root, as the pid file may be; what comes then is
 * done as the user. */
static enum err ports_take(struct broker *broker)
{
    const struct config *config = &broker->config;
    struct config_reports *reports = &broker->reports;
    enum err err =
        ports_open(&broker->ports, config, config_threads(config), reports);
    if (err != OK) return err;
    if (config->pid_file[0] != '\0' &&
        process_write_pid(config->pid_file) != OK) {
        report_add(&reports->errors, "cannot write %s: %s", config->pid_file,
                   strerror(errno));
        return ERR_IO;
    }
    if (privileges_drop(&broker->privileges) != OK) {
        report_add(&reports->errors, "cannot become user %s: %s",
                   broker->privileges.user, strerror(errno));
        return ERR_IO;
    }
    return OK;
}

/* All that can be in the way before anybody is served. */
static bool process_prepare(struct broker *broker)
{
    const struct config *config = &broker->config;
    if (config->daemon && process_daemon(&broker->starter) != OK) {
        (void)fprintf(stderr, "mogi: cannot go to the background: %s\n",
                      strerror(errno));
        return false;
    }
    process_ignore_signals();
    process_umask(config->umask);
    enum err err = ports_take(broker);
    struct log_options options = config_log(config);
    if (log_new(&options, &broker->log) != OK) {
        (void)fprintf(stderr, "mogi: cannot write the log file %s: %s\n",
                      config->log_file, strerror(errno));
        errors_print(&broker->reports);
        return false;
    }
    report_log(broker, LEVEL_WARNING, &broker->reports.notes);
    report_log(broker, LEVEL_ERROR, &broker->reports.errors);
    return err == OK;
}

/* Unix time less the clock of the loops, in ms. */
static uint64_t epoch_ms(const uv_loop_t *loop)
{
    uv_timeval64_t now;
    (void)uv_gettimeofday(&now);
    uint64_t now_ms =
        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000;
    return now_ms - uv_now(loop);
}

static struct bans_options bans_options(const struct config *config)
{
    return (struct bans_options){.attempts = config->auth_ban_attempts,
                                 .window_s = config->auth_ban_window_s,
                                 .ban_s = config->auth_ban_s};
}

/* The store, if there is one, decides who is at home where; else luck does. */
static bool hosts_open(struct broker *broker)
{
    struct hosts *hosts = &broker->hosts;
    hosts->log = broker->log;
    if (uv_random(NULL, NULL, &hosts->key, sizeof hosts->key, 0, NULL) != 0) {
        return false;
    }
    struct bans_options options = bans_options(&broker->config);
    hosts->bans = bans_new(&options);
    if (hosts->bans == NULL) return false;
    return storage_open(hosts, &broker->config) == OK;
}

static bool hosts_init(struct broker *broker)
{
    struct hosts *hosts = &broker->hosts;
    const struct config *config = &broker->config;
    uint16_t count = config_threads(config);
    hosts->count = count;
    hosts->connection_messages = config->connection_messages;
    hosts->pool_bytes_max = config_memory(config, count);
    hosts->epoch_ms = epoch_ms(&broker->loop);
    hosts->ended = &broker->ended;
    door_init(&hosts->door, (uint32_t)broker->files);
    hosts->list = calloc(count, sizeof *hosts->list);
    if (hosts->list == NULL) return false;
    broker->settings = settings_of(config, broker->guards, broker->seals);
    for (uint16_t i = 0; i < hosts->count; i++) {
        struct host *host = &hosts->list[i];
        if (host_init(host, hosts, i, broker->settings) != OK) return false;
    }
    return true;
}

static void hosts_fini(struct broker *broker)
{
    struct hosts *hosts = &broker->hosts;
    for (size_t i = 0; i < hosts->count; i++)
        host_join(&hosts->list[i]);
    storage_close(hosts);
    guards_stop(broker->guards);
    for (size_t i = 0; i < hosts->count; i++)
        host_close(&hosts->list[i]);
    for (size_t i = 0; i < hosts->count; i++)
        host_fini(&hosts->list[i]);
    free(hosts->list);
    door_fini(&hosts->door);
    settings_unref(broker->settings);
    bans_free(hosts->bans);
}

static void on_ended(uv_async_t *async)
{
    struct broker *broker = async->data;
    if (atomic_load(&broker->hosts.running) == 0) uv_stop(&broker->loop);
}

static void loop_init(struct broker *broker)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    int error = uv_loop_init(&broker->loop);
    assert(error == 0);
    error = uv_async_init(&broker->loop, &broker->ended, on_ended);
    assert(error == 0);
    broker->ended.data = broker;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uv_signal_t *handle = &broker->signals[i];
        error = uv_signal_init(&broker->loop, handle);
        assert(error == 0);
        handle->data = broker;
        (void)uv_signal_start(handle, on_signal, numbers[i]);
    }
}

static enum err config_read(struct broker *broker, struct config *config,
                            struct config_reports *reports)
{
    enum err err =
        config_load(config, broker->arguments, broker->argument_count, reports);
    if (err == OK && !ports_check(config, reports)) err = ERR_CONFIG;
    return err;
}

static void hosts_tell(struct broker *broker, enum mail_kind kind)
{
    struct hosts *hosts = &broker->hosts;
    for (size_t i = 0; i < hosts->count; i++) {
        struct mail mail = {.kind = kind};
        if (kind == MAIL_RELOAD) mail.settings = settings_ref(broker->settings);
        mailbox_push_one(&hosts->boxes[i], mail);
    }
}

/* Read the files of TLS again. What is wrong with them goes to `reports`. */
static void seals_renew(struct broker *broker, struct config_reports *reports)
{
    struct seals *old = broker->seals;
    lookout_settle(&broker->lookout);
    broker->seals = seals_new(&broker->config, old, reports);
    seals_unref(old);
}

/* All threads go by what is there now. */
static void settings_renew(struct broker *broker)
{
    settings_unref(broker->settings);
    broker->settings =
        settings_of(&broker->config, broker->guards, broker->seals);
    hosts_tell(broker, MAIL_RELOAD);
}

/* What others can see of the broker goes: its sockets and its pid file. */
static void traces_remove(struct broker *broker)
{
    ports_fini(&broker->ports);
    if (broker->config.pid_file[0] != '\0') {
        process_remove(broker->config.pid_file);
    }
}

/* End without taking anything down in order. */
static _Noreturn void broker_abandon(struct broker *broker)
{
    traces_remove(broker);
    _Exit(1);
}

static void broker_stop(struct broker *broker, int number)
{
    if (broker->stopping) {
        log_write(broker->log, LEVEL_WARNING, NULL, "stopped at once");
        broker_abandon(broker);
    }
    broker->stopping = true;
    log_write(broker->log, LEVEL_NOTICE, NULL,
              "%s: saying good-bye to %u connections (once more: at once)",
              number == SIGINT ? "interrupted" : "terminated",
              atomic_load(&broker->hosts.connections));
    hosts_tell(broker, MAIL_STOP);
}

/* Go by another configuration, and take `guards` over. */
static void broker_take(struct broker *broker, const struct config *config,
                        struct guards *guards)
{
    broker->config = *config;
    guards_unref(broker->guards);
    broker->guards = guards;
    struct bans_options options = bans_options(config);
    bans_set(broker->hosts.bans, &options);
    log_set_levels(broker->log, config->log_levels);
}

/* Take over what a new reading of the configuration changes. One that is wrong
 * changes nothing; certificates are read again in any case. */
static void broker_reload(struct broker *broker)
{
    if (log_reopen(broker->log) != OK) {
        log_write(broker->log, LEVEL_ERROR, NULL, "cannot open %s again: %s",
                  broker->config.log_file, strerror(errno));
    }
    struct config *config = block_grow(NULL, sizeof *config);
    struct config_reports reports = {0};
    struct guards *guards = NULL;
    enum err err = config_read(broker, config, &reports);
    if (err == OK) {
        config_keep(config, &broker->config, &reports.notes);
        err = guards_new(config, &guards, &reports);
    }
    if (err == OK) broker_take(broker, config, guards);
    free(config);
    seals_renew(broker, &reports);
    settings_renew(broker);
    report_log(broker, LEVEL_ERROR, &reports.errors);
    report_log(broker, LEVEL_WARNING, &reports.notes);
    seals_log(broker->seals, &broker->config, broker->log, true);
    log_write(broker->log, LEVEL_NOTICE, NULL,
              err == OK ? "reloaded the configuration"
                        : "the configuration is wrong: the old one stays");
}

static uint64_t on_stamp(void *user)
{
    const struct broker *broker = user;
    return seals_stamp(&broker->config);
}

/* Somebody has written new certificates, keys or lists. */
static void on_files_changed(void *user)
{
    struct broker *broker = user;
    if (broker->stopping) return;
    struct config_reports reports = {0};
    seals_renew(broker, &reports);
    settings_renew(broker);
    log_write(broker->log, LEVEL_NOTICE, NULL,
              reports.errors.count == 0
                  ? "the files of TLS have changed, and are in use"
                  : "the files of TLS have changed, and are wrong:");
    report_log(broker, LEVEL_ERROR, &reports.errors);
    report_log(broker, LEVEL_WARNING, &reports.notes);
    seals_log(broker->seals, &broker->config, broker->log, false);
}

static void on_day(void *user)
{
    const struct broker *broker = user;
    seals_log(broker->seals, &broker->config, broker->log, true);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct broker *broker = handle->data;
    uint64_t now_s = uv_now(&broker->loop) / 1000;
    if (number == SIGUSR1) {
        banlist_show(broker->hosts.bans, broker->log, now_s);
    } else if (number == SIGUSR2) {
        banlist_lift(broker->hosts.bans, broker->log, now_s);
    } else if (number != SIGHUP) {
        broker_stop(broker, number);
    } else if (!broker->stopping) {
        broker_reload(broker);
    }
}

/* Everybody may come now. */
static bool doors_open(struct broker *broker)
{
    enum err err =
        ports_serve(&broker->ports, &broker->hosts, &broker->reports.errors);
    report_log(broker, LEVEL_ERROR, &broker->reports.errors);
    return err == OK;
}

static bool broker_start(struct broker *broker)
{
    struct hosts *hosts = &broker->hosts;
    broker->files = process_raise_files();
    if (!hosts_open(broker)) return false;
    if (!hosts_init(broker)) {
        log_write(broker->log, LEVEL_ERROR, NULL,
                  "the system gives no more threads, files or memory");
        broker_abandon(broker);
    }
    log_write(broker->log, LEVEL_NOTICE, NULL,
              "mogi " MOGI_VERSION " starts with %u thread%s and at most %llu "
              "open files",
              hosts->count, hosts->count == 1 ? "" : "s",
              (unsigned long long)broker->files);
    if (broker->privileges.changes) {
        log_write(broker->log, LEVEL_NOTICE, NULL, "works as user %s",
                  broker->privileges.user);
    }
    if (storage_restore(hosts) != OK) return false;
    if (!doors_open(broker)) return false;
    for (size_t i = 0; i < hosts->count; i++) {
        if (host_start(&hosts->list[i]) == OK) continue;
        log_write(broker->log, LEVEL_ERROR, NULL,
                  "the system gives no more threads");
        broker_abandon(broker);
    }
    welcome_say(broker->log, &broker->ports, broker->settings);
    seals_log(broker->seals, &broker->config, broker->log, false);
    lookout_start(&broker->lookout, &broker->loop);
    if (broker->starter >= 0) process_started(broker->starter);
    return true;
}

/* Serve, until a signal ends it. */
static bool broker_serve(struct broker *broker)
{
    workers_plan(process_cpu_count());
    loop_init(broker);
    bool started = broker_start(broker);
    if (started) (void)uv_run(&broker->loop, UV_RUN_DEFAULT);
    hosts_fini(broker);
    loop_fini(&broker->loop);
    return started;
}

static int broker_run(struct broker *broker)
{
    bool served = process_prepare(broker) && broker_serve(broker);
    traces_remove(broker);
    if (served) log_write(broker->log, LEVEL_NOTICE, NULL, "mogi has ended");
    return served ? 0 : 1;
}

/* What was asked for in place of a broker. */
static int question_answer(const struct config *config)
{
    if (config->help) {
        help_print(stdout);
    } else if (config->version) {
        (void)puts("mogi " MOGI_VERSION);
    } else {
        help_list(stdout);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

/* The files of TLS, while whoever typed the command still listens. */
static enum err seals_open(struct broker *broker)
{
    broker->lookout = (struct lookout){.stamp = on_stamp,
                                       .changed = on_files_changed,
                                       .day = on_day,
                                       .user = broker};
    lookout_settle(&broker->lookout);
    broker->seals = seals_new(&broker->config, NULL, &broker->reports);
    return broker->reports.errors.count == 0 ? OK : ERR_CONFIG;
}

int broker_main(int argc, char **argv)
{
    struct broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL) return 1;
    broker->starter = -1;
    broker->arguments = argv + 1;
    broker->argument_count = argc > 0 ? (size_t)(argc - 1) : 0;
    enum err err = config_read(broker, &broker->config, &broker->reports);
    if (err == OK) {
        err = guards_new(&broker->config, &broker->guards, &broker->reports);
    }
    if (err == OK) err = seals_open(broker);
    int status = 1;
    if (broker->config.help || broker->config.version || broker->config.list) {
        status = question_answer(&broker->config);
    } else if (err != OK ||
               privileges_find(&broker->config, &broker->privileges,
                               &broker->reports) != OK) {
        errors_print(&broker->reports);
    } else if (broker->config.test) {
        status = config_test(broker);
    } else {
        status = broker_run(broker);
    }
    log_free(broker->log);
    guards_unref(broker->guards);
    seals_unref(broker->seals);
    report_fini(&broker->reports.errors);
    report_fini(&broker->reports.notes);
    free(broker);
    return status;
}
