/* config.c - see config.h. */
#include "broker/config.h"

#include "broker/keys.h"
#include "broker/value.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_NAME_MAX = 64, FOLDER_FILES_MAX = 1000 };

void config_init(struct config *config)
{
    *config = (struct config){
        .port = 1883,
        .log_stderr = true,
        .log_level = LEVEL_INFO,
        .log_timestamp = true,
        .connection_messages = true,
        .persistence_location = ".",
    };
    options_init(&config->options);
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

/* Store `value` in the number of `key->size` bytes that it is about. */
static void number_store(struct config *config, const struct key *key,
                         uint64_t value)
{
    void *to = (char *)config + key->offset;
    switch (key->size) {
    case 1: *(uint8_t *)to = (uint8_t)value; break;
    case 2: *(uint16_t *)to = (uint16_t)value; break;
    case 4: *(uint32_t *)to = (uint32_t)value; break;
    default:
        assert(key->size == 8);
        *(uint64_t *)to = value;
        break;
    }
}

static void number_set(struct config *config, const struct key *key,
                       const char *value, const struct config_place *place,
                       struct config_reports *reports)
{
    uint64_t number = 0;
    bool none = key->kind == KEY_LIMIT && strcmp(value, "-1") == 0;
    const char *want = none ? NULL : value_number(value, &number);
    if (want != NULL) {
        config_say(&reports->errors, place, "%s is %s, not '%s'", key->name,
                   want, value);
    } else if (number < key->min || number > key->max) {
        config_say(&reports->errors, place, "%s is %llu to %llu, not %s",
                   key->name, (unsigned long long)key->min,
                   (unsigned long long)key->max, value);
    } else {
        number_store(config, key, number);
    }
}

static void text_set(struct config *config, const struct key *key,
                     const char *value, const struct config_place *place,
                     struct config_reports *reports)
{
    assert(key->max < key->size);
    size_t size = strlen(value);
    if (size > key->max) {
        config_say(&reports->errors, place,
                   "%s is at most %llu bytes long, not %zu", key->name,
                   (unsigned long long)key->max, size);
        return;
    }
    memcpy((char *)config + key->offset, value, size + 1);
}

static void simple_set(struct config *config, const struct key *key,
                       const char *value, const struct config_place *place,
                       struct config_reports *reports)
{
    void *to = (char *)config + key->offset;
    uint64_t index = 0;
    const char *want = NULL;
    if (key->kind == KEY_BOOL) {
        want = value_bool(value, to);
    } else if (key->kind == KEY_DURATION) {
        want = value_duration(value, to);
    } else {
        assert(key->kind == KEY_WORD);
        want = value_word(value, key->words, &index);
        if (want == NULL) number_store(config, key, index);
    }
    if (want == NULL) return;
    config_say(&reports->errors, place, "%s is %s%s, not '%s'", key->name,
               key->kind == KEY_WORD ? "one of: " : "", want, value);
}

static void key_set(struct config *config, const struct key *key,
                    const char *value, const struct config_place *place,
                    struct config_reports *reports)
{
    switch (key->kind) {
    case KEY_NUMBER:
    case KEY_LIMIT: number_set(config, key, value, place, reports); break;
    case KEY_BOOL:
    case KEY_DURATION:
    case KEY_WORD: simple_set(config, key, value, place, reports); break;
    case KEY_TEXT: text_set(config, key, value, place, reports); break;
    case KEY_CALL: key->call(config, value, place, reports); break;
    case KEY_NOTE:
    case KEY_REFUSED: assert(false);
    }
}

void config_set(struct config *config, const char *name, const char *value,
                const struct config_place *place,
                struct config_reports *reports)
{
    const struct key *key = key_find(name);
    if (key == NULL) {
        const char *nearest = key_nearest(name);
        config_say(&reports->errors, place, "unknown option '%s'%s%s%s", name,
                   nearest ? "; did you mean '" : "", nearest ? nearest : "",
                   nearest ? "'?" : "");
    } else if (key->kind == KEY_REFUSED) {
        bool named = place->line == 0;
        config_say(&reports->errors, place, "%s%s%s", named ? "" : name,
                   named ? "" : ": ", key->help);
    } else if (key->kind == KEY_NOTE) {
        config_say(&reports->notes, place, "%s is %s", name, key->help);
    } else if (value[0] == '\0' &&
               (key->kind != KEY_TEXT || place->rank == RANK_FILE)) {
        config_say(&reports->errors, place, "%s needs a value", name);
    } else {
        key_set(config, key, value, place, reports);
    }
}

/* Cut `line` into a key and a value: both point into it. */
static bool line_cut(char *line, char **key, char **value)
{
    size_t size = strlen(line);
    while (size > 0 && isspace((unsigned char)line[size - 1])) {
        line[--size] = '\0';
    }
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#') return false;
    *key = line;
    line += strcspn(line, " \t");
    if (*line != '\0') *line++ = '\0';
    *value = line + strspn(line, " \t");
    return true;
}

void config_file(struct config *config, const struct config_place *place,
                 struct config_reports *reports)
{
    FILE *file = fopen(place->name, "re");
    if (file == NULL) {
        report_add(&reports->errors, "cannot read %s: %s", place->name,
                   strerror(errno));
        return;
    }
    char line[CONFIG_LINE_BYTES_MAX];
    struct config_place at = *place;
    at.line = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        at.line++;
        char *key, *value;
        if (strchr(line, '\n') == NULL && !feof(file)) {
            config_say(&reports->errors, &at, "the line is too long");
            break;
        }
        if (line_cut(line, &key, &value)) {
            config_set(config, key, value, &at, reports);
        }
    }
    if (ferror(file)) {
        report_add(&reports->errors, "cannot read %s: %s", place->name,
                   strerror(errno));
    }
    (void)fclose(file);
}

