/* log.c - lines are made outside the lock, counted and written inside. */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_MAX = 2000,
    LINE_MAX_BYTES = 6 * MESSAGE_MAX + 256, /* an escape is at most six bytes */
    KINDS_MAX = 64,
    LEVELS = LEVEL_DEBUG + 1,
    TIME_FORMAT_MAX = 64
};

static const char *const level_names[LEVELS] = {"error", "warning", "notice",
                                                "info", "debug"};

/* How many lines of one kind there were in its period. */
struct kind {
    const char *name;
    uint64_t period_ms; /* when it began */
    unsigned written;
    unsigned left_out;
    enum log_level level; /* of the last line left out */
};

struct log {
    struct log_options options;
    char *path;
    char time_format[TIME_FORMAT_MAX]; /* "": ISO 8601 */
    atomic_uint levels;
    pthread_mutex_t lock; /* for all below */
    int file;             /* or -1 */
    struct kind kinds[KINDS_MAX];
    size_t kind_count;
};

/* A line that is being made. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

static uint64_t system_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct log_options log_defaults(void)
{
    return (struct log_options){
        .levels = LOG_UP_TO(LEVEL_NOTICE),
        .facility = -1,
        .to_stderr = true,
        .burst = 20,
        .period_s = 10,
    };
}

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void syslog_open(int facility)
{
    static const int locals[] = {LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2,
                                 LOG_LOCAL3, LOG_LOCAL4, LOG_LOCAL5,
                                 LOG_LOCAL6, LOG_LOCAL7};
    assert(facility >= -1 && facility < 8);
    openlog("mogi", LOG_PID, facility < 0 ? LOG_DAEMON : locals[facility]);
}

enum err log_new(const struct log_options *options, struct log **out)
{
    assert(options->burst == 0 || options->period_s > 0);
    *out = NULL;
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL) return ERR_NO_MEMORY;
    log->options = *options;
    log->file = -1;
    atomic_init(&log->levels, options->levels);
    if (options->time_format != NULL) {
        size_t size = strlen(options->time_format);
        assert(size < TIME_FORMAT_MAX);
        memcpy(log->time_format, options->time_format, size);
    }
    log->options.time_format = log->time_format;
    if (log->options.now_ms == NULL) log->options.now_ms = system_now_ms;
    if (options->file != NULL) {
        log->path = strdup(options->file);
        log->file = log->path == NULL ? -1 : open_file(log->path);
        if (log->file < 0) {
            enum err e = log->path == NULL ? ERR_NO_MEMORY : ERR_IO;
            free(log->path);
            free(log);
            return e;
        }
    }
    log->options.file = log->path;
    pthread_mutex_init(&log->lock, NULL);
    if (options->to_syslog) syslog_open(options->facility);
    *out = log;
    return OK;
}

bool log_wants(const struct log *log, enum log_level level)
{
    unsigned levels = atomic_load_explicit(&log->levels, memory_order_relaxed);
    return (levels & LOG_ONLY(level)) != 0;
}

void log_set_levels(struct log *log, unsigned levels)
{
    atomic_store_explicit(&log->levels, levels, memory_order_relaxed);
}

enum err log_reopen(struct log *log)
{
    if (log->path == NULL) return OK;
    int file = open_file(log->path);
    if (file < 0) return ERR_IO;
    pthread_mutex_lock(&log->lock);
    int old = log->file;
    log->file = file;
    pthread_mutex_unlock(&log->lock);
    close(old);
    return OK;
}

/* The size of the UTF-8 character at the start of `text` (which ends with a
 * NUL), 1..4, or 0 when it is ill-formed. Unicode 15, table 3-7. */
static size_t character_size(const unsigned char *text)
{
    unsigned first = text[0];
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    unsigned low = 0x80, high = 0xbf;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return size;
}

/* C0, DEL, and C1, which some terminals obey too. */
static bool is_control(const unsigned char *character)
{
    return character[0] < 0x20 || character[0] == 0x7f ||
           (character[0] == 0xc2 && character[1] < 0xa0);
}

__attribute__((format(printf, 2, 3))) static void line_print(struct line *line,
                                                             const char *format,
                                                             ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line->text + line->size,
                         sizeof line->text - line->size, format, arguments);
    va_end(arguments);
    assert(size >= 0 && (size_t)size < sizeof line->text - line->size);
    line->size += (size_t)size;
}

/* Put in `text` so that it stays one line. In JSON a byte that is no text
 * becomes \u00NN, and what JSON itself uses is quoted. */
static void line_escape(struct line *line, const char *text, bool json)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0) {
        size_t size = character_size(at);
        if (size == 0 || is_control(at)) {
            line_print(line, json ? "\\u%04x" : "\\x%02x", *at);
            if (size == 2)
                line_print(line, json ? "\\u%04x" : "\\x%02x", at[1]);
            at += size == 2 ? 2 : 1;
            continue;
        }
        if (json && (*at == '"' || *at == '\\')) line_print(line, "\\");
        line_print(line, "%.*s", (int)size, (const char *)at);
        at += size;
    }
}

static void line_time(struct line *line, uint64_t now_ms)
{
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm utc;
    gmtime_r(&now_s, &utc);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    line_print(line, "%s.%03uZ", text, (unsigned)(now_ms % 1000));
}

