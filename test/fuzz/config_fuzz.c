/* config_fuzz.c - a configuration file, and a command line, of any bytes.
 *
 *     input   [ how ][ text ]      how: even a file, odd arguments by line
 *
 * Whatever it says, reading ends, what is kept is within its bounds, an error
 * is reported where there is one, and reading it again gives the same.
 */
#include "broker/config.h"
#include "broker/keys.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

enum { TEXT_SIZE_MAX = 1 << 14, ARGUMENTS_MAX = 32 };

static void check_text(const char *text, size_t size)
{
    PROMISE(memchr(text, 0, size) != NULL);
}

static void check_report(const struct report *report)
{
    PROMISE(report->count <= REPORT_LINES_MAX);
    PROMISE(report->lost == 0 || report->count == REPORT_LINES_MAX);
    for (size_t i = 0; i < report->count; i++)
        PROMISE(strlen(report->lines[i]) <= REPORT_LINE_BYTES_MAX);
}

static void check_value(const struct key *key, const void *base)
{
    const char *at = (const char *)base + key->offset;
    if (key->kind == KEY_TEXT) check_text(at, key->size);
    if (key->kind != KEY_TEXTS) return;
    const struct config_texts *texts = (const void *)at;
    PROMISE(texts->count <= CONFIG_TEXTS_MAX);
    for (size_t i = 0; i < CONFIG_TEXTS_MAX; i++)
        check_text(texts->list[i], CONFIG_TEXT_MAX);
}

static void check_listener(const struct config_listener *listener)
{
    check_text(listener->host, CONFIG_TEXT_MAX);
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (key->scope != SCOPE_BROKER) check_value(key, listener);
    }
}

/* What holds whether it was refused or not. */
static void check_bounds(const struct config *config)
{
    PROMISE(config->listener_count <= CONFIG_LISTENERS_MAX);
    check_listener(&config->common);
    for (size_t i = 0; i < config->listener_count; i++)
        check_listener(&config->listeners[i]);
    check_text(config->log_file, sizeof config->log_file);
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (key->scope == SCOPE_BROKER) check_value(key, config);
    }
    const struct options *o = &config->options;
    PROMISE(o->listener.max_qos <= 2);
    PROMISE(o->connect_timeout_s > 0);
    PROMISE(o->receive_maximum > 0);
    PROMISE(o->queue_overflow <= OVERFLOW_OLDEST);
}

static void check_equal(const struct key *key, const void *a, const void *b)
{
    const char *x = (const char *)a + key->offset;
    const char *y = (const char *)b + key->offset;
    PROMISE(memcmp(x, y, key->size) == 0);
}

/* The values of all keys are the same in both. */
static void check_same(const struct config *a, const struct config *b)
{
    PROMISE(a->listener_count == b->listener_count);
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (key->scope == SCOPE_BROKER) check_equal(key, a, b);
        if (key->scope == SCOPE_BROKER) continue;
        for (size_t j = 0; j < a->listener_count; j++)
            check_equal(key, &a->listeners[j], &b->listeners[j]);
    }
}

static enum err load(struct config *config, char **arguments, size_t count)
{
    struct config_reports reports = {0};
    enum err e = config_load(config, arguments, count, &reports);
    check_report(&reports.errors);
    check_report(&reports.notes);
    PROMISE((e == OK) == (reports.errors.count == 0));
    PROMISE(e == OK || e == ERR_CONFIG);
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    return e;
}

static void check(char **arguments, size_t count)
{
    static struct config first, second;
    enum err e = load(&first, arguments, count);
    check_bounds(&first);
    (void)config_log(&first);
    PROMISE(load(&second, arguments, count) == e);
    check_same(&first, &second);
    struct report notes = {0};
    config_keep(&second, &first, &notes);
    PROMISE(notes.count == 0);
    check_same(&first, &second);
    report_fini(&notes);
}

static void check_file(struct bytes text)
{
    char path[64], option[] = "-c";
    int fd = memfd_create("mogi.conf", 0);
    PROMISE(fd >= 0);
    PROMISE(write(fd, text.data, text.size) == (ssize_t)text.size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    char *arguments[] = {option, path};
    check(arguments, 2);
    close(fd);
}

static void check_arguments(struct bytes text)
{
    char *arguments[ARGUMENTS_MAX];
    size_t count = 0;
    char *copy = malloc(text.size + 1);
    PROMISE(copy != NULL);
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    char *rest = copy;
    while (rest != NULL && count < ARGUMENTS_MAX)
        arguments[count++] = strsep(&rest, "\n");
    check(arguments, count);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > TEXT_SIZE_MAX) return 0;
    struct bytes text = bytes_at(data + 1, size - 1);
    /* What other files hold is no part of the input. */
    if (memmem(text.data, text.size, "include", 7) != NULL) return 0;
    if (data[0] % 2 == 0) {
        check_file(text);
    } else {
        check_arguments(text);
    }
    return 0;
}
