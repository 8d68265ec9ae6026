/* config.c - see config.h. */
#include "broker/config.h"

#include "broker/conffile.h"
#include "broker/environment.h"
#include "broker/process.h"
#include "broker/setting.h"
#include "core/bounds.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_NAME_MAX = 64 };

#define NEEDS_VALUE "%s needs a value; `mogi broker --help` says which"

void config_init(struct config *config)
{
    *config = (struct config){
        .proxy_timeout_s = 10,
        .connect_rate_per_address = 1000,
        .umask = CONFIG_UMASK_OWN,
        .log_stderr = true,
        .log_levels = LOG_UP_TO(LEVEL_INFO),
        .log_facility = 8,
        .log_timestamp = true,
        .connection_messages = true,
        .persistence_location = ".",
        .auth_cache_s = 60,
        .auth_ban_attempts = 30,
        .auth_ban_window_s = 60,
        .auth_ban_s = 60,
        .tls_handshake_timeout_s = 10,
    };
    options_init(&config->options);
    config_listener_init(&config->common);
    config->common.port = 1883;
}

void config_say(struct report *report, const struct config_place *place,
                const char *format, ...)
{
    char text[REPORT_LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (place->line > 0) {
        report_add(report, "%s:%u: %s", place->name, place->line, text);
    } else {
        report_add(report, "%s: %s", place->name, text);
    }
}

/* What a key is about when it is about all listeners. */
static void setting_spread(struct setting *setting)
{
    struct config *config = setting->config;
    size_t before = setting->reports->errors.count;
    setting->listener = &config->common;
    setting_apply(setting);
    /* What is wrong is wrong for all, and said once. */
    if (setting->reports->errors.count > before) return;
    for (size_t i = 0; i < config->listener_count; i++) {
        setting->listener = &config->listeners[i];
        setting_apply(setting);
    }
}

/* Lines below a `listener` line are about that listener; those above the first
 * one, about the listener of `port`. The environment and the command line know
 * no above and below: unless they name a listener, a key is for all of them. */
static void setting_place(struct setting *setting)
{
    struct config *config = setting->config;
    bool entry = setting->key->scope == SCOPE_ENTRY;
    enum config_rank rank = setting->place->rank;
    if (entry) config->entry_set = true;
    if (setting->key->scope == SCOPE_BROKER) {
        setting_apply(setting);
    } else if (entry && !config->per_listener) {
        setting->listener = &config->common;
        setting_apply(setting);
    } else if (config->listener_count > 0 && rank == config->listener_rank) {
        setting->listener = &config->listeners[config->listener_count - 1];
        setting_apply(setting);
    } else if (rank == RANK_FILE) {
        setting->listener = &config->common;
        config->common.touched = true;
        setting_apply(setting);
    } else {
        setting_spread(setting);
    }
}

static void setting_refuse(const struct setting *setting)
{
    struct config *config = setting->config;
    bool bridge = setting->key->scope == SCOPE_BRIDGE;
    bool named = setting->place->line == 0;
    if (bridge && config->bridge_set) return;
    if (strcmp(setting->key->name, "connection") == 0) {
        config->bridge_set = true;
    }
    setting_error(setting, "%s%s%s", named ? "" : setting->key->name,
                  named ? "" : ": ",
                  bridge ? "is part of a bridge, and there is no "
                           "\"connection\" line above it"
                         : setting->key->refused);
}

static void key_unknown(const char *name, const struct config_place *place,
                        struct report *report)
{
    const char *nearest = key_nearest(name);
    config_say(report, place, "unknown option '%s'; %s%s%s", name,
               nearest ? "did you mean '" : "`mogi broker --help` lists all",
               nearest ? nearest : "", nearest ? "'?" : "");
}

void config_set(struct config *config, const char *name, const char *value,
                const struct config_place *place,
                struct config_reports *reports)
{
    const struct key *key = key_find(name);
    struct setting setting = {config, NULL, key, value, place, reports};
    if (key == NULL) {
        key_unknown(name, place, &reports->errors);
    } else if (key->refused != NULL) {
        setting_refuse(&setting);
    } else if (key->kind == KEY_NOTE) {
        setting_note(&setting, "%s is %s", name, key->help);
    } else if (value[0] == '\0' &&
               (key->kind != KEY_TEXT || place->rank == RANK_FILE)) {
        setting_error(&setting, NEEDS_VALUE, name);
    } else {
        setting_place(&setting);
    }
}

/* What may be written shorter than --key value. */
struct shortcut {
    const char *name;
    const char *key; /* NULL: a switch, at `offset` */
    size_t offset;
};

static const struct shortcut shortcuts[] = {
    {"-c", "config_file", 0},
    {"--config", "config_file", 0},
    {"--config-file", "config_file", 0},
    {"-p", "port", 0},
    {"-d", NULL, offsetof(struct config, daemon)},
    {"--daemon", NULL, offsetof(struct config, daemon)},
    {"-v", NULL, offsetof(struct config, verbose)},
    {"--verbose", NULL, offsetof(struct config, verbose)},
    {"--test-config", NULL, offsetof(struct config, test)},
    {"-h", NULL, offsetof(struct config, help)},
    {"--help", NULL, offsetof(struct config, help)},
    {"--version", NULL, offsetof(struct config, version)},
    {"--list-options", NULL, offsetof(struct config, list)},
};

static const struct shortcut *shortcut_find(const char *argument)
{
    for (size_t i = 0; i < sizeof shortcuts / sizeof *shortcuts; i++) {
        if (strcmp(shortcuts[i].name, argument) == 0) return &shortcuts[i];
    }
    return NULL;
}

/* The key of "--some-key=value" in `name`, with '_'. Returns the value's
 * place, or NULL when it is the next argument. */
static const char *argument_cut(const char *argument, char name[KEY_NAME_MAX])
{
    size_t size = strcspn(argument, "=");
    (void)snprintf(name, KEY_NAME_MAX, "%.*s", (int)size, argument);
    for (char *at = name; *at != '\0'; at++) {
        if (*at == '-') *at = '_';
    }
    return argument[size] == '=' ? argument + size + 1 : NULL;
}

/* One argument, and the next if it is its value. Returns how many it took. */
static size_t argument_read(struct config *config, char **arguments,
                            size_t count, struct config_reports *reports)
{
    const char *argument = arguments[0];
    struct config_place place = {RANK_COMMAND, argument, 0, 0};
    char name[KEY_NAME_MAX];
    const char *value = NULL;
    const struct shortcut *shortcut = shortcut_find(argument);
    if (shortcut != NULL && shortcut->key == NULL) {
        *(bool *)((char *)config + shortcut->offset) = true;
        return 1;
    }
    if (shortcut != NULL) {
        (void)snprintf(name, sizeof name, "%s", shortcut->key);
    } else if (strncmp(argument, "--", 2) == 0) {
        value = argument_cut(argument + 2, name);
    } else {
        report_add(&reports->errors,
                   "unknown argument '%s'; --help lists what there is",
                   argument);
        return 1;
    }
    size_t taken = 1;
    if (value == NULL && count > 1) value = arguments[taken++];
    char key[KEY_NAME_MAX + 8];
    (void)snprintf(key, sizeof key, "%.2s%s", argument, name);
    if (shortcut == NULL) place.name = key;
    const struct key *known = key_find(name);
    if (value == NULL && known != NULL && known->kind == KEY_TEXT) {
        config_say(&reports->errors, &place, NEEDS_VALUE, name);
        return taken;
    }
    config_set(config, name, value == NULL ? "" : value, &place, reports);
    return taken;
}

static void arguments_read(struct config *config, char **arguments,
                           size_t count, struct config_reports *reports)
{
    for (size_t i = 0; i < count;) {
        i += argument_read(config, arguments + i, count - i, reports);
    }
}

struct config_listener *config_listener_add(struct config *config)
{
    if (config->listener_count == CONFIG_LISTENERS_MAX) return NULL;
    struct config_listener *listener =
        &config->listeners[config->listener_count++];
    config_listener_init(listener);
    return listener;
}

uint16_t config_threads(const struct config *config)
{
    unsigned count = config->threads;
    if (count == 0) count = process_cpu_count();
    return (uint16_t)(count < SHARDS_MAX ? count : SHARDS_MAX);
}

size_t config_memory(const struct config *config, uint16_t threads)
{
    if (config->memory_limit == 0) return 0;
    uint64_t share = config->memory_limit / threads;
    if (share == 0) return 1;
    return share < SIZE_MAX ? (size_t)share : SIZE_MAX;
}

/* The listener of `port` is there when somebody has set it, or when there is
 * no other. As with Mosquitto it also comes from a listener's key that stands
 * above all `listener` lines, which is seldom meant, so it is said. */
static void common_settle(struct config *config, struct config_reports *reports)
{
    const struct config_listener *common = &config->common;
    bool first = config->listener_count == 0;
    bool touched = common->touched && config->listener_rank <= RANK_FILE;
    if (!first && !config->port_set && !touched) return;
    struct config_listener *listener = config_listener_add(config);
    if (listener == NULL) {
        report_add(&reports->errors, "there are more than %d listeners",
                   CONFIG_LISTENERS_MAX);
        return;
    }
    *listener = *common;
    listener->loopback = !config->port_open && common->host[0] == '\0';
    if (first || config->port_set) return;
    report_add(&reports->notes,
               "what is said of a listener above the first \"listener\" line "
               "is about port %u, which is open to this machine now; if you "
               "mean another listener, write it below its line",
               common->port);
}

void config_settle(struct config *config, struct config_reports *reports)
{
    struct options *options = &config->options;
    common_settle(config, reports);
    for (size_t i = 0; i < config->listener_count; i++) {
        struct config_listener *listener = &config->listeners[i];
        if (!config->per_listener) listener->entry = config->common.entry;
    }
    options->receive_maximum = config->receive_maximum;
    if (options->receive_maximum == 0) {
        options->receive_maximum = options->max_inflight_messages;
    }
    if (options->receive_maximum == 0) options->receive_maximum = UINT16_MAX;
    if (options->max_packet_size > 0 && options->max_packet_size < 20) {
        report_add(&reports->errors,
                   "max_packet_size is at least 20, or 0, not %u",
                   options->max_packet_size);
    }
    if (config->verbose) config->log_levels = LOG_UP_TO(LEVEL_DEBUG);
}

enum err config_load(struct config *config, char **arguments, size_t count,
                     struct config_reports *reports)
{
    /* The file is named by the arguments, but stands below them: they are read
     * twice, and what the first reading finds wrong is found again. */
    struct config_reports ignored = {0};
    config_init(config);
    arguments_read(config, arguments, count, &ignored);
    report_fini(&ignored.errors);
    report_fini(&ignored.notes);
    char file[CONFIG_TEXT_MAX];
    memcpy(file, config->file, sizeof file);
    const char *named = getenv("MOGI_CONFIG_FILE");
    if (file[0] == '\0' && named != NULL) {
        (void)snprintf(file, sizeof file, "%s", named);
    }
    bool asked = config->help || config->version || config->list;

    config_init(config);
    struct config_place place = {RANK_FILE, file, 0, 0};
    if (file[0] != '\0' && !asked) conffile_read(config, &place, reports);
    environment_read(config, environ, reports);
    arguments_read(config, arguments, count, reports);
    config_settle(config, reports);
    return reports->errors.count + reports->errors.lost > 0 ? ERR_CONFIG : OK;
}

static bool listener_is(const struct config_listener *a,
                        const struct config_listener *b)
{
    return a->port == b->port && a->family == b->family &&
           a->loopback == b->loopback && strcmp(a->host, b->host) == 0 &&
           strcmp(a->interface, b->interface) == 0;
}

static bool listeners_are(const struct config *a, const struct config *b)
{
    if (a->listener_count != b->listener_count) return false;
    for (size_t i = 0; i < a->listener_count; i++) {
        if (!listener_is(&a->listeners[i], &b->listeners[i])) return false;
    }
    return true;
}

/* Put the value of `key` in `*from` back into `*to`. Was it another one? */
static bool value_keep(const struct key *key, void *to, const void *from)
{
    void *next = (char *)to + key->offset;
    const void *now = (const char *)from + key->offset;
    if (memcmp(next, now, key->size) == 0) return false;
    memcpy(next, now, key->size);
    return true;
}

static void key_keep(const struct key *key, struct config *next,
                     const struct config *now, struct report *notes)
{
    bool kept = false;
    if (key->scope == SCOPE_BROKER) {
        kept = value_keep(key, next, now);
    } else {
        for (size_t i = 0; i < next->listener_count; i++) {
            kept |= value_keep(key, &next->listeners[i], &now->listeners[i]);
        }
    }
    if (kept) report_add(notes, "%s: the new value takes a restart", key->name);
}

void config_keep(struct config *next, const struct config *now,
                 struct report *notes)
{
    if (!listeners_are(next, now)) {
        report_add(notes, "listeners: a change takes a restart");
        memcpy(next->listeners, now->listeners, sizeof next->listeners);
        next->listener_count = now->listener_count;
    }
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (!key->reloadable && key->size > 0) {
            key_keep(key, next, now, notes);
        }
    }
}

struct log_options config_log(const struct config *config)
{
    struct log_options log = log_defaults();
    log.levels = config->log_levels;
    if (config->log_facility < 8) log.facility = (int)config->log_facility;
    if (config->log_time_format[0] != '\0') {
        log.time_format = config->log_time_format;
    }
    log.json = config->log_format == 1;
    log.no_time = !config->log_timestamp;
    log.to_stderr = config->log_stderr && !config->log_none;
    log.to_stdout = config->log_stdout && !config->log_none;
    log.to_syslog = config->log_syslog && !config->log_none;
    if (config->log_file[0] != '\0' && !config->log_none) {
        log.file = config->log_file;
    }
    return log;
}