/* As the operator wants it; what gives no text at all is left as it is. */
static void line_own_time(struct line *line, const char *format,
                          uint64_t now_ms)
{
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm local;
    char text[4 * TIME_FORMAT_MAX];
    localtime_r(&now_s, &local);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size_t size = strftime(text, sizeof text, format, &local);
#pragma GCC diagnostic pop
    if (size > 0) line_print(line, "%.*s", (int)size, text);
}

static void line_make(struct line *line, const struct log *log,
                      enum log_level level, const char *kind,
                      const char *message, uint64_t now_ms)
{
    line->size = 0;
    if (log->options.json) {
        line_print(line, "{\"time\":\"");
        line_time(line, now_ms);
        line_print(line, "\",\"level\":\"%s\"", level_names[level]);
        if (kind != NULL) line_print(line, ",\"kind\":\"%.64s\"", kind);
        line_print(line, ",\"message\":\"");
        line_escape(line, message, true);
        line_print(line, "\"}\n");
        return;
    }
    if (!log->options.no_time) {
        if (log->time_format[0] == '\0') {
            line_time(line, now_ms);
        } else {
            line_own_time(line, log->time_format, now_ms);
        }
        line_print(line, log->time_format[0] == '\0' ? " " : ": ");
    }
    line_print(line, "%s: ", level_names[level]);
    line_escape(line, message, false);
    line_print(line, "\n");
}

/* One write for a line, so that lines of several processes do not mix. */
static void write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, text, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text += written;
        size -= (size_t)written;
    }
}

/* Called with the lock. */
static void line_write(struct log *log, enum log_level level, const char *kind,
                       const char *message, uint64_t now_ms)
{
    static const int priorities[LEVELS] = {LOG_ERR, LOG_WARNING, LOG_NOTICE,
                                           LOG_INFO, LOG_DEBUG};
    struct line line;
    line_make(&line, log, level, kind, message, now_ms);
    if (log->options.to_stderr) write_all(2, line.text, line.size);
    if (log->options.to_stdout) write_all(1, line.text, line.size);
    if (log->file >= 0) write_all(log->file, line.text, line.size);
    if (log->options.to_syslog) {
        line.size = 0;
        line_escape(&line, message, false);
        line.text[line.size] = 0;
        syslog(priorities[level], "%s", line.text);
    }
}

/* Start a new period for `kind`, and say what the old one left out. */
static void period_end(struct log *log, struct kind *kind, uint64_t now_ms)
{
    if (kind->left_out > 0) {
        char message[160];
        snprintf(message, sizeof message,
                 "%u more lines of kind %.64s were left out", kind->left_out,
                 kind->name);
        line_write(log, kind->level, kind->name, message, now_ms);
    }
    kind->period_ms = now_ms;
    kind->written = 0;
    kind->left_out = 0;
}

static bool period_over(const struct log *log, const struct kind *kind,
                        uint64_t now_ms)
{
    /* A clock set back ends the period too. */
    return now_ms < kind->period_ms ||
           now_ms - kind->period_ms >= (uint64_t)log->options.period_s * 1000;
}

/* Say what the periods left out that are over. */
static void periods_end(struct log *log, uint64_t now_ms)
{
    for (size_t i = 0; i < log->kind_count; i++) {
        struct kind *kind = &log->kinds[i];
        if (period_over(log, kind, now_ms)) period_end(log, kind, now_ms);
    }
}

/* The count of `name`, or NULL when there are too many kinds to count. */
static struct kind *kind_find(struct log *log, const char *name,
                              uint64_t now_ms)
{
    for (size_t i = 0; i < log->kind_count; i++) {
        if (strcmp(log->kinds[i].name, name) == 0) return &log->kinds[i];
    }
    if (log->kind_count == KINDS_MAX) return NULL;
    struct kind *kind = &log->kinds[log->kind_count++];
    *kind = (struct kind){.name = name, .period_ms = now_ms};
    return kind;
}

/* May a line of this kind be written now? Counts it. */
static bool kind_allows(struct log *log, enum log_level level, const char *name,
                        uint64_t now_ms)
{
    if (name == NULL || log->options.burst == 0) return true;
    struct kind *kind = kind_find(log, name, now_ms);
    if (kind == NULL) return true;
    if (kind->written < log->options.burst) {
        kind->written++;
        return true;
    }
    kind->left_out++;
    kind->level = level;
    return false;
}

void log_write(struct log *log, enum log_level level, const char *kind,
               const char *format, ...)
{
    assert((int)level < LEVELS);
    if (!log_wants(log, level)) return;
    char message[MESSAGE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (size < 0) return;
    if (size > MESSAGE_MAX) memcpy(message + MESSAGE_MAX - 3, "...", 3);
    pthread_mutex_lock(&log->lock);
    uint64_t now_ms = log->options.now_ms();
    periods_end(log, now_ms);
    if (kind_allows(log, level, kind, now_ms)) {
        line_write(log, level, kind, message, now_ms);
    }
    pthread_mutex_unlock(&log->lock);
}

void log_free(struct log *log)
{
    if (log == NULL) return;
    uint64_t now_ms = log->options.now_ms();
    for (size_t i = 0; i < log->kind_count; i++) {
        period_end(log, &log->kinds[i], now_ms);
    }
    if (log->options.to_syslog) closelog();
    if (log->file >= 0) close(log->file);
    pthread_mutex_destroy(&log->lock);
    free(log->path);
    free(log);
}