static int is_conf(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 5 &&
           strcmp(entry->d_name + size - 5, ".conf") == 0;
}

void config_folder(struct config *config, const char *folder,
                   const struct config_place *place,
                   struct config_reports *reports)
{
    if (place->depth >= CONFIG_INCLUDE_DEPTH_MAX) {
        config_say(&reports->errors, place, "folders include one another");
        return;
    }
    struct dirent **list;
    int count = scandir(folder, &list, is_conf, alphasort);
    if (count < 0) {
        config_say(&reports->errors, place,
                   "include_dir: cannot read folder %s: %s", folder,
                   strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char path[1024];
        int size =
            snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        struct config_place inner = {place->rank, path, 0, place->depth + 1};
        if (size < (int)sizeof path && i < FOLDER_FILES_MAX) {
            config_file(config, &inner, reports);
        } else {
            config_say(&reports->errors, place, "cannot read %s", path);
        }
        free(list[i]);
    }
    free(list);
}

static void environment_read(struct config *config,
                             struct config_reports *reports)
{
    for (const struct key *key = keys; key->name != NULL; key++) {
        char name[KEY_NAME_MAX + 8];
        int size = snprintf(name, sizeof name, "MOGI_%s", key->name);
        for (int i = 0; i < size; i++) {
            name[i] = (char)toupper((unsigned char)name[i]);
        }
        const char *value = getenv(name);
        struct config_place place = {RANK_ENVIRONMENT, name, 0, 0};
        if (value != NULL) {
            config_set(config, key->name, value, &place, reports);
        }
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
        config_say(&reports->errors, &place, "%s needs a value", name);
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

/* What several keys say together. */
static void config_finish(struct config *config, struct config_reports *reports)
{
    struct options *options = &config->options;
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
    if (config->verbose) config->log_level = LEVEL_DEBUG;
}

enum err config_load(struct config *config, char **arguments, size_t count,
                     struct config_reports *reports)
{
    /* The file is named by the arguments, but stands below them: they are read
     * twice, and what the first reading finds wrong is found again. */
    struct config first;
    struct config_reports ignored = {0};
    config_init(&first);
    arguments_read(&first, arguments, count, &ignored);
    report_fini(&ignored.errors);
    report_fini(&ignored.notes);

    config_init(config);
    const char *named = getenv("MOGI_CONFIG_FILE");
    const char *file = first.file;
    if (file[0] == '\0' && named != NULL) file = named;
    struct config_place place = {RANK_FILE, file, 0, 0};
    if (file[0] != '\0' && !first.help) config_file(config, &place, reports);
    environment_read(config, reports);
    arguments_read(config, arguments, count, reports);
    config_finish(config, reports);
    return reports->errors.count + reports->errors.lost > 0 ? ERR_CONFIG : OK;
}

static bool listener_is(const struct config_listener *a,
                        const struct config_listener *b)
{
    return a->port == b->port && a->family == b->family &&
           strcmp(a->host, b->host) == 0 &&
           strcmp(a->interface, b->interface) == 0;
}

static bool listeners_are(const struct config *a, const struct config *b)
{
    if (a->listener_count != b->listener_count) return false;
    for (size_t i = 0; i < a->listener_count; i++) {
        if (!listener_is(&a->listeners[i], &b->listeners[i])) return false;
    }
    return a->port == b->port;
}

void config_keep(struct config *next, const struct config *now,
                 struct report *notes)
{
    for (const struct key *key = keys; key->name != NULL; key++) {
        if (key->reloadable || key->size == 0) continue;
        char *to = (char *)next + key->offset;
        const char *from = (const char *)now + key->offset;
        if (memcmp(to, from, key->size) == 0) continue;
        memcpy(to, from, key->size);
        report_add(notes, "%s: the new value takes a restart", key->name);
    }
    if (listeners_are(next, now)) return;
    report_add(notes, "listeners: a change takes a restart");
}

struct log_options config_log(const struct config *config)
{
    struct log_options log = log_defaults();
    log.level = config->log_level;
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
